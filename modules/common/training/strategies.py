"""Has Keras train over several replicas as it would in one process, but for rounding.

`tf.distribute` and Keras alone do not: the last batch of an epoch is weighted wrongly where it
does not divide, gradients are clipped before they are summed, batch normalization sees a part of a
batch, and with several workers `fit` fails. Here

- a batch is as large as in one process and in the same order; each replica gets its rows;
- gradients are weighted by the rows that they are of and summed, then clipped and applied;
- batch normalization takes mean and variance of the whole batch;
- the figures of a step are the mean of all replicas, so that all workers decide alike.

What is random within the model, such as dropout, is drawn by each replica for its own rows.

Source: Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour" (2017), section
3, for the normalization of losses; Keras 3.12 and 3.15, backend/tensorflow/{trainer,optimizer}.py.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.tensorflow import trainer as keras_trainer
from keras.src.losses import loss as keras_losses

from modules.common.graph.tensors import Tensors
from modules.common.runtime.replacing import replace_attribute
from modules.common.training import distribution, replicas
from modules.common.training.distribution import Distribution

_SUM, _MEAN = tf.distribute.ReduceOp.SUM, tf.distribute.ReduceOp.MEAN
# A replica's function is run by a thread of its own.
_step = threading.local()


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """Where a model is trained.

    Attributes:
        strategy: TensorFlow's; `None` where there is one replica.
        is_chief: Whether this process exports and writes.
        said: What it is, for people; an empty string where nobody asked.
    """

    strategy: tf.distribute.Strategy | None = None
    is_chief: bool = True
    said: str = ""

    @property
    def count(self) -> int:
        """How many there are."""
        return self.strategy.num_replicas_in_sync if self.strategy else 1

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """Has what is made inside the `with` block be there on every replica."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()


def make(chosen: Distribution) -> Replicas:
    """Finds the devices and, with TF_CONFIG, the other workers; waits until these are there.

    Args:
        chosen: What was asked for.
    """
    if chosen.strategy == distribution.MIRRORED:
        gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
        devices = gpus or [device.name for device in tf.config.list_logical_devices("CPU")]
        # Without GPUs there is but one device, unless a test made more of it.
        summing = None if gpus else tf.distribute.ReductionToOneDevice()
        strategy = tf.distribute.MirroredStrategy(devices, summing)
        number = strategy.num_replicas_in_sync
        if number == 1:
            return Replicas(said="on one device")
        return Replicas(strategy=strategy, said=f"on {number} devices")
    member = distribution.read_member()
    if chosen.strategy == distribution.MULTI_WORKER and member and member.workers > 1:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        return Replicas(
            strategy=strategy,
            is_chief=member.is_chief,
            said=f"on {member.workers} workers",
        )
    return Replicas(said="on one worker" if chosen.strategy == distribution.MULTI_WORKER else "")


def spread(
    model: keras.Model, train: tf.data.Dataset, evaluation: tf.data.Dataset, where: Replicas
) -> tuple[Any, Any]:
    """Prepares a model, made in the scope, and its batches for `fit` over the replicas.

    Args:
        model: Compiled; changed in place. Where it has the attribute `loss_is_whole`, its
            `compute_loss` is of all replicas together (`replicas.sum_over`).
        train: Pairs of features and label, whole batches, whose number is known.
        evaluation: Likewise.
        where: What `make` gave.

    Returns:
        What `fit` takes in place of the datasets; these where there is one replica.
    """
    if where.strategy is None:
        return train, evaluation
    features, label = next(iter(evaluation.take(1)))
    with where.strategy.scope():
        # Keras would do this with values of one replica, and cannot where there are workers.
        model._symbolic_build(data_batch=(features, label))
    model._maybe_symbolic_build = lambda **_: None
    # XLA has no kernels for what is summed over devices in the middle of a step.
    model.jit_compile = False
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer._moments = functools.partial(_moments_of_all, layer)
            # Where it is ours: what is fused takes the moments of one replica.
            layer.is_fused = False
    _sum_gradients(model.optimizer)
    _weigh_steps(model)
    _sum_metrics(model, where.strategy)
    return _cut(train, where.strategy, has_shares=True), _cut(evaluation, where.strategy)


def fitting(where: Replicas) -> contextlib.AbstractContextManager[Any]:
    """Has Keras' `fit` work with what `spread` gave inside the `with` block."""
    if where.strategy is None:
        return contextlib.nullcontext()
    replaced = contextlib.ExitStack()
    replaced.enter_context(replace_attribute(keras_trainer, "reduce_per_replica", _take_local))
    for name in ("scale_loss_for_distribution", "unscale_loss_for_distribution"):
        # Of losses that are scalars Keras scales none, and unscales all.
        replaced.enter_context(replace_attribute(keras_losses, name, lambda loss: loss))
    return replaced


