"""Features of which examples have more or less: packed, read back, batched with their like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from modules.common.declaring.settings import Settings
from modules.common.declaring.task import Feature
from modules.common.graph.tensors import pack_ragged, unpack
from modules.common.training import input_pipeline
from modules.common.training.input_pipeline import Split

_FEATURES = (
    Feature(name="frames", dtype="float32", shape=(None, 3)),
    Feature(name="marks", dtype="int64", shape=(None,)),
)
_ROWS = 200


class Task:
    label = "marks"
    target_is_input = False

    def features_for(self, settings: Settings) -> tuple[Feature, ...]:
        return _FEATURES


class TransformOutput:
    def transformed_feature_spec(self) -> dict[str, Any]:
        return {feature.name: tf.io.FixedLenFeature([], tf.string) for feature in _FEATURES}


def example(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames and marks of one example, both with its number in them."""
    length = 1 + number * 7 % 31
    return np.full([length, 3], number, np.float32), np.arange(number % 5) + 10 * number + 1


Make = Callable[[int], tuple[np.ndarray, np.ndarray]]


def packed(rows: np.ndarray) -> bytes:
    return pack_ragged(tf.constant(rows[None]), tf.constant([len(rows)])).numpy()[0]


@pytest.fixture(params=["in memory", "streamed"])
def split(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Split:
    if request.param == "streamed":
        monkeypatch.setattr(input_pipeline, "_IN_MEMORY_BYTES", 0)
    return written_split(tmp_path)


def written_split(tmp_path: Path, make: Make = example) -> Split:
    path = str(tmp_path / "part.gz")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for number in range(_ROWS):
            written = tf.train.Example()
            for feature, rows in zip(_FEATURES, make(number), strict=True):
                written.features.feature[feature.name].bytes_list.value.append(packed(rows))
            writer.write(written.SerializeToString())
    return Split([path], TransformOutput(), Task(), Settings())  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_packing_keeps_an_examples_own_rows(dtype: str) -> None:
    values = np.arange(2 * 4 * 3).reshape(2, 4, 3).astype(dtype)
    strings = pack_ragged(tf.constant(values), tf.constant([4, 1]))
    assert [len(string) for string in strings.numpy()] == [
        4 * 3 * values.itemsize,
        3 * values.itemsize,
    ]
    feature = Feature(name="x", dtype=dtype, shape=(None, 3))  # type: ignore[arg-type]
    found = unpack({"x": strings}, [feature])["x"].numpy()
    np.testing.assert_array_equal(found[0], values[0])
    np.testing.assert_array_equal(found[1, :1], values[1, :1])
    assert not found[1, 1:].any() and found.dtype == dtype


def test_nothing_becomes_one_row_of_zeros() -> None:
    feature = Feature(name="x", dtype="int64", shape=(None,))
    nothing = pack_ragged(tf.zeros([2, 0], tf.int64), tf.constant([0, 0]))
    np.testing.assert_array_equal(unpack({"x": nothing}, [feature])["x"], [[0], [0]])
    empty = unpack({"x": tf.zeros([0], tf.string)}, [feature])["x"]
    assert empty.shape == (0, 1)


def test_every_example_comes_once_with_its_like(split: Split) -> None:
    seen, filling, rows = [], 0, 0
    for frames, marks in split.batches(8, shuffle_seed=3):
        for values, its_marks in zip(frames["frames"].numpy(), marks.numpy(), strict=True):
            number = int(values[0, 0])
            wanted_frames, wanted_marks = example(number)
            np.testing.assert_array_equal(values[: len(wanted_frames)], wanted_frames)
            np.testing.assert_array_equal(its_marks[: len(wanted_marks)], wanted_marks)
            assert not values[len(wanted_frames) :].any()
            assert not its_marks[len(wanted_marks) :].any()
            seen.append(number)
            filling += len(values) - len(wanted_frames)
            rows += len(values)
    assert sorted(seen) == list(range(_ROWS))
    assert seen != sorted(seen)
    # Of 200 lengths from 1 to 31 as they come, batches of 8 are filled up by two fifths.
    assert filling / rows < 0.1


def test_of_one_length_those_come_together_that_agree_in_the_next_feature_too(
    tmp_path: Path,
) -> None:
    def of_ten_kinds(number: int) -> tuple[np.ndarray, np.ndarray]:
        return np.ones([1 + number % 2, 3], np.float32), np.arange(1 + number % 5) + 1

    batches = list(written_split(tmp_path, of_ten_kinds).batches(20, shuffle_seed=1))
    # Of the 200 there are 20 of each pair of lengths: nothing need be filled up.
    assert len(batches) == 10
    for frames, marks in batches:
        assert frames["frames"].numpy().all()
        assert marks.numpy().all()


def test_epochs_differ_and_runs_do_not(split: Split) -> None:
    def order(batches: tf.data.Dataset) -> list[int]:
        return [int(row[0, 0]) for frames, _ in batches for row in frames["frames"].numpy()]

    batches = split.batches(8, shuffle_seed=3)
    first, second = order(batches), order(batches)
    assert first != second
    assert order(split.batches(8, shuffle_seed=3)) == first


def test_a_feature_is_read_whole(split: Split) -> None:
    marks = split["marks"]
    assert marks.shape == (_ROWS, 4)
    assert sorted(marks[:, 0]) == sorted(
        (example(number)[1][:1].sum() for number in range(_ROWS)),
    )
