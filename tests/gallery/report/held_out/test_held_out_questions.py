"""Requests made of raw examples, by what each field is to a person."""

from __future__ import annotations

import io
import wave
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gallery.report.held_out.questions import make_questions, read_notes
from modules.common.declaring.fields import Field, Serving
from modules.common.declaring.registry import load_task
from modules.common.declaring.task import Task
from modules.common.midi.note_state import NOTES, pack


def ask(name: str, *examples: dict[str, list]) -> list[Any]:
    task = load_task(name)
    return make_questions(task, task.resolve({}, smoke=True), examples)


def test_a_name_is_asked_and_its_gender_is_the_truth() -> None:
    [found] = ask("name_gender", {"name": ["王婷".encode()], "gender": [b"female"]})
    assert found.request == {"name": "王婷"}
    assert found.truth == {"label": "female"}


def test_a_picture_stays_bytes_and_options_are_the_examples() -> None:
    [found] = ask("deep_dream", {"image": [b"\x89PNG"]})
    assert found.request == {"image": b"\x89PNG"}
    assert found.cheap == {"octaves": 2, "iterations": 2}


def test_an_example_that_lacks_what_is_asked_is_passed_over() -> None:
    assert ask("name_gender", {"name": [], "gender": [b"male"]}) == []


def test_sound_becomes_a_wav_file_of_the_settings_rate() -> None:
    samples = np.array([0, 16384, -16384], "<i2")
    [found] = ask("chinese_asr", {"pcm": [samples.tobytes()], "text": ["一二".encode()]})
    with wave.open(io.BytesIO(found.request["wav"])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 3)
        assert np.array_equal(np.frombuffer(file.readframes(3), "<i2"), samples)
    assert found.truth == {"text": "一二"}


def test_a_series_is_what_counts_of_it() -> None:
    example = {
        "history": [0.0, 0.0, 7.0, 8.0],
        "history_length": [2],
        "last_month": [2016 * 12 + 9],
        "target": [9.0, 10.0, 0.0],
        "target_length": [2],
    }
    [found] = ask("railway_forecast", example)
    assert found.request == {"history": [7.0, 8.0], "last_month": "2016-10"}
    assert found.truth == {"forecast": [9.0, 10.0]}


def test_inputs_of_one_raw_feature_are_of_an_example_each() -> None:
    examples = [{"pcm": [np.full(4, value, "<i2").tobytes()]} for value in (1, 2, 3)]
    found = ask("audio_style_transfer", *examples)
    pairs = [(each.request["content"][-8:], each.request["style"][-8:]) for each in found]
    ones, twos, threes = (example["pcm"][0] for example in examples)
    assert pairs == [(ones, twos), (twos, threes), (threes, ones)]


def test_one_example_is_too_few_for_two_inputs() -> None:
    assert ask("audio_style_transfer", {"pcm": [b"\0\0"]}) == []


def test_music_is_made_of_nothing_and_of_beginnings() -> None:
    matrix = np.zeros((7, NOTES), bool)
    matrix[:, 3] = True
    found = ask("music_rbm", {"note_state": [pack(matrix)]})
    nothing, begun = found[0], found[1]
    assert nothing.request == {"seed": 1} and "seed" not in nothing.cheap
    assert begun.request["primer"].shape == (4, NOTES)


def test_without_examples_all_is_made_of_nothing() -> None:
    assert [each.request for each in ask("pixelcnn")] == [{"seed": 1}, {"seed": 2}, {"seed": 3}]


@pytest.mark.parametrize("steps", [1, 2, 8, 128])
def test_notes_are_read_as_they_were_packed(steps: int) -> None:
    matrix = np.random.default_rng(steps).random((steps, NOTES)) < 0.3
    assert np.array_equal(read_notes(pack(matrix)), matrix)


def test_a_task_without_a_seed_is_asked_once() -> None:
    task = load_task("music_rbm")
    inputs = (Field(name="steps", dtype="int64", default=8),)
    serving = Serving(inputs=inputs, outputs=task.serving.outputs, example={"steps": [4]})
    made: Task = replace(task, serving=serving)
    [found] = make_questions(made, made.resolve({}, smoke=True), [])
    assert (found.request, found.cheap, found.about) == ({}, {"steps": 4}, "out of nothing")
