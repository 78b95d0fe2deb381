"""What the pod of a step is given: resources, nodes to run on, volumes, secrets, attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeVar

from pydantic.dataclasses import dataclass

from kubeflow.compile.settings import STRICT, ByName, Number, Text, WholeNumber

ALL_STEPS = "default"
"""Stands for the steps that a setting by step does not name."""

_WEEK_S = 7 * 24 * 3600

Setting = TypeVar("Setting")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Resources:
    """What a step may use; zero is no limit.

    Attributes:
        cpu: Cores.
        memory_gb: Memory, in 10⁹ bytes.
        accelerator: Kubernetes' name of an accelerator, such as `nvidia.com/gpu`.
        accelerators: How many.
    """

    cpu: Number = 0.0
    memory_gb: Number = 0.0
    accelerator: Text = ""
    accelerators: WholeNumber = 0


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Toleration:
    """A taint of nodes that a step puts up with, as Kubernetes has it.

    Attributes:
        key: The taint's key; any where empty.
        operator: `Equal`, where the value must be the taint's, or `Exists`.
        value: The taint's value.
        effect: `NoSchedule`, `PreferNoSchedule` or `NoExecute`; any where empty.
        toleration_seconds: How long, after a taint that evicts; without end where -1.
    """

    key: Text = ""
    operator: Text = "Equal"
    value: Text = ""
    effect: Text = ""
    toleration_seconds: WholeNumber = -1


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Retries:
    """How often, and when, a step that failed begins again.

    Attributes:
        count: How many further attempts; none where 0.
        wait_s: Seconds before the first of them.
        factor: By how much each wait is longer than the one before.
        within_s: Seconds after which nothing is tried any more, from the beginning of the first
            attempt. An attempt that still runs then is ended.
    """

    count: WholeNumber = 0
    wait_s: WholeNumber = 30
    factor: WholeNumber = 2
    within_s: WholeNumber = _WEEK_S


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Volume:
    """A volume that every step sees.

    Attributes:
        claim: Name of the PersistentVolumeClaim.
        path: Where it is mounted.
    """

    claim: Text
    path: Text


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Secret:
    """A Kubernetes secret that every step sees, as variables, as files, or both.

    Attributes:
        secret: Its name.
        env: Keys of the secret by the variable that gets the value.
        path: Folder with a file for each key.
    """

    secret: Text
    env: ByName[Text] = field(default_factory=dict)
    path: Text = ""


def of_step(settings: Mapping[str, Setting], step: str, otherwise: Setting) -> Setting:
    """Gives a step its own setting, else the one for steps that are not named.

    Args:
        settings: Settings by the names of steps.
        step: The step's name.
        otherwise: What holds where neither is there.
    """
    return settings.get(step, settings.get(ALL_STEPS, otherwise))
