"""Joins several spans of data to one data set, of links in a folder of its own.

ExampleGen then reads it as any other: splits, duplicates and lists are of all spans together, so
that what is in two spans is on one side of the split.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from modules.common.declaring.settings import DATA, Settings, as_dict, tell
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Task
from modules.common.pictures.label_lists import find_list
from modules.common.pictures.sources import ImageFolderSource
from modules.common.reading.data_files import find_files, fingerprint
from modules.common.reading.file_endings import PICTURES, ending_of
from modules.common.reading.unread_files import all_files
from modules.common.runtime.errors import DataError
from modules.common.series.joined_series import join_series
from modules.common.series.settings import SeriesSettings
from modules.common.series.sources import TimeSeriesSource
from pipelines.environment import Environment
from pipelines.locks import one_at_a_time

_ADVICE = "leave --spans out, and the newest span is read alone"


@dataclass(frozen=True)
class SpanFiles:
    """The files of one span.

    Attributes:
        name: The span as its path has it.
        folder: Where they lie.
        patterns: Globs of those that are read, relative to the folder.
        source: The layout.
    """

    name: str
    folder: str
    patterns: tuple[str, ...]
    source: Source

    @property
    def files(self) -> list[str]:
        """Paths relative to the folder: all, or those that go with a file that was named."""
        if self.patterns == self.source.patterns:
            return all_files(self.folder)
        return [os.path.relpath(path, self.folder) for path in self.read]

    @property
    def read(self) -> list[str]:
        """Paths of those that are read."""
        return find_files(self.folder, self.patterns)


def windows_dir(env: Environment, task_name: str) -> str:
    """Gives the folder of what spans of a task are joined to."""
    return os.path.join(env.root, "windows", task_name)


def join_spans(
    task: Task, parts: Sequence[SpanFiles], env: Environment, settings: Settings
) -> Path:
    """Makes a folder that holds what several spans do.

    Args:
        task: The declaration.
        parts: The spans, the newest last.
        env: Where it is made.
        settings: Resolved settings; a series' columns are settled by them.

    Returns:
        The folder. Its name tells its spans and what they hold: it is made once.

    Raises:
        DataError: If they cannot be one data set, with why.
    """
    source = parts[-1].source
    for part in parts:
        if part.source != source:
            raise DataError(
                f"span {part.name} holds {part.source.layout}, and span {parts[-1].name} holds "
                f"{source.layout}; expected the same. Or {_ADVICE}"
            )
    if source.joining.refusal:
        raise DataError(
            f"several spans of this layout ({source.layout}) are not read together: "
            f"{source.joining.refusal}; {_ADVICE}"
        )
    content = _find_content(parts, source, settings)
    read = [path for part in parts for path in part.read]
    told = json.dumps([content, as_dict(tell(settings, DATA))], sort_keys=True)
    # Links show what they lead to; what is written anew does not.
    state = fingerprint(read) if source.joining.in_time else ""
    digest = hashlib.sha256(f"{told}{state}".encode(errors="surrogateescape")).hexdigest()[:12]
    folder = Path(windows_dir(env, task.name), f"{parts[0].name}_{parts[-1].name}-{digest}")
    with one_at_a_time(folder.parent.with_suffix(".lock")):
        if not folder.is_dir():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            if source.joining.in_time:
                _write_series(unfinished, parts, source, settings)
            else:
                _link(unfinished, content.items())
            unfinished.rename(folder)
    return folder


def _find_content(parts: Sequence[SpanFiles], source: Source, settings: Settings) -> dict[str, str]:
    """Says which file gets which name.

    Raises:
        DataError: If two would get the same, or a list names files.
    """
    content: dict[str, str] = {}
    for part in parts:
        _check_lists(part, source, settings)
        for relative in part.files:
            name = source.joining.name(relative, part.name)
            path = os.path.join(part.folder, relative)
            if name in content and not source.joining.in_time:
                raise DataError(
                    f"{content[name]} and {path} have the same name, by which they are known; "
                    f"expected each in one span only. Rename one, or {_ADVICE}"
                )
            content[path if source.joining.in_time else name] = path
    return content


def _check_lists(part: SpanFiles, source: Source, settings: Settings) -> None:
    """Refuses pictures that lists give their texts by name: the names would be others."""
    if not isinstance(source, ImageFolderSource) or not source.named_after:
        return
    if getattr(settings, "names", "") == "trusted":
        return
    files = part.files
    pictures = [path for path in files if ending_of(path) in PICTURES]
    others = [path for path in files if ending_of(path) not in PICTURES]
    found = find_list(part.folder, pictures, others)
    if found is not None:
        raise DataError(
            f"in {part.folder}, {found.description} says what pictures show, by names that several "
            f"spans may both have. Name the pictures after their texts, or {_ADVICE}"
        )


def _link(folder: Path, content: Iterable[tuple[str, str]]) -> None:
    for name, path in content:
        link = folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)


def _write_series(
    folder: Path, parts: Sequence[SpanFiles], source: Source, settings: Settings
) -> None:
    assert isinstance(source, TimeSeriesSource) and isinstance(settings, SeriesSettings)
    contents = {}
    for part in parts:
        if len(part.read) != 1:
            raise DataError(
                f"span {part.name} holds several series: {', '.join(part.read)}; expected one"
            )
        contents[f"span {part.name}"] = Path(part.read[0]).read_bytes()
    text = join_series(contents, source, settings)
    (folder / f"{parts[0].name}_{parts[-1].name}.csv").write_text(
        text, encoding="utf-8", newline=""
    )
