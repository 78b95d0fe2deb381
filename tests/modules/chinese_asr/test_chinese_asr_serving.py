"""chinese_asr as it is served: every kind of WAV, requests of several, and scores."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import apache_beam as beam
import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from asked import read_request, show
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from modules.chinese_asr import features
from modules.chinese_asr.model import build_model
from modules.chinese_asr.signatures import ChineseAsrServable
from modules.chinese_asr.task import TASK, Settings
from modules.common.declaring.settings import as_dict
from modules.common.export import saved_model
from modules.common.runtime.errors import DataError
from modules.common.sound.sound_files import pcm16, wav_bytes

_RATE_HZ = 16_000
_SENTENCES = ("今天天气很好", "你好", "天下太平", "好好学习天天向上", "12个a")


def sound(seed: int, seconds: float = 1.0, rate_hz: int = _RATE_HZ) -> np.ndarray:
    """Syllables of harmonics below 3.4 kHz, the same at any rate, that begin and end softly."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    total = np.zeros(len(time_s))
    for start_s in np.arange(0.05, seconds - 0.25, 0.2):
        pitch_hz, vowel_hz = rng.uniform(100, 220), rng.uniform(400, 2500)
        envelope = np.exp(-(((time_s - start_s - 0.1) / 0.05) ** 2))
        for harmonic_hz in np.arange(pitch_hz, 3300, pitch_hz):
            level = 1 / (1 + ((harmonic_hz - vowel_hz) / 300) ** 2)
            total += 0.2 * level * envelope * np.sin(2 * np.pi * harmonic_hz * time_s)
    return np.clip(total, -0.99, 0.99)


def wav(
    samples: np.ndarray, rate_hz: int = _RATE_HZ, subtype: str = "PCM_16", channels: int = 1
) -> bytes:
    file = io.BytesIO()
    stacked = np.repeat(samples[:, None], channels, axis=1)
    soundfile.write(file, stacked, rate_hz, format="WAV", subtype=subtype)
    return file.getvalue()


@pytest.fixture(scope="module")
def transform_output(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    folder = str(tmp_path_factory.mktemp("transform"))
    spec = {name: tf.io.FixedLenFeature([1], tf.string) for name in ("pcm", "text")}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [
        {"pcm": [pcm16(sound(number))], "text": [text.encode()]}
        for number, text in enumerate(_SENTENCES)
    ]
    settings = tiny_settings()
    with beam.Pipeline("FnApiRunner") as pipeline, tft_beam.Context(f"{folder}/temporary"):
        function = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: features.preprocessing_fn(inputs, {"settings": as_dict(settings)})
        )
        function | tft_beam.WriteTransformFn(f"{folder}/out")
    metadata_io.write_metadata(metadata, f"{folder}/out/metadata")
    return tft.TFTransformOutput(f"{folder}/out")


def tiny_settings() -> Settings:
    tiny = {"channels": 24, "dropout": 0.0, "learning_rate": 1e-2, "max_served_seconds": 5.0}
    return TASK.resolve(tiny, smoke=True)


@pytest.fixture(scope="module")
def servable(transform_output: tft.TFTransformOutput) -> ChineseAsrServable:
    """Knows the sentences, each as one sound, by heart."""
    keras.utils.set_random_seed(7)
    settings = tiny_settings()
    model = build_model(settings, transform_output)
    known = transform_output.vocabulary_by_name("characters")
    ids = {character.decode(): number for number, character in enumerate(known, 1)}
    rows = tf.ragged.constant([[ids[one] for one in text] for text in _SENTENCES], dtype=tf.int64)
    characters = rows.to_tensor().numpy()
    pcm = tf.constant([pcm16(sound(number)) for number in range(len(_SENTENCES))])
    frames, n_frames = features.features_of(pcm, _RATE_HZ)
    noise = np.random.default_rng(1).normal(0, 0.1, [150, *frames.shape]).astype(np.float32)
    for one in noise:
        model.train_on_batch({"frames": frames + one, "n_frames": n_frames}, characters)
    train: Any = {"characters": characters, "n_frames": n_frames.numpy()}
    baselines = ChineseAsrServable.fit_baselines(train, train, settings)
    return ChineseAsrServable(TASK, settings, model, transform_output, baselines)


