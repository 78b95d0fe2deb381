"""Draws what a run consists of: its components from above to below, and how each ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gallery.drawing.svg import Drawing, shorten

_WIDTH, _BOX_HEIGHT, _GAP = 420, 44, 22
_MOST_BOX = 190
_MARKS = {"done": "✓", "cached": "↺", "failed": "✕", "": "–"}
_STROKES = {"done": "good", "cached": "quiet", "failed": "bad", "": "grid"}
_DASHES = {"cached": "5 3", "": "2 3"}


@dataclass(frozen=True, kw_only=True)
class Node:
    """One component.

    Attributes:
        name: Its name.
        state: `done`, `cached` or `failed`; empty where it was not reached.
        text: What stands below the name, such as how long it took.
        after: Names of the components from which it takes something.
    """

    name: str
    state: str
    text: str
    after: tuple[str, ...] = ()


def draw_dag(title: str, nodes: Sequence[Node]) -> str:
    """Draws components in layers, each below all from which it takes something.

    An edge that others already imply is left out.

    Args:
        title: What is to be seen.
        nodes: At least one; those that are `after` another and not among them are passed over.

    Returns:
        SVG.
    """
    by_name = {node.name: node for node in nodes}
    layers = _sort(by_name)
    rows = max(layers.values()) + 1
    height = rows * (_BOX_HEIGHT + _GAP) - _GAP + 8
    said = "; ".join(f"{node.name}: {node.state or 'not reached'} {node.text}" for node in nodes)
    drawing = Drawing(_WIDTH, height, title, said)
    boxes: dict[str, tuple[float, float, float]] = {}
    for row in range(rows):
        names = [node.name for node in nodes if layers[node.name] == row]
        room = (_WIDTH - 8) / len(names)
        width = min(_MOST_BOX, room - 12)
        for place, name in enumerate(names):
            x = 4 + room * place + (room - width) / 2
            boxes[name] = (x, 4 + row * (_BOX_HEIGHT + _GAP), width)
    for node in nodes:
        for name in _needed_edges(node.name, by_name):
            _draw_edge(drawing, boxes[name], boxes[node.name])
    for node in nodes:
        _draw_box(drawing, node, *boxes[node.name])
    return drawing.render()


def _draw_edge(
    drawing: Drawing, above: tuple[float, float, float], below: tuple[float, float, float]
) -> None:
    start = (above[0] + above[2] / 2, above[1] + _BOX_HEIGHT)
    x, y = below[0] + below[2] / 2, below[1]
    middle = y - _GAP / 2
    drawing.polyline([start, (start[0], middle), (x, middle), (x, y - 5)], "quiet", 1.3)
    drawing.polygon([(x - 4, y - 7), (x + 4, y - 7), (x, y)], fill="quiet")


def _draw_box(drawing: Drawing, node: Node, x: float, y: float, width: float) -> None:
    stroke, dash = _STROKES.get(node.state, "quiet"), _DASHES.get(node.state, "")
    drawing.rectangle((x, y), (width, _BOX_HEIGHT), "paper", stroke, radius=6, dash=dash)
    mark = _MARKS.get(node.state, "")
    fill = "quiet" if stroke == "grid" else stroke
    drawing.text((x + 10, y + 27), mark, fill=fill, font_px=15, is_bold=True)
    drawing.text((x + 30, y + 18), shorten(node.name, width - 36), is_bold=bool(node.state))
    said = f"{node.state or 'not reached'} {node.text}".strip()
    drawing.text((x + 30, y + 35), shorten(said, width - 36, 11), fill="quiet", font_px=11)


def _sort(by_name: Mapping[str, Node]) -> dict[str, int]:
    """Gives each node its layer: the longest way to it."""
    layers: dict[str, int] = {}

    def layer(name: str, above: tuple[str, ...] = ()) -> int:
        if name not in layers:
            before = [each for each in by_name[name].after if each in by_name]
            if name in above:
                raise ValueError(f"{' → '.join((*above, name))} goes in a circle")
            layers[name] = 1 + max((layer(each, (*above, name)) for each in before), default=-1)
        return layers[name]

    for name in by_name:
        layer(name)
    return layers


def _needed_edges(name: str, by_name: Mapping[str, Node]) -> list[str]:
    """Gives those that a node is after, but for those that another of them is after too."""
    before = [each for each in dict.fromkeys(by_name[name].after) if each in by_name]
    implied = {far for near in before for far in _all_before(near, by_name)}
    return [each for each in before if each not in implied]


def _all_before(name: str, by_name: Mapping[str, Node]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for each in by_name[waiting.pop()].after:
            if each in by_name and each not in found:
                found.add(each)
                waiting.append(each)
    return found