def wait_for_all(where: Replicas) -> None:
    """Waits until every worker is here, the chief with all that it writes, and may leave.

    They meet twice: who leaves after one meeting may take along what another has not yet received
    of it. That the second fails says that somebody left, and so that all have passed the first.

    Raises:
        tf.errors.OpError: If another ended before it was here.
    """
    if not isinstance(where.strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return
    run = where.strategy.run

    @tf.function
    def meet() -> tf.Tensor:
        return run(lambda: replicas.sum_over(tf.constant(1.0)))

    meet()
    with contextlib.suppress(tf.errors.OpError):
        meet()


def _cut(
    batches: tf.data.Dataset, strategy: tf.distribute.Strategy, has_shares: bool = False
) -> Any:
    """Gives each replica its rows of every batch.

    All workers go through the same batches in the same order, so that these are as in one process.
    Of fewer rows than replicas each gets all of them: the mean stays what it is.
    """
    number = strategy.num_replicas_in_sync

    def cut(features: Tensors, label: tf.Tensor, replica: int) -> tuple[Any, ...]:
        rows = tf.shape(label)[0]
        is_few = rows < number
        begin = tf.where(is_few, 0, replica * rows // number)
        end = tf.where(is_few, rows, (replica + 1) * rows // number)
        part = tf.nest.map_structure(lambda values: values[begin:end], (features, label))
        if not has_shares:
            return part
        share = tf.cast(end - begin, tf.float32) / tf.cast(rows, tf.float32)
        return (*part, tf.where(is_few, 1 / number, share))

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        local = number // context.num_input_pipelines
        first = context.input_pipeline_id * local
        if local == 1:
            mine = batches.map(lambda features, label: cut(features, label, first))
        else:
            mine = batches.flat_map(
                lambda features, label: functools.reduce(
                    tf.data.Dataset.concatenate,
                    [
                        tf.data.Dataset.from_tensors(cut(features, label, first + each))
                        for each in range(local)
                    ],
                )
            )
        return mine.prefetch(tf.data.AUTOTUNE)

    made = strategy.distribute_datasets_from_function(of_worker)
    # Keras counts steps by this. A step that finds no more data still counts for the optimizer.
    made._cardinality = int(batches.cardinality())
    return made


def _sum_gradients(optimizer: keras.optimizers.Optimizer) -> None:
    """Has losses weighted, and gradients summed before they are clipped, not after.

    The loss is weighted where Keras' own step asks for it, since what is summed in the middle of a
    model sends gradients to all replicas; a step that does not ask has its gradients weighted.
    """
    apply = optimizer.apply

    def weigh(loss: tf.Tensor) -> tf.Tensor:
        share, _step.share = _step.share, 1.0
        return loss * tf.cast(share, loss.dtype)

    def apply_summed(grads: Any, trainable_variables: Any = None) -> None:
        context = tf.distribute.get_replica_context()
        there = [tf.math.scalar_mul(_step.share, each) for each in grads if each is not None]
        summed = iter(context.all_reduce(_SUM, there))
        apply([None if each is None else next(summed) for each in grads], trainable_variables)

    optimizer.scale_loss = weigh
    optimizer.apply = apply_summed
    optimizer._all_reduce_sum_gradients = list


def _weigh_steps(model: keras.Model) -> None:
    """Has a step note what share of the batch it is of, and tell what all replicas found."""
    train_step: Callable[[Any], Tensors] = model.train_step
    is_whole = getattr(model, "loss_is_whole", False)

    def step(data: tuple[Tensors, tf.Tensor, tf.Tensor]) -> Tensors:
        features, label, share = data
        _step.share = 1 / replicas.count() if is_whole else share
        found = train_step((features, label))
        told = tf.stack([tf.cast(value, tf.float32) for value in found.values()])
        context = tf.distribute.get_replica_context()
        told = context.all_reduce(_MEAN, told)
        return dict(zip(found, tf.unstack(told), strict=True))

    model.train_step = step


def _sum_metrics(model: keras.Model, strategy: tf.distribute.Strategy) -> None:
    """Has the figures of an epoch be those of all replicas, in one go.

    Keras would have TensorFlow ask the other workers for each number of each metric.
    """

    def sum_up() -> Tensors:
        variables = [each.value for metric in model.metrics for each in metric.variables]
        context = tf.distribute.get_replica_context()
        # What is read has no device of its own, and can be summed only when it has.
        summed = context.all_reduce(_SUM, [tf.identity(each) for each in variables])
        for variable, total in zip(variables, summed, strict=True):
            variable.assign(total)
        return {name: tf.convert_to_tensor(v) for name, v in model.get_metrics_result().items()}

    run = tf.function(lambda: strategy.run(sum_up), autograph=False)

    def read_metrics(logs: Any) -> dict[str, float]:
        return {name: float(value) for name, value in _take_local(run(), strategy, "").items()}

    model._get_metrics_result_or_logs = read_metrics


def _moments_of_all(
    layer: keras.layers.BatchNormalization, inputs: tf.Tensor, mask: tf.Tensor | None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and variance of the whole batch, in place of Keras' `BatchNormalization._moments`.

    Keras has this for batches without a mask, by way of the mean of squares, which loses digits.

    Args:
        layer: Says what is the channels' axis.
        inputs: float32 `[rows, ..., channels]`, of this replica.
        mask: bool `[rows, ...]`; what is not counts, or `None`.
    """
    axes = layer._reduction_axes
    counts = (
        tf.ones_like(inputs[..., :1]) if mask is None else tf.cast(mask, inputs.dtype)[..., None]
    )
    number = tf.reduce_sum(counts * tf.ones_like(inputs), axes)
    total, number = replicas.sum_over([tf.reduce_sum(inputs * counts, axes), number])
    shape = [1 if axis in axes else -1 for axis in range(inputs.shape.rank)]
    number = tf.maximum(number, 1.0)
    mean = total / number
    squares = tf.square(inputs - tf.reshape(mean, shape)) * counts
    return mean, replicas.sum_over(tf.reduce_sum(squares, axes)) / number


def _take_local(values: Any, strategy: tf.distribute.Strategy, reduction: str) -> Any:
    """Takes a step's figures from one replica: they are of all.

    In place of Keras' `reduce_per_replica`, which with several workers takes the mean over the
    first axis of a scalar, and fails.
    """
    return tf.nest.map_structure(lambda each: strategy.experimental_local_results(each)[0], values)