@pytest.fixture(scope="module")
def loaded(servable: ChineseAsrServable, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = str(tmp_path_factory.mktemp("exported"))
    saved_model.save(servable, folder)
    return tf.saved_model.load(folder)


@pytest.fixture(scope="module")
def ask(loaded: Any) -> Any:
    def of(wavs: list[bytes], width: Any = 1, weight: Any = 0.0) -> dict[str, np.ndarray]:
        count = len(wavs)
        answer = loaded.signatures["serving_default"](
            wav=tf.constant(wavs, tf.string),
            beam_width=tf.constant(np.broadcast_to(width, [count]), tf.int64),
            lm_weight=tf.constant(np.broadcast_to(np.float32(weight), [count])),
        )
        return {name: values.numpy() for name, values in answer.items()}

    return of


def texts(answer: dict[str, np.ndarray]) -> list[str]:
    return [text.decode() for text in answer["text"]]


def test_recordings_of_different_length_share_a_request(ask: Any) -> None:
    wavs = [wav(sound(seed, 0.5 + seed / 10)) for seed in range(16)]
    widths = [1 + 3 * (seed % 4) for seed in range(16)]
    weights = [0.3 * (seed % 3) for seed in range(16)]
    together = ask(wavs, widths, weights)
    assert len(set(texts(together))) > 5
    for seed in range(0, 16, 3):
        alone = ask([wavs[seed]], widths[seed], weights[seed])
        assert texts(alone) == texts(together)[seed : seed + 1]
        assert alone["confidence"][0] == pytest.approx(together["confidence"][seed], rel=1e-3)
    np.testing.assert_allclose(together["duration_s"], 0.5 + np.arange(16) / 10, atol=1e-4)
    assert (together["confidence"] > 0).all() and (together["confidence"] <= 1).all()


def test_the_weight_that_was_chosen_counts_where_none_is_asked_for(loaded: Any, ask: Any) -> None:
    wavs = [wav(sound(seed)) for seed in range(20, 26)]
    plain, heavy, likeliest = ask(wavs, 8, 0.0), ask(wavs, 8, 5.0), ask(wavs, 1, 0.0)
    assert list(plain["text"]) != list(heavy["text"])
    assert list(ask(wavs, 8, -1.0)["text"]) == list(plain["text"])
    loaded.lm_weight.assign(5.0)
    try:
        assert list(ask(wavs, 8, -1.0)["text"]) == list(heavy["text"])
        assert list(ask(wavs, 1, -1.0)["text"]) == list(likeliest["text"])
    finally:
        loaded.lm_weight.assign(0.0)


def test_no_recordings_get_no_answers(ask: Any) -> None:
    assert {name: values.shape for name, values in ask([]).items()} == dict.fromkeys(
        ("text", "confidence", "duration_s"), (0,)
    )


def test_what_is_served_is_what_training_sees(loaded: Any, ask: Any) -> None:
    samples = sound(3)
    example = tf.train.Example()
    example.features.feature["pcm"].bytes_list.value.append(pcm16(samples))
    served = loaded.signatures["serve_examples"](tf.constant([example.SerializeToString()]))
    defaults = {entry.name: entry.default for entry in TASK.serving.inputs}
    contents = wav_bytes(samples, _RATE_HZ)
    answer = ask([contents], defaults["beam_width"], defaults["lm_weight"])
    assert served["text"].numpy().tolist() == answer["text"].tolist()
    for name in ("confidence", "duration_s"):
        np.testing.assert_array_equal(served[name], answer[name])


@pytest.mark.parametrize(
    ("subtype", "channels"),
    [("PCM_U8", 1), ("PCM_24", 1), ("PCM_32", 2), ("FLOAT", 1), ("DOUBLE", 3), ("PCM_16", 8)],
)
def test_every_kind_of_wav_is_heard_alike(ask: Any, subtype: str, channels: int) -> None:
    # As coarse as the coarsest of the two, so that both hold the same sound.
    steps = 128 if subtype == "PCM_U8" else 32768
    coarse = [np.round(sound(number) * steps) / steps for number in range(len(_SENTENCES))]
    plain = ask([wav_bytes(one, _RATE_HZ) for one in coarse])
    other = ask([wav(one, _RATE_HZ, subtype, channels) for one in coarse])
    assert texts(plain) == texts(other)
    assert texts(other)[0] == _SENTENCES[0] and len(set(texts(other))) == len(_SENTENCES)
    if subtype != "PCM_U8":
        assert texts(other) == [*_SENTENCES]
    np.testing.assert_allclose(other["confidence"], plain["confidence"], rtol=1e-2)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_every_rate_is_heard_alike(ask: Any, rate_hz: int) -> None:
    answer = ask(
        [wav(sound(number, 1.0, rate_hz), rate_hz) for number in range(len(_SENTENCES))], 8
    )
    assert texts(answer) == [*_SENTENCES]
    np.testing.assert_allclose(answer["duration_s"], 1, atol=1e-3)
    assert (answer["confidence"] > 0.8).all()


def lying(position: int, layout: str, value: int) -> bytes:
    contents = bytearray(wav(sound(0)))
    struct.pack_into(layout, contents, position, value)
    return bytes(contents)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "expected a WAV file"),
        (b"\x00\xff" * 50, "expected a WAV file"),
        (wav(sound(0))[:-7], "cut off"),
        (lying(40, "<I", 2**30), "cut off"),
        (lying(22, "<H", 3), "contradicts itself"),
        (lying(24, "<I", 0), "sample rate outside"),
        (wav(np.zeros(0)), "holds no samples"),
        (wav(np.zeros(5 * _RATE_HZ + 1)), "at most 5 s"),
        (wav(np.zeros(100 * 8000), 8000), "at most 5 s"),
    ],
)
def test_what_cannot_be_heard_is_refused(ask: Any, contents: bytes, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        ask([wav(sound(1)), contents])


@pytest.mark.parametrize("width", [0, 65, -1])
def test_widths_out_of_range_are_refused(ask: Any, width: int) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="beam_width: expected 1 to 64, found"):
        ask([wav(sound(1))] * 2, [8, width])


