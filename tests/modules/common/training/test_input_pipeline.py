"""Splits of transformed examples: in memory, streamed, packed, feature by feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from modules.common.declaring.settings import Settings
from modules.common.declaring.task import Feature
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.graph.tensors import pack, unpack
from modules.common.training import input_pipeline, loop
from modules.common.training.input_pipeline import Split

_FEATURES = (
    Feature(name="image", dtype="uint8", shape=(2, 3, 1)),
    Feature(name="label", dtype="int64"),
)


class Task:
    """What `Split` reads of a task."""

    label = "label"
    target_is_input = False

    def features_for(self, settings: Settings) -> tuple[Feature, ...]:
        return _FEATURES


class TransformOutput:
    """What `Split` reads of Transform's output."""

    def transformed_feature_spec(self) -> dict[str, Any]:
        return {
            "image": tf.io.FixedLenFeature([], tf.string),
            "label": tf.io.FixedLenFeature([], tf.int64),
        }


def images(count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (count, 2, 3, 1)).astype(np.uint8)


def write(folder: Path, count: int) -> list[str]:
    packed = pack(tf.constant(images(count))).numpy()
    path = folder / "part.gz"
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for label, image in enumerate(packed):
            example = tf.train.Example()
            example.features.feature["image"].bytes_list.value.append(image)
            example.features.feature["label"].int64_list.value.append(label)
            writer.write(example.SerializeToString())
    # What Beam leaves of a step that it began anew.
    (folder / "beam-temp-part").mkdir()
    return [f"{folder}/*"]


@pytest.fixture(params=["in memory", "streamed"])
def split(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Split:
    if request.param == "streamed":
        monkeypatch.setattr(input_pipeline, "_IN_MEMORY_BYTES", 0)
    return Split(write(tmp_path, 10), TransformOutput(), Task(), Settings())  # type: ignore[arg-type]


def test_a_target_that_is_an_input_is_among_the_features(tmp_path: Path) -> None:
    class Autoencoder(Task):
        label = "image"
        target_is_input = True

    split = Split(write(tmp_path, 3), TransformOutput(), Autoencoder(), {})  # type: ignore[arg-type]
    [(features, target)] = split.batches(4).as_numpy_iterator()
    assert set(features) == {"image", "label"}
    np.testing.assert_array_equal(features["image"], target)


def test_packing_is_undone() -> None:
    values = tf.constant(images(4))
    packed = pack(values)
    assert packed.dtype == tf.string and packed.shape == [4]
    undone = unpack({"image": packed, "other": packed}, _FEATURES)
    np.testing.assert_array_equal(undone["image"], values)
    assert undone["other"].dtype == tf.string


def test_features_are_read_one_by_one(split: Split) -> None:
    assert set(split) == {"image", "label"} and len(split) == 2
    assert split.examples == 10
    np.testing.assert_array_equal(split["image"][np.argsort(split["label"])], images(10))


def test_batches_hold_every_example_once(split: Split) -> None:
    batches = list(split.batches(4).as_numpy_iterator())
    assert [len(label) for _, label in batches] == [4, 4, 2]
    for features, labels in batches:
        assert set(features) == {"image"}
        np.testing.assert_array_equal(features["image"], images(10)[labels])


def test_shuffling_is_seeded_and_differs_by_epoch(split: Split) -> None:
    def order(seed: int) -> list[list[int]]:
        dataset = split.batches(10, shuffle_seed=seed)
        return [labels.tolist() for _ in range(2) for _, labels in dataset.as_numpy_iterator()]

    first, second = order(3)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    tf.random.set_seed(1)
    again = order(3)
    tf.random.set_seed(1)
    assert again == order(3)


def test_an_empty_split_has_no_examples(tmp_path: Path) -> None:
    split = Split(write(tmp_path, 0), TransformOutput(), Task(), Settings())  # type: ignore[arg-type]
    assert split.examples == 0
    assert split["image"].shape == (0, 2, 3, 1)


def test_examples_that_begin_alike_are_in_an_order_of_their_own(tmp_path: Path) -> None:
    class Wide(Task):
        label = "image"

        def features_for(self, settings: Settings) -> tuple[Feature, ...]:
            return (Feature(name="image", dtype="uint8", shape=(20, 20, 1)),)

    class OnlyImages:
        def transformed_feature_spec(self) -> dict[str, Any]:
            return {"image": tf.io.FixedLenFeature([], tf.string)}

    pictures = np.zeros((12, 20, 20, 1), np.uint8)
    pictures[:, 15, 15, 0] = np.arange(12)
    packed = pack(tf.constant(pictures)).numpy()
    found = []
    for number, order in enumerate((np.arange(12), np.arange(12)[::-1])):
        path = tmp_path / f"{number}.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for index in order:
                example = tf.train.Example()
                example.features.feature["image"].bytes_list.value.append(packed[index])
                writer.write(example.SerializeToString())
        split = Split([str(path)], OnlyImages(), Wide(), Settings())  # type: ignore[arg-type]
        found.append(split["image"])
    np.testing.assert_array_equal(found[0], found[1])
    assert sorted(found[0][:, 15, 15, 0].tolist()) == list(range(12))


@pytest.mark.parametrize(("epochs", "min_steps", "wanted"), [(3, 0, 3), (3, 20, 7), (9, 20, 9)])
def test_what_changes_batches_is_told_the_epochs_that_are_made(
    tmp_path: Path, epochs: int, min_steps: int, wanted: int
) -> None:
    settings = TrainingSettings(epochs=epochs, min_steps=min_steps, batch_size=4)
    split: Any = Split(write(tmp_path, 12), TransformOutput(), Task(), settings)  # type: ignore[arg-type]
    told = []

    def augment(features: Any, label: Any, settings: TrainingSettings) -> Any:
        told.append(settings.epochs)
        return features, label + 100

    train, evaluation = loop.batches(split, split, settings, augment)
    assert told == [wanted]
    assert sorted(np.concatenate([label for _, label in train])) == list(range(100, 112))
    assert max(np.concatenate([label for _, label in evaluation])) == 11
