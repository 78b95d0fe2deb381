"""What the pod of a step is given: resources, nodes to run on, volumes, secrets, attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

ALL_STEPS = "default"
"""Stands for the steps that a setting by step does not name."""

_WEEK_S = 7 * 24 * 3600

Setting = TypeVar("Setting")


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a step may use; zero is no limit.

    Attributes:
        cpu: Cores.
        memory_gb: Memory, in 10⁹ bytes.
        accelerator: Kubernetes' name of an accelerator, such as `nvidia.com/gpu`.
        accelerators: How many.
    """

    cpu: float = 0.0
    memory_gb: float = 0.0
    accelerator: str = ""
    accelerators: int = 0


@dataclass(frozen=True, kw_only=True)
class Toleration:
    """A taint of nodes that a step puts up with, as Kubernetes has it.

    Attributes:
        key: The taint's key; any where empty.
        operator: `Equal`, where the value must be the taint's, or `Exists`.
        value: The taint's value.
        effect: `NoSchedule`, `PreferNoSchedule` or `NoExecute`; any where empty.
        toleration_seconds: How long, after a taint that evicts; without end where -1.
    """

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""
    toleration_seconds: int = -1


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How often, and when, a step that failed begins again.

    Attributes:
        count: How many further attempts; none where 0.
        wait_s: Seconds before the first of them.
        factor: By how much each wait is longer than the one before.
        within_s: Seconds after which nothing is tried any more, from the beginning of the first
            attempt. An attempt that still runs then is ended.
    """

    count: int = 0
    wait_s: int = 30
    factor: int = 2
    within_s: int = _WEEK_S


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A volume that every step sees.

    Attributes:
        claim: Name of the PersistentVolumeClaim.
        path: Where it is mounted.
    """

    claim: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A Kubernetes secret that every step sees, as variables, as files, or both.

    Attributes:
        secret: Its name.
        env: Keys of the secret by the variable that gets the value.
        path: Folder with a file for each key.
    """

    secret: str
    env: Mapping[str, str] = field(default_factory=dict)
    path: str = ""


def of_step(settings: Mapping[str, Setting], step: str, otherwise: Setting) -> Setting:
    """Gives a step its own setting, else the one for steps that are not named.

    Args:
        settings: Settings by the names of steps.
        step: The step's name.
        otherwise: What holds where neither is there.
    """
    return settings.get(step, settings.get(ALL_STEPS, otherwise))
