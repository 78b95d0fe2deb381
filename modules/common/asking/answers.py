"""An answer as a person reads it, by the kinds of the outputs. No TensorFlow."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modules.common.declaring.fields import Field

Answer = Mapping[str, np.ndarray]

_ENDINGS = {"picture": ".png", "sound": ".wav"}
_MANY = ("labels", "texts")
# A character that is surer than this goes without saying.
_SURE = 0.9
_MOST_NUMBERS = 12
# How TensorFlow tells of an assertion in a model's graph.
_ASSERTION = re.compile(r"assertion failed: \[(?P<said>.*?)\]\s+\[\[\{\{node", re.DOTALL)


def cut_to_assertion(message: str) -> str:
    """Cuts a refusal down to the model's own sentence, where it has one.

    Args:
        message: Of an error that running the model raised.
    """
    found = _ASSERTION.search(message)
    return found["said"] if found else message


def file_ending(outputs: Sequence[Field]) -> str:
    """Gives the ending of the file that an answer is; empty where it is words."""
    return next((_ENDINGS[field.kind] for field in outputs if field.kind in _ENDINGS), "")


def say_answer(outputs: Sequence[Field], answer: Answer, out: Path | None, asked: str = "") -> str:
    """Says an answer, and writes the file that it is.

    Args:
        outputs: What the answer consists of.
        answer: Arrays by the names of the outputs, a batch of one; those of other names are
            passed over.
        out: Where to write a picture or a sound; `None` where there is none.
        asked: The text that was asked about, which then begins the line.

    Returns:
        A line, or one for each of several labels or texts.
    """
    answered = [field for field in outputs if field.name in answer and not field.of]
    attached = [field for field in outputs if field.name in answer and field.of]
    many = [field for field in answered if field.kind in _MANY]
    if many:
        return "\n".join(_list_best(many[0], attached, answer))
    heads, phrases = [asked] if asked else [], []
    doubts: list[str] = []
    for place, field in enumerate(answered):
        value = _first(answer, field)
        own = [each for each in attached if each.of == field.name]
        if field.kind in _ENDINGS and out is not None:
            out.write_bytes(value)
            heads.append(str(out))
            phrases.append(_describe_file(field, value))
        elif not place:
            heads.append(_word(field, value, is_first=True))
            phrases.append(_word_probability(own, answer))
        else:
            said = _word(field, value, is_first=False)
            phrases.append(f"{said} {_word_probability(own, answer)}".strip())
        doubts += _list_doubts(str(value), own, answer)
    # What is surely known goes without saying.
    line = "\t".join(filter(None, (*heads, ", ".join(filter(None, phrases)))))
    return line + (f"; in doubt: {', '.join(doubts)}" if doubts else "")


def say_best(field: Field, answer: Answer) -> str:
    """Says the first text of an output."""
    return str(_first(answer, field)[0] if field.shape else _first(answer, field))


def _first(answer: Answer, field: Field) -> Any:
    """The one example's value, bytes that are text decoded."""
    value = answer[field.name][0]
    if field.kind in _ENDINGS or field.kind == "pictures":
        return value
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [_decode(each) for each in value]
    return _decode(value)


def _decode(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _list_best(field: Field, attached: Sequence[Field], answer: Answer) -> list[str]:
    """A line for each label or text that is not empty, with what belongs to it before it."""
    scores = next((each for each in attached if each.of == field.name), None)
    words = _first(answer, field)
    if scores is None:
        return [word for word in words if word]
    style = "{:6.1%}" if scores.kind == "probabilities" else "{:8.3f}"
    pairs = zip(words, answer[scores.name][0], strict=True)
    return [f"{style.format(score)}  {word}" for word, score in pairs if word]


def _describe_file(field: Field, content: bytes) -> str:
    if field.kind == "picture":
        width, height = Image.open(io.BytesIO(content)).size
        return f"{width} x {height}"
    with wave.open(io.BytesIO(content)) as file:
        return f"{file.getnframes() / file.getframerate():.1f} s"


def _word(field: Field, value: Any, is_first: bool) -> str:
    name = field.called
    unit = f" {field.unit}" if field.unit else ""
    if field.kind == "share":
        return "" if value >= 1 else f"{name} {value:.0%}"
    if field.kind == "switch":
        return f"{name}: {'yes' if value else 'no'}"
    if field.is_number and not field.shape:
        band = next((word for least, word in reversed(field.bands) if value >= least), "")
        return f"{name} {value:.4g}{unit}" + (f" ({band})" if band else "")
    if field.is_number:
        numbers = np.ravel(value)
        said = [f"{number:.4g}" for number in numbers[:_MOST_NUMBERS]]
        return f"{name} {', '.join(said)}{', …' if len(numbers) > len(said) else ''}{unit}"
    text = str(value) or "(nothing)"
    return f"{text}{unit}" if is_first else f"{name} {text}{unit}"


def _word_probability(own: Sequence[Field], answer: Answer) -> str:
    said = [f"{answer[each.name][0]:.1%}" for each in own if each.kind == "probability"]
    return said[0] if said else ""


def _list_doubts(text: str, own: Sequence[Field], answer: Answer) -> list[str]:
    """Names the characters of a text that may be others, with their probabilities."""
    by_character = [each for each in own if each.kind == "probabilities" and not each.choices]
    if not by_character:
        return []
    shares = answer[by_character[0].name][0]
    return [
        f"{character} {share:.0%}"
        for character, share in zip(text, shares, strict=False)
        if share < _SURE
    ]