@pytest.mark.parametrize("weight", [-1.1, np.nan, np.inf])
def test_weights_out_of_range_are_refused(ask: Any, weight: float) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="lm_weight: expected -1 or more"):
        ask([wav(sound(1))], 8, weight)


@pytest.mark.parametrize("count", [1, 40])
def test_silence_and_the_shortest_sound_have_answers(ask: Any, count: int) -> None:
    answer = ask([wav(np.zeros(count)), wav(np.zeros(_RATE_HZ))], 64, 1.0)
    assert np.isfinite(answer["confidence"]).all()


def test_scores_are_edit_distances_to_what_was_said(loaded: Any, ask: Any) -> None:
    samples = [sound(seed) for seed in range(18)]
    said = [_SENTENCES[seed % 5] for seed in range(17)] + ["囍囍"]
    examples = []
    for one, text in zip(samples, said, strict=True):
        example = tf.train.Example()
        example.features.feature["pcm"].bytes_list.value.append(pcm16(one))
        example.features.feature["text"].bytes_list.value.append(text.encode())
        examples.append(example.SerializeToString())
    scores = loaded.signatures["evaluate"](tf.constant(examples))
    served = loaded.signatures["serve_examples"](tf.constant(examples))["text"].numpy()
    wanted = [distance(text.decode(), other) for text, other in zip(served, said, strict=True)]
    assert scores["cer__score"].numpy().tolist() == wanted
    assert scores["cer__weight"].numpy().tolist() == [len(text) for text in said]
    # Characters that training did not have are wrong, whatever is answered.
    for baseline in ("constant", "by_duration"):
        assert scores[f"cer__{baseline}"].numpy()[-1] >= 2


def distance(text: str, wanted: str) -> int:
    row = list(range(len(wanted) + 1))
    for number, character in enumerate(text, 1):
        last, row = row, [number]
        for place, other in enumerate(wanted):
            row.append(min(last[place] + (character != other), last[place + 1] + 1, row[-1] + 1))
    return row[-1]


def test_a_person_asks_with_a_file_and_two_numbers(tmp_path: Path) -> None:
    for name, subtype in (("a.wav", "PCM_16"), ("a.flac", "PCM_16"), ("a.ogg", "VORBIS")):
        soundfile.write(tmp_path / name, sound(2), _RATE_HZ, subtype=subtype)
        signature, request = read_request(
            TASK, str(tmp_path / name), beam_width="4", lm_weight="0.5"
        )
        assert signature == "serving_default"
        assert request["beam_width"] == [4] and request["lm_weight"] == [0.5]
        assert request["wav"][0][:4] == b"RIFF"
    assert list(read_request(TASK, str(tmp_path / "a.wav"))[1]) == ["wav"]
    with pytest.raises(DataError, match="beam_width: expected a whole number, 1 to 64, "):
        read_request(TASK, str(tmp_path / "a.wav"), beam_width="2.5")


def test_an_answer_is_said_in_one_line() -> None:
    def answer(text: str) -> dict[str, np.ndarray]:
        return {
            "text": np.array([text]),
            "confidence": np.array([0.913], np.float32),
            "duration_s": np.array([2.04], np.float32),
        }

    assert show(TASK, {}, answer("你好"), None) == ("你好\t91.3%, duration 2.04 s")
    assert show(TASK, {}, answer(""), None).startswith("(nothing)\t")
