"""The declaration of a task: one frozen value, validated when it is made.

A task's `task.py` builds one `Task` and binds it to the name `TASK`. Everything that is the same
for all tasks reads this value: the pipeline builder, the command line, the Evaluator's
configuration, the exported signatures and the conformance tests. This module and what it imports
never import TensorFlow, so that listing tasks is quick.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from modules.common.declaring.features import Dtype, Feature, Shape, Value
from modules.common.declaring.fields import Field, Serving
from modules.common.declaring.metrics import Gate, Metric
from modules.common.declaring.setting import Setting
from modules.common.declaring.settings import (
    DATA,
    Settings,
    list_settings,
    names_told,
    resolve,
    restore,
)
from modules.common.declaring.sources import Source
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.runtime.errors import SettingError, TaskError

__all__ = ["Dtype", "Feature", "Field", "Gate", "Metric", "Serving", "Shape", "Task", "Value"]

UNKNOWN_CLASS = "unknown"
"""What stands for a class that is not known; such an example is of no class."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task, whole. See the module's docstring.

    Attributes:
        name: Folder, pipeline and model name, `subject_output`.
        title: One line for people.
        sources: Layouts of raw data that the task reads, the usual one first.
        features: What Transform gives, the label among them; a function of the settings where it
            depends on them. Others read it by `features_for`.
        label: Name of the transformed label.
        target_is_input: Whether the model is given the label too, as one that learns to give
            back what it is given.
        settings: The class of what may be set: of training, of reading data, of the sample.
        trains: Whether there is something to train; else `settings` need not be those of training.
        metrics: What Evaluator computes, the one that people ask for first.
        serving: The served signature.
        slices: Raw features by whose values the metrics are split.
        classes: Raw features of strings whose values the model tells apart; a run says before
            training where one of them has a single value, or a value in one split only.
        quarantine_limit: Share of bad records above which a run stops.
        max_latency_ms: What one request of `serving.example` may take once the model is warm.
        exemptions: Conformance checks the task is excused from, with the reason.
    """

    name: str
    title: str
    sources: tuple[Source, ...]
    features: tuple[Feature, ...] | Callable[[Any], tuple[Feature, ...]]
    label: str
    settings: type[Settings]
    metrics: tuple[Metric, ...]
    serving: Serving
    target_is_input: bool = False
    trains: bool = True
    slices: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    quarantine_limit: float = 0.05
    max_latency_ms: float = 1000.0
    exemptions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freezes the mappings; raises `TaskError` where the declaration is not valid."""
        object.__setattr__(self, "exemptions", MappingProxyType(dict(self.exemptions)))
        problems = list(self._problems())
        if problems:
            raise TaskError(f"task {self.name!r} is not valid: " + "; ".join(problems))

    @property
    def declared(self) -> tuple[Setting, ...]:
        """The settings, each whole."""
        return list_settings(self.settings)

    @property
    def search(self) -> dict[str, tuple[Value, ...]]:
        """Settings that a Tuner may choose, with the values to choose from."""
        return {each.name: each.search for each in self.declared if each.search}

    def features_for(self, settings: Settings) -> tuple[Feature, ...]:
        """Says what Transform gives.

        Args:
            settings: Resolved settings, or those that reading is told.
        """
        return self.features(settings) if callable(self.features) else self.features

    def _problems(self) -> list[str]:
        if not (isinstance(self.settings, type) and issubclass(self.settings, Settings)):
            return [f"settings must be a class that derives from Settings, found {self.settings!r}"]
        found = list(self._problems_of_settings())
        try:
            self.features_for(resolve(self.settings, {}, smoke=True))
            features = self.features_for(self.settings())
        except (SettingError, TaskError) as error:
            return [*found, f"its defaults, or those of a smoke run, do not go together: {error}"]
        if not _NAME.fullmatch(self.name):
            found.append("its name must be lower_snake_case")
        for kind, names in (
            ("feature", [feature.name for feature in features]),
            ("metric", [metric.name for metric in self.metrics]),
            ("serving input", [entry.name for entry in self.serving.inputs]),
            ("serving output", [entry.name for entry in self.serving.outputs]),
        ):
            found += [f"{kind} {name!r} twice" for name in set(names) if names.count(name) > 1]
            if not names:
                found.append(f"it declares no {kind}")
        if not self.sources:
            found.append("it declares no source")
        if self.label not in {feature.name for feature in features}:
            found.append(f"its label {self.label!r} is not among its features")
        if not any(metric.gate for metric in self.metrics):
            found.append("none of its metrics has a gate")
        given = set(self.serving.example)
        needed = {entry.name for entry in self.serving.inputs if entry.default is None}
        if not needed <= given <= {entry.name for entry in self.serving.inputs}:
            found.append(
                "serving.example must give every serving input that has no default, and "
                "nothing that is no input"
            )
        if not 0 <= self.quarantine_limit < 1:
            found.append("quarantine_limit must be in [0, 1)")
        return found

    def _problems_of_settings(self) -> Iterator[str]:
        """Says what training and reading are told too little of."""
        if self.trains and not issubclass(self.settings, TrainingSettings):
            yield (
                "its settings lack what training reads; derive them from TrainingSettings, or say "
                "trains=False"
            )
        told = names_told(self.settings, DATA)
        for source in self.sources:
            for needed in source.settings:
                if not issubclass(self.settings, needed):
                    yield (
                        f"{type(source).__name__} reads {needed.__name__}, from which its settings "
                        "do not derive"
                    )
            for name in source.named_settings:
                if name not in told:
                    yield f"{type(source).__name__} reads {name!r}, no setting with reads=DATA"

    def resolve(self, given: Mapping[str, Value], smoke: bool = False) -> Any:
        """Lays values over the defaults.

        Args:
            given: Values by name; a text, as from `--set name=value`, is read as the setting's
                type.
            smoke: Whether the values of smoke runs come between.

        Returns:
            An instance of `settings`.

        Raises:
            TaskError: For a name that the task does not have, a value that is not expected, or
                values that do not go together.
        """
        try:
            settings = resolve(self.settings, given, smoke)
        except SettingError as error:
            raise TaskError(f"{self.name}: {error}") from error
        # Features that depend on settings say which of them do not go together.
        self.features_for(settings)
        return settings

    def restore(self, told: Mapping[str, Value]) -> Any:
        """Makes settings of what `settings.as_dict` made of them: all, or those that were told.

        Raises:
            TaskError: As `resolve`.
        """
        try:
            return restore(self.settings, told)
        except SettingError as error:
            raise TaskError(f"{self.name}: {error}") from error
