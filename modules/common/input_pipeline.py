"""Reads the examples that Transform wrote, for training and for fitting baselines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.task import Task
from modules.common.tensors import Arrays

_PARSE_BATCH = 1024
_SHUFFLE_BUFFER = 65_536
# Compressed, as stored.
_IN_MEMORY_BYTES = 32 * 2**20


def transformed_examples(
    patterns: Sequence[str], transform_output: tft.TFTransformOutput
) -> tf.data.Dataset:
    """Reads and parses examples, `_PARSE_BATCH` at a time.

    Args:
        patterns: Globs of gzipped TFRecord files.
        transform_output: Gives the feature specification.

    Returns:
        Dictionaries of feature to `[examples, ...]`.
    """
    spec = transform_output.transformed_feature_spec()
    files = sorted(path for pattern in patterns for path in tf.io.gfile.glob(pattern))
    return (
        tf.data.TFRecordDataset(files, compression_type="GZIP")
        .batch(_PARSE_BATCH)
        .map(
            lambda serialized: tf.io.parse_example(serialized, spec),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
    )


def batches(
    patterns: Sequence[str],
    transform_output: tft.TFTransformOutput,
    task: Task,
    batch_size: int,
    shuffle_seed: int | None = None,
) -> tf.data.Dataset:
    """Makes the batches that `fit` takes.

    Small splits are kept in memory in an order of their own, so that training does not depend on
    the order in which Beam wrote them; large ones are streamed in every epoch.

    Args:
        patterns: Globs of gzipped TFRecord files.
        transform_output: Gives the feature specification.
        task: Names the label.
        batch_size: Examples a batch; the last batch may be smaller.
        shuffle_seed: Shuffles, differently in every epoch and the same in every run;
            `None` keeps the order.

    Returns:
        Pairs of the features without the label, `[batch, ...]` each, and the label.
    """
    if _stored_bytes(patterns) < _IN_MEMORY_BYTES:
        columns = arrays(patterns, transform_output)
        dataset = tf.data.Dataset.from_tensor_slices(columns)
        buffer = max(1, len(columns[task.label]))
    else:
        dataset = transformed_examples(patterns, transform_output).unbatch()
        buffer = _SHUFFLE_BUFFER
    if shuffle_seed is not None:
        dataset = dataset.shuffle(buffer, seed=shuffle_seed)

    def split_label(features: dict[str, tf.Tensor]) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        label = features[task.label]
        return {name: features[name] for name in features if name != task.label}, label

    return dataset.batch(batch_size).map(split_label).prefetch(tf.data.AUTOTUNE)


def arrays(patterns: Sequence[str], transform_output: tft.TFTransformOutput) -> Arrays:
    """Reads a split whole, in an order that does not depend on how Beam wrote it.

    Args:
        patterns: Globs of gzipped TFRecord files.
        transform_output: Gives the feature specification.

    Returns:
        Feature to `[examples, ...]`, empty where the split is.
    """
    spec = transform_output.transformed_feature_spec()
    parts = list(transformed_examples(patterns, transform_output).as_numpy_iterator())
    if not parts:
        return {
            name: np.zeros([0, *feature.shape], feature.dtype.as_numpy_dtype)
            for name, feature in spec.items()
        }
    columns = {name: np.concatenate([part[name] for part in parts]) for name in spec}
    keys = [
        column.reshape(len(column), -1)[:, i]
        for _, column in sorted(columns.items())
        for i in range(int(np.prod(column.shape[1:])))
    ]
    order = np.lexsort(keys[:64])
    return {name: column[order] for name, column in columns.items()}


def _stored_bytes(patterns: Sequence[str]) -> int:
    return sum(
        tf.io.gfile.stat(path).length for pattern in patterns for path in tf.io.gfile.glob(pattern)
    )
