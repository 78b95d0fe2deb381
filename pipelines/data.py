"""Finds the raw data of a run: the user's folder or file, or else what Lianxi makes.

That is examples drawn as they are read where the task draws them, or else sample data, made once.
"""

from __future__ import annotations

import glob
import hashlib
import importlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from modules.common.declaring.settings import SAMPLE, Settings, as_dict, tell
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Task
from modules.common.drawn.sources import GeneratedSource
from modules.common.reading.data_files import check_name
from modules.common.reading.unread_files import all_files, by_ending, describe
from modules.common.runtime.digest import source_digest
from modules.common.runtime.errors import DataError, MissingDataError
from pipelines import stopping
from pipelines.environment import Environment
from pipelines.locks import one_at_a_time

# Whatever folder a person named by mistake is not walked through whole.
_LOOKED_AT_DEPTH = 3


@dataclass(frozen=True, kw_only=True)
class DataLocation:
    """Raw data that was found.

    Attributes:
        folder: Absolute path of the data folder; empty where examples are drawn.
        source: Which of the task's layouts it has.
        patterns: Globs of the files in it.
        is_sample: Whether Lianxi made it.
        drawn: How many examples are drawn as they are read.
    """

    folder: str
    source: Source
    patterns: tuple[str, ...]
    is_sample: bool = False
    drawn: int = 0

    @property
    def description(self) -> str:
        """The data in words."""
        if self.drawn:
            return f"{self.drawn:,} examples, drawn as they are read"
        return f"sample data in {self.folder}" if self.is_sample else self.folder

    @property
    def files(self) -> str:
        """Globs of all files, one on a line; empty where examples are drawn."""
        folder = glob.escape(self.folder)
        return "\n".join(f"{folder}/{pattern}" for pattern in self.patterns)


def locate(task: Task, data: str | None, env: Environment, settings: Settings) -> DataLocation:
    """Finds the data, or what the task draws, or makes a sample.

    Args:
        task: The declaration.
        data: Folder or file that a person named, or `None` for what Lianxi makes.
        env: Says where sample data goes.
        settings: Resolved settings; some say how large a sample is.

    Raises:
        DataError: If there is nothing there, or not in a layout that the task reads, or if no
            example would be drawn.
    """
    if data is None:
        for source in task.sources:
            if isinstance(source, GeneratedSource):
                return DataLocation(
                    folder="", source=source, patterns=(), drawn=source.examples(settings)
                )
        folder = _sample(task, env, settings)
        return _match(task, folder, is_sample=True)
    path = Path(data).expanduser().resolve()
    check_name(str(path))
    if path.is_file():
        source = _match(task, path.parent, named=path).source
        return DataLocation(
            folder=str(path.parent),
            source=source,
            patterns=(glob.escape(path.name), *source.companions),
        )
    if not path.is_dir():
        raise MissingDataError(f"{data} does not exist; expected {_layouts(task)}")
    return _match(task, path)


def _match(
    task: Task, folder: Path, is_sample: bool = False, named: Path | None = None
) -> DataLocation:
    for source in task.sources:
        if source.matches(folder):
            return DataLocation(
                folder=str(folder), source=source, patterns=source.patterns, is_sample=is_sample
            )
    if named is not None:
        raise DataError(f"{named} is not what {task.name} reads; expected {_layouts(task)}")
    names = sorted(entry.name for entry in folder.iterdir())
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    endings = describe(by_ending(all_files(str(folder), _LOOKED_AT_DEPTH)))
    what = f"{listed or 'nothing'}{f' ({endings})' if endings else ''}"
    raise DataError(f"{folder} holds {what}; expected {_layouts(task)}")


def _layouts(task: Task) -> str:
    layouts = [source.layout for source in task.sources if not isinstance(source, GeneratedSource)]
    return ", or ".join(layouts) or "no data: the task draws its own, so leave --data out"


def _sample(task: Task, env: Environment, settings: Settings) -> Path:
    """Makes the sample in a folder named by what it depends on; one without files is made anew."""
    module = importlib.import_module(f"modules.{task.name}.sample.maker")
    told = tell(settings, SAMPLE)
    depends_on = json.dumps([as_dict(told), source_digest(module.__name__)])
    name = hashlib.sha256(depends_on.encode()).hexdigest()[:12]
    folder = Path(env.sample_dir(task.name)) / name
    # Two first runs make one sample: the second waits, and finds it made.
    with one_at_a_time(folder.parent.with_suffix(".lock")):
        if not any(path.is_file() for path in folder.rglob("*")):
            shutil.rmtree(folder, ignore_errors=True)
            stopping.doing("the making of sample data")
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            module.write_sample(unfinished, told)
            unfinished.rename(folder)
            stopping.doing("")
    return folder
