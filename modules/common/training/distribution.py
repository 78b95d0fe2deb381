"""Over what training is spread, as a person asks for it; light, for every command imports it.

It changes how a model is trained, not which: batches are as large and steps as many as in one
process. So it is no setting of a task, and the cache does not look at it.

It is handed on in variables, since training may be in another process than the command:

    LIANXI_STRATEGY            none, mirrored or multi_worker
    LIANXI_WORKERS             how many workers are started on this machine
    TF_CONFIG                  TensorFlow's: which workers there are, and which of them this is
    LIANXI_TRAINING_ARGUMENTS  a file that all workers of TF_CONFIG see: what to train
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modules.common.runtime.errors import WrongUsage, did_you_mean

STRATEGY_VARIABLE = "LIANXI_STRATEGY"
WORKERS_VARIABLE = "LIANXI_WORKERS"
ARGUMENTS_VARIABLE = "LIANXI_TRAINING_ARGUMENTS"
CLUSTER_VARIABLE = "TF_CONFIG"
NONE, MIRRORED, MULTI_WORKER = STRATEGIES = ("none", "mirrored", "multi_worker")
DEFAULT_WORKERS = 2
MOST_WORKERS = 64


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Over what training is spread.

    Attributes:
        strategy: `none`: one device, or what TensorFlow takes; `mirrored`: all devices of this
            machine; `multi_worker`: several processes, here or on several machines.
        workers: How many processes, where there is no TF_CONFIG.
    """

    strategy: str = NONE
    workers: int = DEFAULT_WORKERS

    def __post_init__(self) -> None:
        """Raises `WrongUsage` for what there is not."""
        if self.strategy not in STRATEGIES:
            close = did_you_mean(self.strategy, STRATEGIES)
            raise WrongUsage(f"no strategy is called {self.strategy!r}; {close}")
        if not 1 <= self.workers <= MOST_WORKERS:
            raise WrongUsage(f"expected 1 to {MOST_WORKERS} workers, found {self.workers}")

    def variables(self) -> dict[str, str]:
        """What hands this on to another process."""
        return {STRATEGY_VARIABLE: self.strategy, WORKERS_VARIABLE: str(self.workers)}


def read(variables: Mapping[str, str] = os.environ) -> Distribution:
    """Reads what a person asked for.

    Args:
        variables: Of a process.

    Raises:
        WrongUsage: For a strategy or a number of workers that there is not.
    """
    workers = variables.get(WORKERS_VARIABLE, "").strip() or str(DEFAULT_WORKERS)
    if not (workers.isascii() and workers.isdigit()):
        raise WrongUsage(f"expected a number of workers in {WORKERS_VARIABLE}, found {workers!r}")
    strategy = variables.get(STRATEGY_VARIABLE, "").strip() or NONE
    return Distribution(strategy=strategy, workers=int(workers))


@dataclass(frozen=True, kw_only=True)
class Member:
    """One of the workers that a TF_CONFIG names.

    Attributes:
        kind: `chief` or `worker`.
        index: Of the kind.
        workers: How many there are, the chief among them.
        has_chief: Whether one is called so; else the first worker is the chief.
    """

    kind: str
    index: int
    workers: int
    has_chief: bool

    @property
    def is_chief(self) -> bool:
        """Whether this one writes."""
        return self.kind == "chief" or (not self.has_chief and self.index == 0)

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.kind} {self.index}"


def read_member(variables: Mapping[str, str] = os.environ) -> Member | None:
    """Reads TF_CONFIG, or gives `None` where it names no workers.

    Args:
        variables: Of a process.

    Raises:
        WrongUsage: If it is not what TensorFlow reads.
    """
    text = variables.get(CLUSTER_VARIABLE, "").strip()
    if not text:
        return None
    expected = (
        'expected {"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": '
        "0}}, with a list of one chief too where there is one"
    )
    try:
        told: Any = json.loads(text)
        cluster = {kind: list(told["cluster"][kind]) for kind in told.get("cluster", {})}
        kind, index = str(told["task"]["type"]), int(told["task"]["index"]) if cluster else 0
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, KeyError) and not told.get("cluster"):
            return None
        raise WrongUsage(f"{CLUSTER_VARIABLE} cannot be read: {expected}, found {text!r}") from None
    if not cluster:
        return None
    there = {each: cluster.get(each, []) for each in ("chief", "worker")}
    if set(cluster) - {*there, "evaluator"} or not 0 <= index < len(there.get(kind, [])):
        raise WrongUsage(
            f"{CLUSTER_VARIABLE} names no such worker: {expected}, found {text!r}; there are no "
            "parameter servers, and no evaluator trains"
        )
    return Member(
        kind=kind,
        index=index,
        workers=sum(map(len, there.values())),
        has_chief=bool(there["chief"]),
    )


def check_run(chosen: Distribution, workers: int | None) -> None:
    """Checks that a whole run may begin here, before anything is done.

    Args:
        chosen: What was asked for.
        workers: How many were asked for in so many words.

    Raises:
        WrongUsage: If TF_CONFIG says that this is not the chief, or other than was asked for.
    """
    member = read_member() if chosen.strategy == MULTI_WORKER else None
    if member is None:
        return
    if not member.is_chief:
        raise WrongUsage(
            f"{CLUSTER_VARIABLE} says that this is {member.name}, and the run is the chief's; "
            "start python -m modules.common.training.worker here (--help says more)"
        )
    if workers not in (None, member.workers):
        raise WrongUsage(
            f"{CLUSTER_VARIABLE} names {member.workers} workers, and {workers} were asked for; "
            "leave --workers out, or the variable unset to start them on this machine"
        )
    if member.workers > 1 and not os.environ.get(ARGUMENTS_VARIABLE):
        raise WrongUsage(
            f"{CLUSTER_VARIABLE} names {member.workers} workers, which must be told what to train: "
            f"expected a file that all of them see in {ARGUMENTS_VARIABLE}, found none (python -m "
            "modules.common.training.worker --help says more)"
        )
