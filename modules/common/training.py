"""The training loop that every task's `run_fn` runs: fit, keep the best weights, export.

A task's `trainer.py` calls `run` with its declaration, its `build_model` and its `Servable`; all
else is the same for every task: seeds, input, early stopping, learning-rate decay on plateau,
TensorBoard logs, warm start from the last blessed model, baselines and export.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.common import export, input_pipeline, progress
from modules.common.errors import DataError
from modules.common.task import Task
from modules.common.tensors import Hparams

BuildModel = Callable[[Hparams, tft.TFTransformOutput], keras.Model]


def run(
    fn_args: Any,  # noqa: ANN401 - TFX's FnArgs, whose module is slow to import
    task: Task,
    build_model: BuildModel,
    servable_class: type[export.Servable],
) -> None:
    """Trains a model on the transformed examples and exports it.

    Args:
        fn_args: What TFX's Trainer gives to `run_fn`; its `custom_config` holds the resolved
            hyperparameters under `hparams`, and its `hyperparameters`, where a Tuner ran, lie
            over them.
        task: The declaration.
        build_model: Makes the compiled model.
        servable_class: What is exported around the model.

    Raises:
        DataError: If the training or the evaluation split is empty.
    """
    hparams = {**fn_args.custom_config["hparams"], **_tuned(fn_args.hyperparameters)}
    transform_output = tft.TFTransformOutput(fn_args.transform_graph_path)
    model, train, evaluation = prepare(
        task, hparams, transform_output, build_model, fn_args.train_files, fn_args.eval_files
    )
    if fn_args.base_model:
        warm_start(model, fn_args.base_model)
    model.fit(
        train,
        validation_data=evaluation,
        epochs=int(hparams["epochs"]),
        callbacks=_callbacks(hparams, fn_args.model_run_dir),
        verbose=0,
    )
    baselines = servable_class.fit_baselines(
        input_pipeline.arrays(fn_args.train_files, transform_output),
        input_pipeline.arrays(fn_args.eval_files, transform_output),
        hparams,
    )
    servable = servable_class(task, hparams, model, transform_output, baselines)
    export.save(servable, fn_args.serving_model_dir)


def prepare(
    task: Task,
    hparams: Hparams,
    transform_output: tft.TFTransformOutput,
    build_model: BuildModel,
    train_files: list[str],
    eval_files: list[str],
) -> tuple[keras.Model, tf.data.Dataset, tf.data.Dataset]:
    """Seeds everything, builds the model and opens both splits; Trainer and Tuner begin so.

    Returns:
        The compiled model, built for the features' shapes, and the two splits' batches.

    Raises:
        DataError: If a split holds no example.
    """
    seed = int(hparams["seed"])
    keras.utils.set_random_seed(seed)
    batch_size = int(hparams["batch_size"])
    train = input_pipeline.batches(train_files, transform_output, task, batch_size, seed)
    evaluation = input_pipeline.batches(eval_files, transform_output, task, max(batch_size, 256))
    for split, dataset in (("training", train), ("evaluation", evaluation)):
        if next(iter(dataset.take(1)), None) is None:
            raise DataError(
                f"the {split} split holds no example; {task.name} needs more data than this"
            )
    return build_model(hparams, transform_output), train, evaluation


def warm_start(model: keras.Model, base_model_dir: str) -> None:
    """Begins with an exported model's weights, for every layer whose shapes still agree.

    Args:
        model: Changed in place.
        base_model_dir: SavedModel of an earlier run.
    """
    path = os.path.join(base_model_dir, export.WEIGHTS_FILE)
    if tf.io.gfile.exists(path):
        model.load_weights(path, skip_mismatch=True)


def _tuned(hyperparameters: Any) -> dict[str, Any]:  # noqa: ANN401
    """Values that a Tuner chose, out of KerasTuner's serialized form."""
    return dict(hyperparameters["values"]) if hyperparameters else {}


def _callbacks(hparams: Hparams, log_dir: str) -> list[keras.callbacks.Callback]:
    """Watches a fit; a `patience` of 0 trains all epochs and keeps the last weights."""
    patience = int(hparams["patience"])
    on_plateau = [
        keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(
            "val_loss", factor=0.5, patience=max(1, math.ceil(patience / 3))
        ),
    ]
    return [
        *(on_plateau if patience else []),
        keras.callbacks.TensorBoard(log_dir, profile_batch=0, write_graph=False),
        keras.callbacks.TerminateOnNaN(),
        _progress_callback(int(hparams["epochs"])),
    ]


def _progress_callback(epochs: int) -> keras.callbacks.Callback:
    def on_epoch_end(epoch: int, logs: dict[str, float]) -> None:
        figures = {name: float(np.asarray(value)) for name, value in logs.items()}
        progress.report(
            progress.Progress(done=epoch + 1, total=epochs, unit="epoch", figures=figures)
        )

    return keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
