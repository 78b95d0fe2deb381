"""The search that every task's `tuner_fn` runs, before Trainer takes the best values over."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import tensorflow_transform as tft
from tfx.components.tuner.component import TunerFnResult

from modules.common.declaring.settings import change
from modules.common.declaring.task import Task
from modules.common.training import loop
from modules.common.training.callbacks import StepLimit

_TRIALS = 8


def tune(
    fn_args: Any,
    task: Task,
    build_model: loop.BuildModel,
    augment: loop.Augment | None = None,
) -> TunerFnResult:
    """Sets up a random search over the values that the task declares in `search`.

    Args:
        fn_args: What TFX's Tuner gives to `tuner_fn`; see `loop.run`.
        task: The declaration.
        build_model: Makes the compiled model.
        augment: Changes batches that are trained on.

    Returns:
        The tuner and the arguments of its fits.
    """
    settings = task.restore(fn_args.custom_config["settings"])
    transform_output = tft.TFTransformOutput(fn_args.transform_graph_path)

    def build(choices: keras_tuner.HyperParameters) -> keras.Model:
        chosen = {name: choices.Choice(name, list(values)) for name, values in task.search.items()}
        model = build_model(change(settings, **chosen), transform_output)
        loop.adapt(model, splits[0])
        return model

    splits = loop.splits(task, transform_output, settings, fn_args.train_files, fn_args.eval_files)
    keras.utils.set_random_seed(settings.seed)
    train, evaluation = loop.batches(*splits, settings, augment)
    tuner = keras_tuner.RandomSearch(
        build,
        objective="val_loss",
        max_trials=_TRIALS,
        seed=settings.seed,
        directory=fn_args.working_dir,
        project_name=task.name,
    )
    stop = keras.callbacks.EarlyStopping("val_loss", patience=max(1, settings.patience))
    most_steps = loop.most_steps_of(fn_args)
    fit = {
        "x": train,
        "validation_data": evaluation,
        "epochs": settings.epochs,
        "callbacks": [stop, *([StepLimit(most_steps)] if most_steps else [])],
        "verbose": 0,
    }
    return TunerFnResult(tuner=tuner, fit_kwargs=fit)
