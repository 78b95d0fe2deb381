"""Finds the raw data of a run: the user's folder or file, or else what Lianxi makes.

That is examples drawn as they are read where the task draws them, or else sample data, made once.
"""

from __future__ import annotations

import glob
import hashlib
import importlib
import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from modules.common.declaring.settings import SAMPLE, Settings, as_dict, tell
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Task
from modules.common.drawn.sources import GeneratedSource
from modules.common.reading.data_files import check_name
from modules.common.reading.spans import (
    PLACEHOLDERS,
    Span,
    choose_window,
    find_fixed_part,
    find_spans,
    word_spans,
)
from modules.common.reading.unread_files import all_files, by_ending, describe
from modules.common.runtime.digest import source_digest
from modules.common.runtime.errors import DataError, MissingDataError, WrongUsage
from pipelines import stopping
from pipelines.environment import Environment
from pipelines.locks import one_at_a_time
from pipelines.windows import SpanFiles, join_spans

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
        spans: Which spans it is, the newest last; none where no span was asked for.
        asked: The path that stood for them.
        newest: The newest span alone, where there are several.
        earlier: The spans before the newest that are there, the newest of them last.
    """

    folder: str
    source: Source
    patterns: tuple[str, ...]
    is_sample: bool = False
    drawn: int = 0
    spans: tuple[Span, ...] = ()
    asked: str = ""
    newest: DataLocation | None = None
    earlier: tuple[Span, ...] = ()

    @property
    def description(self) -> str:
        """The data in words."""
        if len(self.spans) > 1:
            return f"spans {word_spans(self.spans)} of {self.asked}"
        if self.spans:
            return f"{self.spans[0].path} (span {self.spans[0].label})"
        if self.drawn:
            return f"{self.drawn:,} examples, drawn as they are read"
        return f"sample data in {self.folder}" if self.is_sample else self.folder

    @property
    def files(self) -> str:
        """Globs of all files, one on a line; empty where examples are drawn."""
        folder = glob.escape(self.folder)
        return "\n".join(f"{folder}/{pattern}" for pattern in self.patterns)


def locate(
    task: Task,
    data: str | None,
    env: Environment,
    settings: Settings,
    window: int | None = None,
    span: str | None = None,
) -> DataLocation:
    """Finds the data, or what the task draws, or makes a sample.

    Args:
        task: The declaration.
        data: Folder or file that a person named, or `None` for what Lianxi makes. With `{SPAN}`
            and the like in it, it stands for the newest span.
        env: Says where sample data goes, and what several spans are joined to.
        settings: Resolved settings; some say how large a sample is.
        window: How many of the newest spans are read together; one where not given.
        span: The span that is taken for the newest, `20`, `2026-11-30`, or `20:3` with its version.

    Raises:
        DataError: If there is nothing there, or not in a layout that the task reads, or if no
            example would be drawn.
        WrongUsage: If spans are asked for of a path without placeholders, or they are wrong.
    """
    if data is not None and find_fixed_part(os.path.expanduser(data)):
        return _locate_spans(task, data, env, settings, window or 1, span or "")
    if window is not None or span:
        what = "--spans counts" if window else "--span names"
        raise WrongUsage(
            f"{what} spans of --data, which has to have {PLACEHOLDERS} in it, such as "
            f"--data 'days/{{SPAN}}'; found {data or 'no --data'}"
        )
    if data is None:
        for source in task.sources:
            if isinstance(source, GeneratedSource):
                return DataLocation(
                    folder="", source=source, patterns=(), drawn=source.examples(settings)
                )
        folder = _sample(task, env, settings)
        return _match(task, folder, is_sample=True)
    return _locate_path(task, Path(data).expanduser().resolve(), data)


def _locate_path(task: Task, path: Path, data: str) -> DataLocation:
    """Finds the data in a folder or a file that a person called `data`."""
    check_name(str(path))
    if path.is_file():
        source = _match(task, path.parent, named=path).source
        return DataLocation(
            folder=str(path.parent),
            source=source,
            patterns=(glob.escape(path.name), *source.companions),
        )
    if not path.is_dir():
        hint = f" (for the newest of several: {PLACEHOLDERS})" if "{" in data else ""
        raise MissingDataError(f"{data} does not exist; expected {_layouts(task)}{hint}")
    return _match(task, path)


def locate_span(task: Task, span: Span) -> DataLocation:
    """Finds the data of one span.

    Args:
        task: The declaration.
        span: One that is there.

    Raises:
        DataError: If it is not in a layout that the task reads.
    """
    found = _locate_path(task, Path(span.path).resolve(), span.path)
    return replace(found, spans=(span,))


def _locate_spans(
    task: Task, data: str, env: Environment, settings: Settings, window: int, up_to: str
) -> DataLocation:
    """Finds the newest spans, joined where there are several, and those before the newest."""
    asked = os.path.abspath(os.path.expanduser(data))
    spans = find_spans(asked, up_to)
    chosen = choose_window(spans, window, data)
    earlier = tuple(span for span in spans if span.number < chosen[-1].number)
    located = [locate_span(task, span) for span in chosen]
    newest = replace(located[-1], asked=asked, earlier=earlier)
    if window == 1:
        return newest
    parts = [
        SpanFiles(span.name, each.folder, each.patterns, each.source)
        for span, each in zip(chosen, located, strict=True)
    ]
    folder = join_spans(task, parts, env, settings)
    return replace(
        newest,
        folder=str(folder),
        patterns=newest.source.patterns,
        spans=tuple(chosen),
        newest=newest,
    )


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
