"""What a person reads of an answer, by the kinds of its outputs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modules.common.asking.answers import file_ending, say_answer, say_best
from modules.common.declaring.fields import Field
from modules.common.sound.sound_files import wav_bytes

_LABEL = Field(name="label", dtype="string", kind="label")
_SURE = Field(name="sure", dtype="float32", kind="probability", of="label")
_KNOWN = Field(name="known", dtype="float32", kind="share")
_TEXT = Field(name="text", dtype="string")
_EACH = Field(name="each", dtype="float32", shape=(None,), kind="probabilities", of="text")
_SECONDS = Field(name="duration_s", dtype="float32", unit="s")
_RIGHT = Field(name="checksum_ok", dtype="bool")
_BANDS = Field(name="colour", dtype="float32", bands=((0, "grey"), (15, "slight")))
_TEXTS = Field(name="texts", dtype="string", shape=(None,), kind="texts")
_SCORES = Field(name="scores", dtype="float32", shape=(None,), of="texts")
_LABELS = Field(name="labels", dtype="string", shape=(None,), kind="labels")
_SHARES = Field(name="shares", dtype="float32", shape=(None,), kind="probabilities", of="labels")
_CURVE = Field(name="curve", dtype="float32", shape=(None,))


def said(*outputs: Field, **answer: Any) -> str:
    arrays = {
        name: np.array([value], object if isinstance(value, str | bytes) else None)
        for name, value in answer.items()
    }
    return say_answer(outputs, arrays, None)


@pytest.mark.parametrize(
    ("line", "outputs", "answer"),
    [
        ("female\t97.1%", (_LABEL, _SURE), {"label": b"female", "sure": 0.971}),
        (
            "male\t60.0%, known 50%",
            (_LABEL, _SURE, _KNOWN),
            {"label": "male", "sure": 0.6, "known": 0.5},
        ),
        ("male\t60.0%", (_LABEL, _SURE, _KNOWN), {"label": "male", "sure": 0.6, "known": 1.0}),
        ("O12; in doubt: O 56%", (_TEXT, _EACH), {"text": "O12", "each": [0.56, 0.99, 0.9, 0.1]}),
        ("(nothing)\tduration 2.5 s", (_TEXT, _SECONDS), {"text": b"", "duration_s": 2.5}),
        ("a\tchecksum ok: no", (_TEXT, _RIGHT), {"text": "a", "checksum_ok": False}),
        ("a\tcolour 15 (slight)", (_TEXT, _BANDS), {"text": "a", "colour": 15.0}),
        ("a\tcolour 14.9 (grey)", (_TEXT, _BANDS), {"text": "a", "colour": 14.9}),
        ("a\tcurve 1, 2.5", (_TEXT, _CURVE), {"text": "a", "curve": [1.0, 2.5]}),
        ("a\tlabel b 50.0%", (_TEXT, _LABEL, _SURE), {"text": "a", "label": "b", "sure": 0.5}),
        ("a", (_TEXT, _LABEL), {"text": "a"}),
    ],
)
def test_a_line(line: str, outputs: tuple[Field, ...], answer: dict[str, Any]) -> None:
    assert said(*outputs, **answer) == line


def test_a_line_for_each_of_many() -> None:
    texts = {"texts": np.array([[b"a", "b", b""]], object), "scores": np.array([[-0.5, -1, 0]])}
    assert say_answer((_TEXTS, _SCORES), texts, None) == "  -0.500  a\n  -1.000  b"
    assert say_best(_TEXTS, texts) == "a"
    labels = {"labels": np.array([["a", "b"]]), "shares": np.array([[0.9, 0.05]])}
    assert say_answer((_LABELS, _SHARES), labels, None) == " 90.0%  a\n  5.0%  b"
    assert say_answer((_LABELS,), labels, None) == "a\nb"


def test_the_text_that_was_asked_about_comes_first() -> None:
    answer = {"label": np.array(["male"]), "sure": np.array([0.5])}
    assert say_answer((_LABEL, _SURE), answer, None, "王五") == "王五\tmale\t50.0%"


def test_a_picture_and_a_sound_are_written(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (30, 20)).save(file, "PNG")
    picture = Field(name="image", dtype="string", kind="picture")
    answer = {"image": np.array([file.getvalue()], object), "colour": np.array([3.0])}
    out = tmp_path / "a.png"
    assert say_answer((picture, _BANDS), answer, out) == f"{out}\t30 x 20, colour 3 (grey)"
    assert out.read_bytes() == file.getvalue()

    sound = Field(name="wav", dtype="string", kind="sound")
    contents = wav_bytes(np.zeros(4000), 8000)
    out = tmp_path / "a.wav"
    assert say_answer((sound,), {"wav": np.array([contents], object)}, out) == f"{out}\t0.5 s"
    assert out.read_bytes() == contents
    assert [file_ending((_TEXT, field)) for field in (picture, sound, _LABEL)] == [
        ".png",
        ".wav",
        "",
    ]
