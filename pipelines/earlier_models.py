"""Nodes that find earlier models: what a candidate is compared with, or training begins with.

On this machine TFX's metadata knows which models were blessed. A cluster is asked for the model
that was pushed last, since KFP has no resolvers.
"""

from __future__ import annotations

from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Model, ModelBlessing

from components.previous_blessed_model import PreviousBlessedModelStrategy
from components.pushed_model import PushedModel
from modules.common.declaring.task import Task
from pipelines.environment import Environment


def latest_model(task: Task, env: Environment) -> BaseNode:
    """Makes the node that finds the model which training begins with.

    Args:
        task: The declaration.
        env: Where the pipeline runs.

    Returns:
        A node with the output `model`.
    """
    if not env.has_metadata:
        return PushedModel(models_dir=env.models_dir, task_name=task.name, version="")
    return Resolver(
        strategy_class=PreviousBlessedModelStrategy,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
    ).with_id("latest_blessed_model")


def previous_model(
    task: Task, env: Environment, candidate: Channel, latest: BaseNode | None
) -> BaseNode:
    """Makes the node that finds the model which Evaluator compares with.

    Args:
        task: The declaration.
        env: Where the pipeline runs.
        candidate: Trainer's model.
        latest: What `latest_model` made for this pipeline, if anything; in a cluster it serves
            both.

    Returns:
        A node with the output `model`.
    """
    if not env.has_metadata:
        return latest or latest_model(task, env)
    return Resolver(
        strategy_class=PreviousBlessedModelStrategy,
        candidate=candidate,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
    ).with_id("previous_blessed_model")
