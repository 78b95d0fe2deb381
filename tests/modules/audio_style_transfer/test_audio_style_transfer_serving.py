"""audio_style_transfer: what requests hold, what is answered and scored, and how a person asks."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import tensorflow as tf
from asked import read_request, show
from audio_style_tiny import RATE_HZ, SMOKE, TINY, Answering, clips, melody, servable, sizes

from modules.audio_style_transfer import transfer
from modules.audio_style_transfer.sample import maker
from modules.audio_style_transfer.task import TASK
from modules.common.declaring.settings import change
from modules.common.export.request_checks import prepare_request
from modules.common.runtime.errors import DataError
from modules.common.sound import example_sound
from modules.common.sound.sound_files import wav_bytes

_CONTENT = melody(1.2, (330, 440, 550))
_STYLE = melody(1.0, (200, 1500))


def inputs(**given: Any) -> dict[str, tf.Tensor]:
    """A request, what is not said filled in, but for two iterations."""
    raw = {
        "content": tf.constant(given.get("content", [wav_bytes(_CONTENT, RATE_HZ)])),
        "style": tf.constant(given.get("style", [wav_bytes(_STYLE, RATE_HZ)])),
        "content_weight": tf.constant(given.get("content_weight", [0.01])),
        "iterations": tf.constant(given.get("iterations", [2]), tf.int64),
    }
    return prepare_request(raw, TASK.serving)


@pytest.fixture(scope="module")
def answering() -> Answering:
    return servable(TINY, _STYLE)


@pytest.fixture(scope="module")
def answer(answering: Answering) -> Any:
    """Answers in a graph, as a served model does."""
    return tf.function(answering.answer, autograph=False)


def samples_of(contents: bytes) -> np.ndarray:
    samples, rate_hz = soundfile.read(io.BytesIO(contents), dtype="float32")
    assert rate_hz == RATE_HZ
    return samples


def test_an_answer_is_as_long_as_the_content_and_nearer_to_the_style(answer: Any) -> None:
    found = answer(inputs(iterations=[20]))
    assert len(samples_of(found["wav"].numpy()[0])) == len(_CONTENT)
    as_it_is = answer(inputs(iterations=[1], content_weight=[1e6]))
    assert float(found["style_loss"][0]) < float(as_it_is["style_loss"][0])
    assert float(found["content_loss"][0]) > float(as_it_is["content_loss"][0])


def test_losses_are_those_of_the_sound_that_is_returned(answering: Answering, answer: Any) -> None:
    found = answer(inputs(iterations=[10]))
    samples = samples_of(found["wav"].numpy()[0])
    assert np.abs(samples).max() < 0.99, "it was turned down: its losses are of before"
    network, cut = answering._network(), sizes(TINY)
    # What is stored has 16 bits, in request and answer.
    content, style = (samples_of(wav_bytes(sound, RATE_HZ)) for sound in (_CONTENT, _STYLE))
    target = transfer.style_of(network, cut, tf.constant(style))
    losses = transfer.measure_losses(
        network, cut, tf.constant(samples), target, tf.constant(content)
    )
    assert float(found["style_loss"][0]) == pytest.approx(float(losses.style), rel=0.02)
    assert float(found["content_loss"][0]) == pytest.approx(float(losses.content), rel=0.02)


def test_recordings_of_a_batch_do_not_see_each_other(answer: Any) -> None:
    contents = [wav_bytes(_CONTENT, RATE_HZ), wav_bytes(melody(0.7, (700,), 44100), 44100)]
    styles = [wav_bytes(_STYLE, RATE_HZ), wav_bytes(melody(1.7, (90, 180), 8000), 8000)]
    both = answer(
        inputs(content=contents, style=styles, content_weight=[0.01, 0.5], iterations=[2, 3])
    )
    second = answer(
        inputs(content=contents[1:], style=styles[1:], content_weight=[0.5], iterations=[3])
    )
    assert both["wav"].numpy()[1] == second["wav"].numpy()[0]
    assert len(samples_of(both["wav"].numpy()[1])) == math.ceil(0.7 * RATE_HZ)
    assert len(samples_of(both["wav"].numpy()[0])) == len(_CONTENT)


def test_what_is_too_loud_is_turned_down(answer: Any) -> None:
    loud = np.sign(_STYLE) * np.minimum(np.abs(8 * _STYLE), 0.999)
    found = answer(inputs(style=[wav_bytes(loud, RATE_HZ)], iterations=[20]))
    samples = samples_of(found["wav"].numpy()[0])
    assert 0.3 < np.abs(samples).max() <= 1


def test_no_recordings_are_an_answer_of_none(answer: Any) -> None:
    found = answer({name: values[:0] for name, values in inputs().items()})
    assert {name: values.shape for name, values in found.items()} == {
        "wav": [0],
        "style_loss": [0],
        "content_loss": [0],
    }


def silence(count: int) -> bytes:
    """A WAV file of so many samples."""
    return wav_bytes(np.zeros(count), RATE_HZ)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"iterations": [0]}, "iterations: expected 1 to 1000, found 0"),
        ({"iterations": [1001]}, "iterations: expected 1 to 1000, found 1001"),
        ({"content_weight": [-0.1]}, "content_weight: expected 0 or more, found -0.1"),
        ({"content_weight": [float("nan")]}, "content_weight: expected 0 or more, found nan"),
        ({"content_weight": [float("inf")]}, "content_weight: expected 0 or more, found inf"),
        ({"content": [b"no sound"]}, "expected a WAV file"),
        ({"style": [b""]}, "expected a WAV file"),
        ({"content": [silence(0)]}, "holds no samples"),
        ({"content": [silence(9000)[:-100]]}, "cut off"),
        ({"content": [silence(9000)]}, "content: the recording is silent"),
        ({"style": [silence(9000)]}, "style: the recording is silent"),
        (
            {"style": [wav_bytes(_STYLE[:639], RATE_HZ)]},
            "style: expected at least 0.058 s of sound, found 0.058",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_answered_is_refused(answer: Any, given: dict[str, Any], said: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        answer(inputs(**given))


def test_the_shortest_sound_is_answered(answer: Any) -> None:
    short = wav_bytes(_CONTENT[500:1140], RATE_HZ)
    found = answer(inputs(content=[short], style=[short]))
    assert len(samples_of(found["wav"].numpy()[0])) == 640
    assert np.isfinite(found["style_loss"].numpy()).all()


def test_a_sound_that_is_too_long_is_refused() -> None:
    short = servable(change(TINY, max_seconds=1.0), _STYLE)
    with pytest.raises(tf.errors.InvalidArgumentError, match="content: expected at most 1 s"):
        short.answer(inputs())


def scores_of(answering: Answering, iterations: int) -> dict[str, np.ndarray]:
    answering.settings = change(TINY, eval_iterations=iterations)
    raw = {"pcm": tf.constant([b"", b""])}
    found = tf.function(answering.score, autograph=False)(raw)
    return {name: values.numpy() for name, values in found.items()}


def passes(scores: dict[str, np.ndarray]) -> bool:
    """Judges as the gates do."""
    verdicts = []
    for metric in TASK.metrics:
        totals = {
            name: scores[f"{metric.name}__{name}"].sum()
            for name in ("score", "weight", *metric.baselines)
        }
        assert metric.gate is not None
        value = totals["score"] / totals["weight"]
        verdicts.append(metric.gate.floor is None or value <= metric.gate.floor)
        verdicts += [value < totals[name] / totals["weight"] for name in metric.gate.baselines]
    return all(verdicts)


def test_the_gate_passes_a_transfer_and_fails_one_without_iterations(tmp_path: Path) -> None:
    melody_clip, rhythm, voice = (clip[:RATE_HZ] for clip in clips(tmp_path))
    judged = servable(SMOKE, rhythm)
    judged.excerpts = np.stack([melody_clip, voice])
    scores, before = (scores_of(judged, iterations) for iterations in (40, 0))
    assert {values.shape for values in scores.values()} == {(2,)}
    np.testing.assert_allclose(scores["style_ratio__content"], scores["style_ratio__weight"])
    np.testing.assert_allclose(scores["content_ratio__style"], scores["content_ratio__weight"])
    assert passes(scores)
    assert not passes(before)


def test_the_loudest_excerpt_of_the_training_split_is_the_style() -> None:
    excerpts = np.stack([0.1 * _STYLE, _STYLE, 0.5 * _STYLE])
    found = Answering.fit_baselines({"excerpt": excerpts}, {}, TINY)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found["style"], _STYLE)


def test_a_person_names_two_recordings(tmp_path: Path) -> None:
    voice, music = tmp_path / "voice.wav", tmp_path / "music.flac"
    voice.write_bytes(wav_bytes(_CONTENT, RATE_HZ))
    soundfile.write(music, _STYLE, RATE_HZ)
    signature, request = read_request(
        TASK, "", content=str(voice), style=str(music), iterations="20", content_weight="0.5"
    )
    assert signature == "serving_default"
    assert request["content"] == [voice.read_bytes()]
    np.testing.assert_allclose(samples_of(request["style"][0]), _STYLE, atol=1e-4)
    assert request["iterations"] == [20] and request["content_weight"] == [0.5]
    for given, said in (
        ({"content": str(voice)}, "takes --content FILE and --style FILE; --style is missing"),
        ({"content": "nothing.wav", "style": str(music)}, "found no file 'nothing.wav'"),
        (
            {"content": str(voice), "style": str(music), "iterations": "2.5"},
            "iterations: expected a whole number, 1 to 1000, found '2.5'",
        ),
    ):
        with pytest.raises(DataError, match=said):
            read_request(TASK, **given)
    with pytest.raises(DataError, match=r"found 'voice\.wav'"):
        read_request(TASK, "voice.wav", content=str(voice), style=str(music))


def test_a_person_is_told_length_and_losses(tmp_path: Path) -> None:
    contents = wav_bytes(np.zeros(2 * RATE_HZ), RATE_HZ)
    answer = {
        "wav": np.array([contents], object),
        "style_loss": np.array([12.345], np.float32),
        "content_loss": np.array([67890.0], np.float32),
    }
    said = show(TASK, {}, answer, tmp_path / "out.wav")
    assert said.endswith("out.wav\t2.0 s, style loss 12.35, content loss 6.789e+04")
    assert (tmp_path / "out.wav").read_bytes() == contents


def test_samples_follow_the_seed_and_are_of_three_kinds(tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        maker.write_sample(tmp_path / folder, change(TINY, seed=seed, sample_clips=4))
    first, again, other = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} for folder in "abc"
    )
    assert sorted(first) == ["pluck_00.wav", "pluck_03.wav", "rhythm_01.wav", "voice_02.wav"]
    assert first == again and len(set(first.values()) | set(other.values())) == 8
    for contents in first.values():
        samples, rate_hz = soundfile.read(io.BytesIO(contents))
        assert 5 <= len(samples) / rate_hz <= 8
        assert np.abs(samples).max() == pytest.approx(0.7, abs=0.01)
        assert np.square(samples).mean() > 1e-4


def test_the_example_request_is_answered(answer: Any) -> None:
    found = answer(
        inputs(content=[example_sound.recording(220.0)], style=[example_sound.recording(330.0)])
    )
    assert len(samples_of(found["wav"].numpy()[0])) == int(0.6 * RATE_HZ)
