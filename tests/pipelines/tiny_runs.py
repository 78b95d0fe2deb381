"""Whole runs of a pipeline of three components that take no time, by TFX's own runner."""

from __future__ import annotations

from pathlib import Path

from stand_ins import Evaluator, Pusher, Trainer
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from pipelines.builder import assemble
from pipelines.careful_launcher import launch_by
from pipelines.environment import Environment


def run(env: Environment, seed: int, fails: str = "") -> None:
    """Trains, blesses and pushes; a seed that was had before is taken from the cache.

    Args:
        env: Where.
        seed: What the model depends on.
        fails: Name of the component that fails, having written what it writes.
    """
    trainer = Trainer(seed=seed, fails=int(fails == "Trainer"))
    evaluator = Evaluator(model=trainer.outputs["model"], fails=int(fails == "Evaluator"))
    pusher = Pusher(
        model=trainer.outputs["model"],
        blessing=evaluator.outputs["blessing"],
        folder=str(Path(env.models_dir, "name_gender")),
        fails=int(fails == "Pusher"),
    )
    with launch_by():
        LocalDagRunner().run(assemble("name_gender", env, [trainer, evaluator, pusher]))
