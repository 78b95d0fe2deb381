"""The training loop that every task's `run_fn` runs: fit, keep the best weights, export.

A task's `trainer.py` calls `run` with its declaration, its `build_model` and its `Servable`; all
else is the same for every task: seeds, input, precision, callbacks, warm start from the last
blessed model, baselines and export.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.declaring.task import Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.export import saved_model
from modules.common.graph.tensors import Tensors
from modules.common.runtime.errors import DataError
from modules.common.training import divergence, precision
from modules.common.training.callbacks import StepLimit, callbacks
from modules.common.training.input_pipeline import Split

_EVAL_BATCH_SIZE = 256
BuildModel = Callable[[Any, tft.TFTransformOutput], keras.Model]
# Changes a batch at random: features, label and settings to features and label.
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

    A model with no weights to train is exported as it is.

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
    settings = task.restore(
        {**fn_args.custom_config["settings"], **_read_tuned(fn_args.hyperparameters)}
    )
    transform_output = tft.TFTransformOutput(fn_args.transform_graph_path)
    train, evaluation = splits(
        task, transform_output, settings, fn_args.train_files, fn_args.eval_files
    )
    keras.utils.set_random_seed(settings.seed)
    with precision.dtype_policy(precision.training_policy(settings)):
        model = build_model(settings, transform_output)
    adapt(model, train)
    if fn_args.base_model:
        warm_start(model, fn_args.base_model)
    if model.trainable_weights:
        train_batches, eval_batches = batches(train, evaluation, settings, augment)
        steps_per_epoch = math.ceil(train.examples / settings.batch_size)
        most_steps = most_steps_of(fn_args)
        epochs = epochs_of(settings, steps_per_epoch, most_steps)
        watched_by = callbacks(settings, epochs, steps_per_epoch, fn_args.model_run_dir)
        if most_steps:
            watched_by.append(StepLimit(most_steps))
        watch = divergence.LossWatch()
        model.fit(
            train_batches,
            validation_data=eval_batches,
            epochs=epochs,
            callbacks=[*watched_by, watch],
            verbose=0,
        )
        divergence.check(model, watch, task, settings, fn_args.model_run_dir)
    if model.dtype_policy.name != "float32":
        trained, model = model, build_model(settings, transform_output)
        model.set_weights(trained.get_weights())
    baselines = servable_class.fit_baselines(train, evaluation, settings)
    servable = servable_class(task, settings, model, transform_output, baselines)
    servable.calibrate(train)
    saved_model.save(servable, fn_args.serving_model_dir)
    if report is not None:
        tf.io.gfile.makedirs(fn_args.model_run_dir)
        report(servable, evaluation, fn_args.model_run_dir)


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
    train: Split, evaluation: Split, settings: TrainingSettings, augment: Augment | None = None
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Makes the batches of both splits, those for training shuffled and changed by `augment`.

    Evaluation takes `eval_batch_size`, where that is not 0.
    """
    batch_size = settings.batch_size
    train_batches = train.batches(batch_size, settings.seed)
    if augment is not None:
        train_batches = train_batches.map(
            lambda features, label: augment(features, label, settings),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        ).prefetch(tf.data.AUTOTUNE)
    eval_batch_size = settings.eval_batch_size or max(batch_size, _EVAL_BATCH_SIZE)
    return train_batches, evaluation.batches(eval_batch_size)


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
