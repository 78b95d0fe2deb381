"""The training loop that every task's `run_fn` runs: fit, keep the best weights, export.

A task's `trainer.py` calls `run` with its declaration, its `build_model` and its `Servable`; all
else is the same for every task: seeds, input, precision, callbacks, warm start from the last
blessed model, several devices and workers, baselines and export.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.declaring.settings import as_dict, restore
from modules.common.declaring.task import Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.export import saved_model
from modules.common.graph.tensors import Tensors
from modules.common.runtime.errors import DataError
from modules.common.training import distribution, divergence, precision, strategies, workers
from modules.common.training.callbacks import StepLimit, callbacks, writers
from modules.common.training.input_pipeline import Split

_log = logging.getLogger(__name__)
_EVAL_BATCH_SIZE = 256
BuildModel = Callable[[Any, tft.TFTransformOutput], keras.Model]
# Changes a batch at random: features, label and settings to features and label. The settings'
# `epochs` are as many as are made.
Augment = Callable[[Tensors, tf.Tensor, Any], tuple[Tensors, tf.Tensor]]
# Writes what a person may look at into a folder: the servable, the evaluation split, the folder.
Report = Callable[[saved_model.Servable, Split, str], None]


def run(
    fn_args: Any,
    task: Task,
    build_model: BuildModel,
    servable_class: type[saved_model.Servable],
    augment: Augment | None = None,
    report: Report | None = None,
) -> None:
    """Trains a model on the transformed examples and exports it.

    A model with no weights to train is exported as it is. Of several workers the chief alone
    exports and writes; `distribution` says how they are asked for.

    Args:
        fn_args: What TFX's Trainer gives to `run_fn`; its `custom_config` holds the resolved
            settings under `settings`, and its `hyperparameters`, where a Tuner ran, lie
            over them. Its `train_steps`, where it has some, are the most that is trained.
        task: The declaration.
        build_model: Makes the compiled model.
        servable_class: What is exported around the model.
        augment: Changes batches that are trained on.
        report: Draws what the model does with held-out examples to `callbacks.REPORT_FILE` in the
            folder of TensorBoard's logs; the run says where it is.

    Raises:
        DataError: If the training or the evaluation split is empty.
        GateError: If the training diverged.
    """
    chosen = distribution.read()
    if chosen.strategy == distribution.MULTI_WORKER and not workers.is_worker():
        workers.train(fn_args, task.name, chosen)
        return
    # Other workers can be joined only before TensorFlow has done anything.
    where = strategies.make(chosen)
    settings = task.restore(
        {**fn_args.custom_config["settings"], **_read_tuned(fn_args.hyperparameters)}
    )
    transform_output = tft.TFTransformOutput(fn_args.transform_graph_path)
    train, evaluation = splits(
        task, transform_output, settings, fn_args.train_files, fn_args.eval_files
    )
    keras.utils.set_random_seed(settings.seed)
    with where.scope(), precision.dtype_policy(precision.training_policy(settings)):
        model = build_model(settings, transform_output)
        adapt(model, train)
        if fn_args.base_model:
            warm_start(model, fn_args.base_model)
    if model.trainable_weights:
        with strategies.fitting(where):
            watch = _fit(model, train, evaluation, settings, augment, where, fn_args)
        if where.strategy is not None:
            _log.info("%s: trained %s, weights %s", task.name, where.said, _digest(model))
        divergence.check(
            model, watch, task, settings, fn_args.model_run_dir if where.is_chief else ""
        )
    if where.is_chief:
        if where.strategy is not None or model.dtype_policy.name != "float32":
            trained, model = model, build_model(settings, transform_output)
            model.set_weights(trained.get_weights())
        baselines = servable_class.fit_baselines(train, evaluation, settings)
        servable = servable_class(task, settings, model, transform_output, baselines)
        servable.calibrate(train)
        saved_model.save(servable, fn_args.serving_model_dir)
        if report is not None:
            tf.io.gfile.makedirs(fn_args.model_run_dir)
            report(servable, evaluation, fn_args.model_run_dir)
    strategies.wait_for_all(where)


def _digest(model: keras.Model) -> str:
    """Digests weights, by which a log shows that all workers have the same."""
    digest = hashlib.sha256()
    for variable in model.trainable_weights:
        digest.update(np.asarray(variable.value).tobytes())
    return digest.hexdigest()[:16]


def _fit(
    model: keras.Model,
    train: Split,
    evaluation: Split,
    settings: TrainingSettings,
    augment: Augment | None,
    where: strategies.Replicas,
    fn_args: Any,
) -> divergence.LossWatch:
    """Trains a model as long as settings say, on all replicas, and gives what saw the losses."""
    most_steps = most_steps_of(fn_args)
    steps_per_epoch = math.ceil(train.examples / settings.batch_size)
    epochs = epochs_of(settings, steps_per_epoch, most_steps)
    watched_by = callbacks(settings, epochs, steps_per_epoch)
    if where.is_chief:
        said = ", ".join(filter(None, (where.said, word_longer(settings, epochs))))
        watched_by += writers(fn_args.model_run_dir, epochs, steps_per_epoch, said)
    if most_steps:
        watched_by.append(StepLimit(most_steps))
    watch = divergence.LossWatch()
    train_batches, eval_batches = strategies.spread(
        model, *batches(train, evaluation, settings, augment, where.count), where
    )
    model.fit(
        train_batches,
        validation_data=eval_batches,
        epochs=epochs,
        callbacks=[*watched_by, watch],
        verbose=0,
    )
    return watch


def adapt(model: keras.Model, train: Split) -> None:
    """Shows a model the training split before it is trained, as Keras has it for layers.

    Args:
        model: Changed in place, where it has a method `adapt`, which takes the split.
        train: The transformed training split.
    """
    if hasattr(model, "adapt"):
        model.adapt(train)


def most_steps_of(fn_args: Any) -> int:
    """Gives the steps that a fit does not go beyond, as TFX's Trainer and Tuner have them; or 0."""
    return int(getattr(fn_args, "train_steps", None) or 0)


