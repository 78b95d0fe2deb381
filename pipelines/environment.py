"""Where a run keeps its things, how Beam runs, and how much training is done."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from modules.common.reading.data_files import check_name
from modules.common.runtime.errors import WrongUsage, did_you_mean
from pipelines.engines import local as local_engine

ROOT_VARIABLE = "LIANXI_ROOT"
KEEP_VERSIONS_VARIABLE = "LIANXI_KEEP_VERSIONS"
LOCAL, SMOKE, KUBEFLOW = "local", "smoke", "kubeflow"
_DEFAULT_ROOT = "lianxi_runs"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Where and how a pipeline runs.

    Attributes:
        name: `local`, `smoke` or `kubeflow`.
        root: Folder or bucket for artifacts, metadata, models, logs and sample data.
        engine: What Beam runs on: `local`, `flink`, `portable`.
        beam_args: Arguments of Beam's runner.
        flink_rest: `HOST:PORT` of the REST service of Flink's JobManager, where it is known.
        smoke: Whether the tasks' smoke overlays make training tiny.
        push_to: Where models are pushed to; `models` in the root where empty.
        keep_versions: How many pushed versions of a model are kept; all where 0.
        given_root: The root as a person named it, or an empty string.
    """

    name: str
    root: str
    engine: str = "local"
    beam_args: tuple[str, ...] = ()
    flink_rest: str = ""
    smoke: bool = False
    push_to: str = ""
    keep_versions: int = 0
    given_root: str = ""

    @property
    def options(self) -> str:
        """What a command line needs to come here, with a blank before each."""
        name = "" if self.name == LOCAL else f" --env {self.name}"
        return name + (f" --root {shlex.quote(self.given_root)}" if self.given_root else "")

    @property
    def models_dir(self) -> str:
        """Pushed models, in TensorFlow Serving's layout."""
        return self.push_to or os.path.join(self.root, "models")

    @property
    def has_metadata(self) -> bool:
        """Whether TFX keeps its own metadata here; a cluster keeps its own."""
        return self.name != KUBEFLOW

    @property
    def logs_dir(self) -> str:
        """TFX's logs, one file for each run."""
        return os.path.join(self.root, "logs")

    @property
    def cluster_dir(self) -> str:
        """State and logs of the cluster on this machine, which smoke runs share."""
        base = os.path.dirname(self.root) if self.name == SMOKE else self.root
        return os.path.join(base, "cluster")

    def pipeline_name(self, task_name: str) -> str:
        """Name of a task's pipeline; Kubernetes allows no underscores."""
        return task_name.replace("_", "-") if self.name == KUBEFLOW else task_name

    def pipeline_dir(self, task_name: str) -> str:
        """Artifacts of a task's pipeline."""
        return os.path.join(self.root, "pipelines", task_name)

    def metadata_path(self, task_name: str) -> str:
        """Metadata of a task's pipeline, SQLite."""
        return os.path.join(self.root, "metadata", f"{task_name}.sqlite")

    def sample_dir(self, task_name: str) -> str:
        """Sample data of a task."""
        return os.path.join(self.root, "sample", task_name)

    def reports_dir(self, task_name: str) -> str:
        """Reports of a task's runs."""
        return os.path.join(self.root, "reports", task_name)

    def report_path(self, task_name: str, run_id: str) -> Path:
        """The report of a run.

        Args:
            task_name: The task.
            run_id: TFX's id of it; runs that failed before they had one share a report.
        """
        return Path(self.reports_dir(task_name), f"{run_id or 'not_begun'}.html")

    def holds(self, task_name: str) -> bool:
        """Whether there is anything of a task here."""
        places = (self.metadata_path, self.pipeline_dir, self.sample_dir, self.reports_dir)
        paths = [*(place(task_name) for place in places), os.path.join(self.models_dir, task_name)]
        return any(os.path.exists(path) for path in paths)

    def with_beam_args(self, arguments: tuple[str, ...]) -> Environment:
        """Lays Beam arguments over these; another runner than the local one takes its own only."""
        is_other_runner = any(argument.startswith("--runner") for argument in arguments)
        return replace(self, beam_args=(() if is_other_runner else self.beam_args) + arguments)


def kubeflow_environment(
    models_dir: str,
    beam_args: tuple[str, ...] = (),
    smoke: bool = False,
    keep_versions: int = 0,
) -> Environment:
    """Makes the environment of a cluster, in which nothing of this machine is known.

    Args:
        models_dir: Where models are pushed to.
        beam_args: Arguments of Beam's runner in place of the local one's.
        smoke: Whether training is tiny.
        keep_versions: How many pushed versions of a model are kept; all where 0.
    """
    made = Environment(
        name=KUBEFLOW,
        root="",
        beam_args=local_engine.BEAM_ARGS,
        smoke=smoke,
        push_to=models_dir,
        keep_versions=keep_versions,
    )
    return made.with_beam_args(beam_args)


def environment(name: str = LOCAL, root: str | None = None) -> Environment:
    """Makes an environment by its name.

    Args:
        name: `local` or `smoke`.
        root: Where everything goes; the variable LIANXI_ROOT, or `lianxi_runs` in the current
            folder, where not given.

    The variable LIANXI_KEEP_VERSIONS says how many pushed versions are kept.

    Raises:
        WrongUsage: For another name, a root that is no folder, or a variable that is no number.
        DataError: If the root's path is not UTF-8.
    """
    base = str(Path(root or os.environ.get(ROOT_VARIABLE) or _DEFAULT_ROOT).absolute())
    check_name(base)
    _check_folder(Path(base))
    local = Environment(
        name=LOCAL,
        root=base,
        beam_args=local_engine.BEAM_ARGS,
        keep_versions=_read_kept_versions(),
        given_root=root or "",
    )
    smoke = replace(local, name=SMOKE, root=os.path.join(base, SMOKE), smoke=True)
    known = {each.name: each for each in (local, smoke)}
    if name not in known:
        raise WrongUsage(f"no environment is called {name!r}; {did_you_mean(name, known)}")
    return known[name]


def _read_kept_versions() -> int:
    text = os.environ.get(KEEP_VERSIONS_VARIABLE, "").strip() or "0"
    if not (text.isascii() and text.isdigit()):
        raise WrongUsage(
            f"expected a number of versions in {KEEP_VERSIONS_VARIABLE}, found {text!r}; all "
            "are kept where it is 0"
        )
    return int(text)


def other(env: Environment) -> Environment:
    """Gives the environment beside this one: smoke's for `local`, and the other way round."""
    base = env.root if env.name == LOCAL else os.path.dirname(env.root)
    made = environment(SMOKE if env.name == LOCAL else LOCAL, base)
    return replace(made, given_root=env.given_root)


def _check_folder(path: Path) -> None:
    """Raises `WrongUsage` where a folder cannot be at a path, since a file is, or above it."""
    for place in (path, *path.parents):
        if place.is_dir():
            return
        if place.exists():
            raise WrongUsage(
                f"the root {path} cannot be a folder, since {place} is a file; name a folder with "
                f"--root, or in the variable {ROOT_VARIABLE}"
            )
