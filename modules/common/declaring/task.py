"""The declaration of a task: one frozen value, validated when it is made.

A task's `task.py` builds one `Task` and binds it to the name `TASK`. Everything that is the same
for all tasks reads this value: the pipeline builder, the command line, the Evaluator's
configuration, the exported signatures and the conformance tests. This module and what it imports
never import TensorFlow, so that listing tasks is quick.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from modules.common.declaring.features import Dtype, Feature, Shape, Value
from modules.common.declaring.fields import Field, Serving
from modules.common.declaring.metrics import Gate, Metric
from modules.common.declaring.setting_bounds import out_of_bounds
from modules.common.declaring.sources import Source
from modules.common.runtime.errors import TaskError, did_you_mean

__all__ = ["Dtype", "Feature", "Field", "Gate", "Metric", "Serving", "Shape", "Task", "Value"]

SHARED_CHOICES: Mapping[str, tuple[Value, ...]] = {
    "schedule": ("plateau", "cosine"),
    "precision": ("auto", "float32", "mixed_bfloat16"),
}
"""Values of the hyperparameters that training reads for every task that has them."""

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
        features: What Transform gives, the label among them; a function of the hyperparameters
            where it depends on them. Others read it by `features_for`.
        label: Name of the transformed label.
        target_is_input: Whether the model is given the label too, as one that learns to give
            back what it is given.
        hparams: Hyperparameters and data options with their defaults; `--set` changes them.
        data_hparams: Which of them reading and Transform are told; a change of any other reads
            no data again.
        choices: The values that a hyperparameter may take, where they are few; those of
            `SHARED_CHOICES` are added.
        file_hparams: Which of them are paths of files, or empty: a run asks for the file to be
            there, and notices when its contents change.
        smoke: Overlay of `hparams` that makes a run tiny.
        metrics: What Evaluator computes, the one that people ask for first.
        search: Hyperparameters that a Tuner may choose, with the values to choose from.
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
    features: tuple[Feature, ...] | Callable[[Mapping[str, Value]], tuple[Feature, ...]]
    label: str
    hparams: Mapping[str, Value]
    smoke: Mapping[str, Value]
    metrics: tuple[Metric, ...]
    serving: Serving
    target_is_input: bool = False
    choices: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    search: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    data_hparams: tuple[str, ...] = ()
    file_hparams: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    quarantine_limit: float = 0.05
    max_latency_ms: float = 1000.0
    exemptions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freezes the mappings; raises `TaskError` where the declaration is not valid."""
        shared = {name: SHARED_CHOICES[name] for name in SHARED_CHOICES if name in self.hparams}
        object.__setattr__(self, "choices", {**shared, **self.choices})
        for name in ("hparams", "choices", "smoke", "search", "exemptions"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        problems = list(self._problems())
        if problems:
            raise TaskError(f"task {self.name!r} is not valid: " + "; ".join(problems))

    def features_for(self, hparams: Mapping[str, Value]) -> tuple[Feature, ...]:
        """Says what Transform gives.

        Args:
            hparams: Resolved hyperparameters.
        """
        return self.features(hparams) if callable(self.features) else self.features

    def describe_choices(self, name: str) -> str:
        """Says which values a hyperparameter may take: a list, or from where to where.

        Returns:
            An empty string where it may take any.
        """
        values = self.choices.get(name, ())
        numbers = [value for value in values if type(value) is int]
        if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[0] + len(values))):
            return f"{numbers[0]} to {numbers[-1]}"
        return f"one of {', '.join(map(str, values))}" if values else ""

    def _problems(self) -> list[str]:
        found = []
        features = self.features_for(self.hparams)
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
        for which in ("smoke", "search", "choices", "data_hparams", "file_hparams"):
            unknown = set(getattr(self, which)) - set(self.hparams)
            found += [f"{which} has unknown {name!r}" for name in unknown]
        counts = {getattr(source, "count", None) for source in self.sources} - {None}
        found += [
            f"data_hparams lacks {name!r}, by which its examples are counted"
            for name in counts - set(self.data_hparams)
        ]
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

    def resolve_hparams(
        self, settings: Mapping[str, str | Value], smoke: bool = False
    ) -> dict[str, Value]:
        """Lays `settings` over the defaults.

        Args:
            settings: Values by name; strings, as from `--set name=value`, are read as the
                default's type.
            smoke: Whether the smoke overlay comes between.

        Returns:
            Every hyperparameter with its value.

        Raises:
            TaskError: As `lay_over_defaults`, or for settings that do not go together.
        """
        values = self.lay_over_defaults(settings, smoke)
        # Features that depend on settings say which of them do not go together.
        self.features_for(values)
        return values

    def lay_over_defaults(
        self, settings: Mapping[str, str | Value], smoke: bool = False
    ) -> dict[str, Value]:
        """Does what `resolve_hparams` does with each setting by itself.

        It is for settings that are only some of those that go together.

        Args:
            settings: As `resolve_hparams`.
            smoke: As `resolve_hparams`.

        Raises:
            TaskError: For a name that the task does not have, a value of another type, one that
                is not among its choices, or a file that is not there.
        """
        values = dict(self.hparams) | (dict(self.smoke) if smoke else {})
        for name, value in settings.items():
            if name not in values:
                raise TaskError(
                    f"{self.name} has no setting {name!r}; {did_you_mean(name, values)}"
                )
            values[name] = _parse(self.name, name, value, self.hparams[name])
            if name in self.choices and values[name] not in self.choices[name]:
                raise TaskError(
                    f"{self.name}: {name} takes {self.describe_choices(name)}, found {value!r}"
                )
            number = values[name]
            if isinstance(number, int | float) and not isinstance(number, bool):
                wanted = out_of_bounds(name, number)
                if wanted:
                    raise TaskError(f"{self.name}: {name} takes {wanted}, found {value!r}")
            if name in self.file_hparams:
                _check_file(self.name, name, str(value))
        return values


def _check_file(task: str, name: str, path: str) -> None:
    is_remote = "://" in path
    if path and not is_remote and not Path(path).expanduser().is_file():
        raise TaskError(f"{task}: {name} takes the path of a file, found no file {path!r}")


def _parse(task: str, name: str, value: str | Value, default: Value) -> Value:
    """Reads `value` as the type of `default`."""
    try:
        if isinstance(default, bool):
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
        return type(default)(str(value))
    except (KeyError, ValueError) as error:
        raise TaskError(
            f"{task}: {name} takes {type(default).__name__} (default {default!r}), found {value!r}"
        ) from error
