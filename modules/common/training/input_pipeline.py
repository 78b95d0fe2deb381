"""Reads the examples that Transform wrote, for training and for fitting baselines."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.declaring.settings import Settings
from modules.common.declaring.task import Task
from modules.common.graph.tensors import Arrays, Tensors, is_ragged, unpack

_PARSE_BATCH = 1024
# Compressed, as stored.
_IN_MEMORY_BYTES = 32 * 2**20
_SORT_KEYS = 64
# Batches' worth of examples among which those of like length are put together.
_BUCKETED_BATCHES = 32
# Reading wrote the examples in random order, so that a buffer need not hold all of a class.
_SHUFFLE_BUFFER_BYTES = 64 * 2**20
_MAX_SHUFFLE_BUFFER = 65_536


class Split(Mapping[str, np.ndarray]):
    """One split of the transformed examples.

    As a mapping it gives features whole, `[examples, ...]` each, and reads only those that are
    asked for: what needs the labels alone loads no pictures. Small splits are kept in memory in an
    order of their own, so that training does not depend on the order in which Beam wrote them;
    large ones are streamed in every epoch.
    """

    def __init__(
        self,
        patterns: Sequence[str],
        transform_output: tft.TFTransformOutput,
        task: Task,
        settings: Settings,
    ) -> None:
        """Reads nothing yet.

        Args:
            patterns: Globs of gzipped TFRecord files.
            transform_output: Gives the feature specification.
            task: Says which features are packed, and which is the label.
            settings: Resolved settings, on which the features may depend.
        """
        # A step of Beam's that was begun anew leaves an empty folder beside the files.
        self._files = sorted(
            path
            for pattern in patterns
            for path in tf.io.gfile.glob(pattern)
            if not tf.io.gfile.isdir(path)
        )
        self._spec = transform_output.transformed_feature_spec()
        self._task = task
        self._features = task.features_for(settings)
        self._ragged = [feature for feature in self._features if is_ragged(feature)]
        self._fixed = [feature for feature in self._features if not is_ragged(feature)]

    def __iter__(self) -> Iterator[str]:
        """Names of the features."""
        return iter(self._spec)

    def __len__(self) -> int:
        """How many features there are."""
        return len(self._spec)

    def __getitem__(self, name: str) -> np.ndarray:
        """Gives one feature of every example, `[examples, ...]`, filled up to the longest."""
        column = self._all[name] if self._is_small else self._read([name])[name]
        return unpack({name: tf.constant(column)}, self._ragged)[name].numpy()

    @cached_property
    def examples(self) -> int:
        """How many examples the split holds."""
        if self._is_small:
            return len(self._all[self._task.label])
        return int(self._records().reduce(np.int64(0), lambda count, _: count + 1))

    def batches(self, batch_size: int, shuffle_seed: int | None = None) -> tf.data.Dataset:
        """Makes the batches that `fit` takes.

        Args:
            batch_size: Examples a batch; the last batch may be smaller.
            shuffle_seed: Shuffles, differently in every epoch and the same in every run;
                `None` keeps the order, but for features of which examples have more or less:
                those of like length are always put together.

        Returns:
            Pairs of the features, `[batch, ...]` each, and the label; the label is among the
            features only where the task says that the model is given it.
        """
        label, is_input = self._task.label, self._task.target_is_input
        is_gathered = self._is_small and not self._ragged
        if is_gathered:
            # Numbers of examples are shuffled: a tensor for each of them would take more memory
            # than the data.
            dataset = tf.data.Dataset.range(self.examples)
            buffer = max(1, self.examples)
        elif self._is_small:
            dataset = tf.data.Dataset.from_tensor_slices(self._all)
            buffer = max(1, self.examples)
        else:
            dataset = self._records()
            example_bytes = max(1, len(next(dataset.take(1).as_numpy_iterator())))
            buffer = min(_MAX_SHUFFLE_BUFFER, _SHUFFLE_BUFFER_BYTES // example_bytes + 1)
        if shuffle_seed is not None:
            dataset = dataset.shuffle(buffer, seed=shuffle_seed)
        if self._ragged:
            dataset = self._by_length(dataset, batch_size, shuffle_seed)
        else:
            dataset = dataset.batch(batch_size)
        if is_gathered:
            columns = {name: tf.constant(column) for name, column in self._all.items()}
            dataset = dataset.map(
                lambda rows: {name: tf.gather(columns[name], rows) for name in columns},
                num_parallel_calls=tf.data.AUTOTUNE,
                deterministic=True,
            )
        if not self._is_small:
            dataset = self._parse_examples(dataset, self._spec)

        def pair(features: Tensors) -> tuple[Tensors, tf.Tensor]:
            features = unpack(features, self._ragged)
            inputs = {name: features[name] for name in features if is_input or name != label}
            return inputs, features[label]

        return dataset.map(pair, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(
            tf.data.AUTOTUNE
        )

    def _by_length(
        self, dataset: tf.data.Dataset, batch_size: int, shuffle_seed: int | None
    ) -> tf.data.Dataset:
        """Batches examples of like length together, so that little of a batch is filling.

        Of a good many batches' worth of examples at a time, all are put in the order of their
        lengths, those of the feature declared first before all others, and cut into batches, which
        come in random order.
        """

        def sort_by_length(window: Tensors | tf.Tensor) -> Tensors | tf.Tensor:
            if isinstance(window, tf.Tensor):
                packed = [window]
            else:
                packed = [window[feature.name] for feature in self._ragged]
            order = tf.range(tf.size(packed[0]))
            for column in reversed(packed):
                lengths = tf.gather(tf.strings.length(column), order)
                order = tf.gather(order, tf.argsort(lengths, stable=True))
            return tf.nest.map_structure(lambda values: tf.gather(values, order), window)

        dataset = dataset.batch(_BUCKETED_BATCHES * batch_size).map(sort_by_length)
        dataset = dataset.unbatch().batch(batch_size)
        if shuffle_seed is None:
            return dataset
        return dataset.shuffle(_BUCKETED_BATCHES, seed=shuffle_seed)

    @cached_property
    def _is_small(self) -> bool:
        return sum(tf.io.gfile.stat(path).length for path in self._files) < _IN_MEMORY_BYTES

    @cached_property
    def _all(self) -> Arrays:
        columns = self._read(list(self._spec))
        # Of what is packed a checksum is as good a key as any.
        keyed = {
            name: np.array([zlib.crc32(packed) for packed in column], np.int64)
            if column.dtype == object and name in {feature.name for feature in self._ragged}
            else column
            for name, column in columns.items()
        }
        flat = [
            column.reshape(len(column), int(np.prod(column.shape[1:])))
            for _, column in sorted(keyed.items())
        ]
        keys = [column[:, i] for column in flat for i in range(min(_SORT_KEYS, column.shape[1]))]
        # Where those agree, as pictures do that begin with a margin, all values count.
        last = [
            np.array([zlib.crc32(row) for row in np.ascontiguousarray(column)], np.int64)
            for column in flat
            if column.shape[1] > _SORT_KEYS and column.dtype != object
        ]
        order = np.lexsort([*last, *keys[:_SORT_KEYS]])
        return {name: column[order] for name, column in columns.items()}

    def _read(self, names: Sequence[str]) -> Arrays:
        """Reads features in the files' order, ragged ones packed, empty where the split is."""
        spec = {name: self._spec[name] for name in names}
        dataset = self._parse_examples(self._records().batch(_PARSE_BATCH), spec)
        parts = list(dataset.as_numpy_iterator())
        if not parts:
            empty = tf.io.parse_example(tf.zeros([0], tf.string), spec)
            parts = [{name: values.numpy() for name, values in unpack(empty, self._fixed).items()}]
        return {name: np.concatenate([part[name] for part in parts]) for name in names}

    def _records(self) -> tf.data.Dataset:
        return tf.data.TFRecordDataset(self._files, compression_type="GZIP")

    def _parse_examples(
        self, batches: tf.data.Dataset, spec: Mapping[str, object]
    ) -> tf.data.Dataset:
        return batches.map(
            lambda serialized: unpack(tf.io.parse_example(serialized, dict(spec)), self._fixed),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
