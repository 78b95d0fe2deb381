"""Raw examples drawn from what ExampleGen wrote."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import tensorflow as tf

from gallery.report.held_out.raw_examples import draw_examples


@pytest.fixture
def examples(tmp_path: Path) -> str:
    """Ten examples in two files."""
    folder = tmp_path / "examples [1]" / "Split-eval"
    folder.mkdir(parents=True)
    for part in range(2):
        path = str(folder / f"data-{part}.gz")
        # A folder whose name is a pattern to some libraries.
        with tf.io.TFRecordWriter(path, tf.io.TFRecordOptions(compression_type="GZIP")) as writer:
            for number in range(part * 5, part * 5 + 5):
                features = {
                    "name": tf.train.Feature(
                        bytes_list=tf.train.BytesList(value=[b"n%d" % number])
                    ),
                    "count": tf.train.Feature(int64_list=tf.train.Int64List(value=[number])),
                    "share": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5, 1.0])),
                    "none": tf.train.Feature(),
                }
                example = tf.train.Example(features=tf.train.Features(feature=features))
                writer.write(example.SerializeToString())
    return str(folder.parent)


def test_values_are_as_they_were_written(examples: str) -> None:
    drawn = draw_examples(examples, 20, seed=1)
    assert sorted(each["count"][0] for each in drawn) == list(range(10))
    for each in drawn:
        assert each["name"] == [b"n%d" % each["count"][0]]
        assert each["share"] == [0.5, 1.0] and each["none"] == []


def test_a_seed_draws_the_same_and_another_others(examples: str) -> None:
    first = [each["count"] for each in draw_examples(examples, 4, seed=1)]
    assert first == [each["count"] for each in draw_examples(examples, 4, seed=1)]
    assert any(
        [each["count"] for each in draw_examples(examples, 4, seed=seed)] != first
        for seed in range(2, 5)
    )


def test_each_is_drawn_as_often_as_another(examples: str) -> None:
    counts = Counter(
        each["count"][0] for seed in range(200) for each in draw_examples(examples, 3, seed)
    )
    # 60 each are expected, with a deviation of 6.5.
    assert len(counts) == 10 and all(35 < count < 85 for count in counts.values())


def test_a_split_that_is_not_there(examples: str) -> None:
    with pytest.raises(FileNotFoundError):
        draw_examples(examples, 3, 1, split="test")
