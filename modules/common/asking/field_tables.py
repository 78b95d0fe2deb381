"""What a model is asked and answers as tables and as data, made of its served fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from modules.common.declaring.fields import Field, Serving


def describe_field(field: Field) -> dict[str, Any]:
    """Gives all that a field says, for JSON: what it does not say is left out.

    Args:
        field: An input or an output.
    """
    usual = {each.name: each.default for each in dataclasses.fields(Field)}
    said = {
        name: value for name, value in dataclasses.asdict(field).items() if value != usual[name]
    }
    return {**said, "kind": field.kind, "shape": list(field.shape), "expected": field.expected}


def word_type(field: Field) -> str:
    """Says dtype and shape, such as `float32 [B, any, 156]`."""
    sizes = ", ".join(["B", *("any" if size is None else str(size) for size in field.shape)])
    return f"{field.dtype} [{sizes}]"


def word_output(field: Field) -> str:
    """Says what an output means, such as `probability of the label (0.5 to 1)`."""
    bands = ", ".join(f"{least:g} {word}" for least, word in field.bands)
    is_probability = field.kind in ("probability", "probabilities")
    meaning = f"probability {field.meaning}" if is_probability else field.meaning
    return "; ".join(filter(None, (meaning, bands)))


def make_input_table(serving: Serving) -> str:
    """Gives the table of a page that says what is asked, in Markdown."""
    rows = [
        (f"`{field.name}`", word_type(field), field.default_text, field.meaning)
        for field in serving.inputs
    ]
    return _make_table(("input", "type", "default", "meaning"), rows)


def make_output_table(serving: Serving) -> str:
    """Gives the table of a page that says what is answered, in Markdown."""
    rows = [(f"`{field.name}`", word_type(field), word_output(field)) for field in serving.outputs]
    return _make_table(("output", "type", "meaning"), rows)


def _make_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    marked = ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in lines]
    marked[1] = "|" + "---|" * len(head)
    return "\n".join(marked).replace("|  |", "| |") + "\n"
