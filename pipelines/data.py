"""Finds the raw data of a run: the user's folder or file, or else sample data, made once."""

from __future__ import annotations

import glob
import hashlib
import importlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modules.common.errors import DataError
from modules.common.sources import Source
from modules.common.task import Task, Value
from pipelines.environment import Environment


@dataclass(frozen=True, kw_only=True)
class DataLocation:
    """Raw data that was found.

    Attributes:
        folder: Absolute path of the data folder.
        source: Which of the task's layouts it has.
        pattern: Glob of the files in it.
        is_sample: Whether Lianxi made it.
    """

    folder: str
    source: Source
    pattern: str
    is_sample: bool = False


def locate(
    task: Task, data: str | None, env: Environment, hparams: Mapping[str, Value]
) -> DataLocation:
    """Finds the data, or makes a sample.

    Args:
        task: The declaration.
        data: Folder or file that a person named, or `None` for sample data.
        env: Says where sample data goes.
        hparams: Resolved hyperparameters; some say how large a sample is.

    Raises:
        DataError: If there is nothing there, or not in a layout that the task reads.
    """
    if data is None:
        folder = _sample(task, env, hparams)
        return _match(task, folder, is_sample=True)
    path = Path(data).expanduser().resolve()
    if path.is_file():
        source = _match(task, path.parent).source
        return DataLocation(folder=str(path.parent), source=source, pattern=glob.escape(path.name))
    if not path.is_dir():
        raise DataError(f"{data} does not exist; expected {_layouts(task)}")
    return _match(task, path)


def _match(task: Task, folder: Path, is_sample: bool = False) -> DataLocation:
    for source in task.sources:
        if source.matches(folder):
            return DataLocation(
                folder=str(folder), source=source, pattern=source.pattern, is_sample=is_sample
            )
    names = sorted(entry.name for entry in folder.iterdir())
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    raise DataError(f"{folder} holds {listed or 'nothing'}; expected {_layouts(task)}")


def _layouts(task: Task) -> str:
    return ", or ".join(source.layout for source in task.sources)


def _sample(task: Task, env: Environment, hparams: Mapping[str, Value]) -> Path:
    """Makes the sample in a folder named by what it depends on; a half-made one is begun anew."""
    module = importlib.import_module(f"modules.{task.name}.sample")
    settings = {name: value for name, value in hparams.items() if name.startswith("sample_")}
    source = Path(module.__file__ or "").read_bytes()
    depends_on = json.dumps([settings, hparams["seed"]]).encode() + source
    folder = Path(env.sample_dir(task.name)) / hashlib.sha256(depends_on).hexdigest()[:12]
    if not folder.is_dir():
        unfinished = folder.with_suffix(f".{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        module.write_sample(unfinished, int(hparams["seed"]), dict(hparams))
        unfinished.rename(folder)
    return folder
