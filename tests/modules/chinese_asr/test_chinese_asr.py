"""chinese_asr: frames against librosa, the loss against brute force, and masks that hold."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import apache_beam as beam
import keras
import librosa
import numpy as np
import pytest
import scipy.fft
import soundfile
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from modules.chinese_asr import augment, features, model
from modules.chinese_asr.framing import CEPSTRA, MELS
from modules.chinese_asr.maxprop import MaxProp
from modules.chinese_asr.task import TASK
from modules.common.declaring.settings import as_dict, change
from modules.common.sound.sound_files import pcm16

_RATE_HZ = 16_000
_CLASSES = 7


def tiny(**changes: Any) -> keras.Model:
    keras.utils.set_random_seed(1)
    settings = TASK.resolve({"channels": 8, "blocks": 1, **changes})
    return model.build(settings, _CLASSES)


def random_frames(rng: np.random.Generator, *lengths: int, longest: int) -> dict[str, tf.Tensor]:
    frames = np.zeros([len(lengths), longest, CEPSTRA], np.float32)
    for row, length in enumerate(lengths):
        frames[row, :length] = rng.normal(size=[length, CEPSTRA])
    return {"frames": tf.constant(frames), "n_frames": tf.constant(lengths, tf.int64)}


def noise(seconds: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    loudness = np.linspace(0.01, 0.3, int(seconds * _RATE_HZ))
    return (loudness * rng.normal(size=len(loudness))).astype(np.float32)


def heard(*recordings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pcm = tf.constant([pcm16(samples) for samples in recordings])
    frames, counts = features.features_of(pcm, _RATE_HZ)
    return frames.numpy(), counts.numpy()


def standardized(samples: np.ndarray) -> np.ndarray:
    """The frames of a recording, by librosa and NumPy."""
    cepstra = librosa.feature.mfcc(
        y=samples, sr=_RATE_HZ, n_fft=768, hop_length=480, n_mels=MELS, n_mfcc=CEPSTRA
    ).T
    return (cepstra - cepstra.mean(0)) / (cepstra.std(0) + 0.01)


def test_frames_are_those_of_librosa(shared_data: Path) -> None:
    for path in sorted(shared_data.glob("speech/aishell3/wav/*.wav"))[:5]:
        samples, rate_hz = soundfile.read(path, dtype="float32")
        samples = librosa.resample(samples, orig_sr=rate_hz, target_sr=_RATE_HZ)
        rounded = np.frombuffer(pcm16(samples), "<i2").astype(np.float32) / 2**15
        [frames], [count] = heard(samples)
        wanted = standardized(rounded)
        assert count == len(wanted) == len(frames)
        np.testing.assert_allclose(frames, wanted, atol=1e-3)


def test_frames_do_not_depend_on_batch_mates() -> None:
    long, short = noise(1.3, 1), noise(0.47, 2)
    frames, counts = heard(long, short)
    for row, samples in enumerate((long, short)):
        [alone], [count] = heard(samples)
        assert counts[row] == count
        np.testing.assert_allclose(frames[row, :count], alone, atol=1e-5)
        assert not frames[row, count:].any()


def test_silence_and_strange_bytes_have_finite_frames() -> None:
    pcm = tf.constant([b"", b"\0", b"\0\0" * 1000, b"\xff" * 999])
    frames, counts = features.features_of(pcm, _RATE_HZ)
    assert counts.numpy().tolist() == [1, 1, 3, 2]
    assert np.isfinite(frames).all()


def test_ids_are_places_in_the_vocabulary(tmp_path: Path) -> None:
    spec = {name: tf.io.FixedLenFeature([1], tf.string) for name in ("pcm", "text")}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [{"pcm": [pcm16(noise(0.2, 1))], "text": [text.encode()]} for text in ("天天上", "上天")]
    config = {"settings": as_dict(TASK.settings())}
    with beam.Pipeline("FnApiRunner") as pipeline, tft_beam.Context(str(tmp_path / "temporary")):
        function = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: features.preprocessing_fn(inputs, config)
        )
        function | tft_beam.WriteTransformFn(str(tmp_path / "out"))
    output = tft.TFTransformOutput(str(tmp_path / "out"))
    assert output.vocabulary_by_name(features.VOCABULARY) == ["天".encode(), "上".encode()]
    raw = {name: tf.constant([rows[0][name]]) for name in spec}
    raw["text"] = tf.constant([["上海天"]])
    [packed] = output.transform_features_layer()(raw)["characters"].numpy()
    assert np.frombuffer(packed, np.int64).tolist() == [2, 3, 1]


@pytest.mark.parametrize("training", [False, True])
def test_logits_do_not_depend_on_padding(training: bool) -> None:
    rng = np.random.default_rng(3)
    built = tiny(dropout=0.0)
    if not training:
        # Moving averages that are not those of the beginning.
        built(random_frames(rng, 60, 45, longest=60), training=True)
    inputs = random_frames(rng, 40, 25, longest=40)
    wider = {
        "frames": tf.pad(inputs["frames"], [[0, 0], [0, 33], [0, 0]], constant_values=5.0),
        "n_frames": inputs["n_frames"],
    }
    near, far = (built(given, training=training).numpy() for given in (inputs, wider))
    np.testing.assert_allclose(near, far[:, :40], atol=1e-5)
    for logits, length in ((far[0], 40), (far[1], 25)):
        beyond = tf.nn.softmax(logits[length:]).numpy()
        np.testing.assert_allclose(beyond[:, model.BLANK], 1, atol=1e-6)


def test_a_clip_alone_and_in_a_batch_gives_the_same_logits() -> None:
    rng = np.random.default_rng(4)
    built = tiny(blocks=2)
    built(random_frames(rng, 60, 45, longest=60), training=True)
    inputs = random_frames(rng, 70, 31, 8, longest=70)
    together = built(inputs, training=False).numpy()
    for row, length in enumerate((70, 31, 8)):
        alone = {
            "frames": inputs["frames"][row : row + 1, :length],
            "n_frames": inputs["n_frames"][row : row + 1],
        }
        np.testing.assert_allclose(
            built(alone, training=False)[0], together[row, :length], atol=1e-5
        )


def probability(path_probabilities: np.ndarray, text: tuple[int, ...]) -> float:
    """Probability of a text: the sum over every path that it can be read off."""
    frames, classes = path_probabilities.shape
    total = 0.0
    for path in itertools.product(range(classes), repeat=frames):
        collapsed = tuple(key for key, _ in itertools.groupby(path) if key)
        if collapsed == text:
            total += float(np.prod(path_probabilities[range(frames), path]))
    return total


def test_the_loss_sums_over_every_path() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(size=[3, 5, 4]).astype(np.float32)
    texts = ((1, 2), (3, 3), (2,))
    characters = tf.constant([[1, 2, 0], [3, 3, 0], [2, 0, 0]], tf.int64)
    found = model.ctc_loss(characters, tf.constant(logits)).numpy()
    for row, text in enumerate(texts):
        wanted = -np.log(probability(tf.nn.softmax(logits[row]).numpy(), text)) / len(text)
        assert found[row] == pytest.approx(wanted, rel=1e-4)


def test_frames_beyond_the_end_add_no_loss() -> None:
    rng = np.random.default_rng(6)
    inputs = random_frames(rng, 30, longest=30)
    wider = {**inputs, "frames": tf.pad(inputs["frames"], [[0, 0], [0, 50], [0, 0]])}
    built, characters = tiny(), tf.constant([[1, 4, 4, 2, 0, 0]], tf.int64)
    near, far = (
        float(model.ctc_loss(characters, built(given, training=False))[0])
        for given in (inputs, wider)
    )
    assert near == pytest.approx(far, rel=1e-5)


def test_a_text_too_long_for_its_frames_teaches_nothing() -> None:
    logits = tf.zeros([1, 3, 5])
    assert float(model.ctc_loss(tf.constant([[1, 1, 2, 3]], tf.int64), logits)[0]) == 0


def levenshtein(first: list[int], second: list[int]) -> int:
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def test_greedy_cer_is_edit_distance_over_length() -> None:
    rng = np.random.default_rng(7)
    logits = 3 * rng.normal(size=[6, 12, 4]).astype(np.float32)
    characters = rng.integers(1, 4, [6, 5])
    characters[0, 2:] = 0
    found = model.greedy_cer(tf.constant(characters), tf.constant(logits)).numpy()
    for row in range(6):
        path = logits[row].argmax(-1)
        read = [int(key) for key, _ in itertools.groupby(path) if key]
        text = [int(character) for character in characters[row] if character]
        assert found[row] == pytest.approx(levenshtein(read, text) / len(text))


def test_maxprop_divides_by_the_largest_recent_gradient() -> None:
    rng = np.random.default_rng(8)
    gradients = rng.normal(size=[20, 3]).astype(np.float32)
    variable = keras.Variable(np.ones(3, np.float32))
    optimizer = MaxProp(learning_rate=0.01, decay=0.9)
    wanted, largest = np.ones(3), np.zeros(3)
    for gradient in gradients:
        optimizer.apply([tf.constant(gradient)], [variable])
        largest = np.maximum(0.9 * largest + 1e-8, np.abs(gradient))
        wanted = wanted - 0.01 * gradient / largest
    np.testing.assert_allclose(variable.numpy(), wanted, rtol=1e-5)
    assert MaxProp.from_config(optimizer.get_config()).decay == 0.9


@pytest.mark.parametrize("optimizer", ["adam", "maxprop"])
def test_either_optimizer_learns_a_batch(optimizer: str) -> None:
    class Output:
        def vocabulary_size_by_name(self, name: str) -> int:
            return _CLASSES - 2

    keras.utils.set_random_seed(2)
    settings = TASK.resolve({"channels": 16, "blocks": 1, "optimizer": optimizer})
    output: Any = Output()
    built = model.build_model(settings, output)
    inputs = random_frames(np.random.default_rng(9), 40, 35, longest=40)
    characters = tf.constant([[1, 2, 3, 0], [5, 4, 3, 2]], tf.int64)

    def loss() -> float:
        return float(tf.reduce_mean(model.ctc_loss(characters, built(inputs, training=True))))

    before = loss()
    for _ in range(40):
        built.train_on_batch(inputs, characters)
    assert loss() < 0.5 * before


def test_cosines_are_those_of_the_cepstra() -> None:
    wanted = scipy.fft.dct(np.eye(MELS), norm="ortho", axis=0)[:CEPSTRA]
    np.testing.assert_allclose(augment.cosine_transform(), wanted, atol=1e-6)


def test_training_hears_less_but_no_other_thing() -> None:
    tf.random.set_seed(10)
    inputs = random_frames(np.random.default_rng(10), *[100] * 40, 50, longest=100)
    label = tf.constant([1])
    whole = TASK.resolve({"time_masks": 0, "band_masks": 0})
    same, _ = augment.spec_augment(inputs, label, whole)
    np.testing.assert_allclose(same["frames"], inputs["frames"], atol=1e-5)

    times, _ = augment.spec_augment(inputs, label, change(whole, time_masks=1))
    is_left_out = (times["frames"].numpy() == 0).all(-1)[:40]
    assert 0 < is_left_out.sum(1).max() <= 10
    assert len({int(row.argmax()) for row in is_left_out if row.any()}) > 5
    for row in is_left_out:
        assert np.abs(np.diff(row.astype(int))).sum() <= 2

    bands, _ = augment.spec_augment(inputs, label, change(whole, band_masks=1))
    found = {
        mask_of(before, after)
        for before, after in zip(
            inputs["frames"].numpy()[:40], bands["frames"].numpy(), strict=False
        )
    }
    assert len(found) > 10
    assert max(width for _, width in found) <= 8


def mask_of(before: np.ndarray, after: np.ndarray) -> tuple[int, int]:
    """First band and number of bands that were left out; fails where it was anything else."""
    cosines = augment.cosine_transform()
    masks = itertools.product(range(MELS), range(9))
    for start, width in masks:
        kept = np.ones(MELS, np.float32)
        kept[start : start + width] = 0
        if np.allclose(before @ (cosines * kept) @ cosines.T, after, atol=1e-4):
            return start, width
    raise AssertionError("no stretch of bands explains it")
