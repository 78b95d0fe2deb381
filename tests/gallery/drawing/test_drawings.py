"""What is drawn: well-formed, the same each time, escaped, and told to those who do not see it."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest

from gallery.drawing.axes import find_ticks, write_number
from gallery.drawing.bars import Bar, draw_bars, draw_histogram
from gallery.drawing.dag import Node, draw_dag
from gallery.drawing.forecast import draw_forecast
from gallery.drawing.lines import Line, draw_calibration, draw_lines
from gallery.drawing.piano_roll import draw_piano_roll
from gallery.drawing.svg import COLOURS, Drawing, shorten
from gallery.drawing.waveform import draw_waveform
from modules.common.midi.note_state import NOTES, PITCHES

NASTY = "<b>&\"'</b>"
SVG = "{http://www.w3.org/2000/svg}"


def some_notes() -> np.ndarray:
    state = np.zeros((16, NOTES), bool)
    state[4:8, 36] = True
    state[4, PITCHES + 36] = True
    return state


DRAWINGS: dict[str, Callable[[str], str]] = {
    "lines": lambda title: draw_lines(title, [Line(name=title, xs=[1, 2], ys=[3, 4])], "epoch"),
    "calibration": lambda title: draw_calibration(title, [0.2, 0.8], [0.3, 0.7]),
    "bars": lambda title: draw_bars(title, [Bar(name=title, value=2)], mark=1, mark_name=title),
    "histogram": lambda title: draw_histogram(title, [0, 1, 2], [5, 1]),
    "forecast": lambda title: draw_forecast(title, [1, 2], [3], [2], [4], dates=[title] * 3),
    "piano roll": lambda title: draw_piano_roll(title, some_notes(), 4),
    "waveform": lambda title: draw_waveform(title, np.sin(np.arange(800)), 8000),
    "dag": lambda title: draw_dag(title, [Node(name=title, state="done", text="1 s")]),
}


def texts(svg: str) -> list[str]:
    return [str(each.text) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_well_formed_titled_and_the_same_each_time(name: str) -> None:
    svg = DRAWINGS[name](NASTY)
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == NASTY
    assert root[0].tag == f"{SVG}title" and root[0].text == NASTY
    assert root[1].tag == f"{SVG}desc" and root[1].text
    assert svg == DRAWINGS[name](NASTY)
    assert len(svg) < 20_000


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_shape_is_within_the_picture(name: str) -> None:
    root = ElementTree.fromstring(DRAWINGS[name]("title"))
    _, _, width, height = map(float, str(root.get("viewBox")).split())
    for shape in root.iter():
        for key, most in (("x", width), ("x1", width), ("x2", width), ("y", height)):
            assert -1 <= float(shape.get(key, 0)) <= most + 1, ElementTree.tostring(shape)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", sorted(set(COLOURS) - {"grid", "paper"}))
def test_colours_are_readable_on_paper(name: str) -> None:
    contrast = (luminance(COLOURS["paper"]) + 0.05) / (luminance(COLOURS[name]) + 0.05)
    assert contrast >= 4.5


def test_ticks_are_round_and_span_the_range() -> None:
    assert find_ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert find_ticks(97, 203) == [75, 100, 125, 150, 175, 200, 225]
    low, high = find_ticks(3, 3)[0], find_ticks(3, 3)[-1]
    assert low < 3 < high


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (12345, "12,345"), (0.12345, "0.1235"), (1e-6, "1e-06"), (float("nan"), "none")],
)
def test_numbers_are_short(value: float, words: str) -> None:
    assert write_number(value) == words


def test_a_gap_in_a_line_is_left_out() -> None:
    svg = draw_lines("loss", [Line(name="a", xs=[1, 2, 3, 4], ys=[1, float("nan"), 2, 3])], "x")
    assert "nan" not in svg
    assert len(re.findall("<polyline", svg)) == 1


def test_what_is_no_number_has_no_bar() -> None:
    svg = draw_bars("m", [Bar(name="a", value=float("nan")), Bar(name="b", value=3)])
    assert texts(svg) == ["a", "none", "b", "3"]
    assert svg.count("<rect") == 1


def test_a_bar_is_as_long_as_its_value() -> None:
    svg = draw_bars("m", [Bar(name="a", value=1), Bar(name="b", value=4)])
    one, four = (
        float(str(each.get("width"))) for each in ElementTree.fromstring(svg).iter(f"{SVG}rect")
    )
    assert four == pytest.approx(4 * one, rel=0.02)


def test_a_roll_has_a_box_for_each_note_and_its_octaves() -> None:
    svg = draw_piano_roll("music", some_notes())
    # Pitch 36 of the matrix is MIDI's 60, C4.
    assert "C4" in texts(svg)
    assert "1 note in 4 beats" in svg
    long, head = re.findall(r'<path d="([^"]*)"', svg)
    assert long.count("M") == head.count("M") == 1


def test_an_empty_roll_and_no_sound_are_drawn_too() -> None:
    assert "<svg" in draw_piano_roll("nothing", np.zeros((0, NOTES)))
    assert "0.0 s of sound" in draw_waveform("nothing", np.zeros(0), 16_000)


def test_a_waveform_of_channels_is_their_mean() -> None:
    left = np.sin(np.arange(1000) / 5)
    assert draw_waveform("a", np.stack([left, left], 1), 8000) == draw_waveform("a", left, 8000)


def test_a_dag_leaves_out_what_other_edges_imply() -> None:
    nodes = [
        Node(name="A", state="cached", text=""),
        Node(name="B", state="done", text="2 s", after=("A",)),
        Node(name="C", state="failed", text="", after=("A", "B", "elsewhere")),
        Node(name="D", state="", text="", after=("C",)),
    ]
    svg = draw_dag("run", nodes)
    assert svg.count("<polyline") == 3
    assert {"↺", "✓", "✕", "–", "not reached"} <= set(texts(svg))


def test_a_dag_that_goes_in_a_circle_is_refused() -> None:
    nodes = [
        Node(name="A", state="", text="", after=("B",)),
        Node(name="B", state="", text="", after=("A",)),
    ]
    with pytest.raises(ValueError, match="goes in a circle"):
        draw_dag("run", nodes)


def test_wide_characters_need_twice_the_room() -> None:
    assert shorten("王婷婷", 30) == "王…"
    assert shorten("wang", 30) == "wang"


def test_a_text_that_lies_over_shapes_has_a_rim() -> None:
    drawing = Drawing(10, 10, "t")
    drawing.text((0, 0), "a", is_over=True)
    assert "paint-order:stroke" in drawing.render()