def epochs_of(settings: TrainingSettings, steps_per_epoch: int, most_steps: int = 0) -> int:
    """Says how long to train: `epochs`, or as many more as make `min_steps` steps.

    So a task that needs some thousand steps to learn anything does so on little data too.

    Args:
        settings: `epochs` and `min_steps` are read.
        steps_per_epoch: Batches in an epoch.
        most_steps: Steps that no fit goes beyond; 0 for no such limit.
    """
    least = math.ceil(settings.min_steps / steps_per_epoch)
    epochs = max(settings.epochs, least)
    return min(epochs, math.ceil(most_steps / steps_per_epoch)) if most_steps else epochs


def word_longer(settings: TrainingSettings, epochs: int) -> str:
    """Says why there are more epochs than were asked for, or nothing where there are not.

    Args:
        settings: `epochs` and `min_steps` are read.
        epochs: What `epochs_of` gave.
    """
    return f"for {settings.min_steps:,} steps (min_steps)" if epochs > settings.epochs else ""


def splits(
    task: Task,
    transform_output: tft.TFTransformOutput,
    settings: TrainingSettings,
    train_files: list[str],
    eval_files: list[str],
) -> tuple[Split, Split]:
    """Opens both splits.

    Raises:
        DataError: If one holds no example.
    """
    train = Split(train_files, transform_output, task, settings)
    evaluation = Split(eval_files, transform_output, task, settings)
    for name, split in (("training", train), ("evaluation", evaluation)):
        if not split.examples:
            raise DataError(
                f"the {name} split holds no example; {task.name} needs more data than this"
            )
    return train, evaluation


def batches(
    train: Split,
    evaluation: Split,
    settings: TrainingSettings,
    augment: Augment | None = None,
    replicas: int = 1,
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Makes the batches of both splits, those for training shuffled and changed by `augment`.

    Evaluation takes `eval_batch_size`, where that is not 0, or a few more: none of its batches has
    fewer examples than there are `replicas`, unless the split has.
    """
    size = settings.batch_size
    train_batches = _count(train.batches(size, settings.seed), train, size)
    if augment is not None:
        # How often examples are seen may say whether they should be changed.
        epochs = epochs_of(settings, len(train_batches))
        told = restore(type(settings), {**as_dict(settings), "epochs": epochs})
        train_batches = train_batches.map(
            lambda features, label: augment(features, label, told),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        ).prefetch(tf.data.AUTOTUNE)
    eval_size = settings.eval_batch_size or max(size, _EVAL_BATCH_SIZE)
    while eval_size < evaluation.examples and 0 < evaluation.examples % eval_size < replicas:
        eval_size += 1
    return train_batches, _count(evaluation.batches(eval_size), evaluation, eval_size)


def _count(batches: tf.data.Dataset, split: Split, size: int) -> tf.data.Dataset:
    """Has a dataset know how many batches it has, so that no step is begun that finds no data."""
    return batches.apply(tf.data.experimental.assert_cardinality(math.ceil(split.examples / size)))


def warm_start(model: keras.Model, base_model_dir: str) -> None:
    """Begins with an exported model's weights, for every layer whose shapes still agree.

    Args:
        model: Changed in place.
        base_model_dir: SavedModel of an earlier run.
    """
    path = os.path.join(base_model_dir, saved_model.WEIGHTS_FILE)
    if tf.io.gfile.exists(path):
        model.load_weights(path, skip_mismatch=True)


def _read_tuned(hyperparameters: Any) -> dict[str, Any]:
    """Values that a Tuner chose, out of KerasTuner's serialized form."""
    return dict(hyperparameters["values"]) if hyperparameters else {}
