"""Many requests at once, as `lianxi infer` reads them: rows, lines or files. No TensorFlow.

What a task takes is made of its declared fields and its `ask.py`, as for `lianxi predict`: a table
has a column for each input that must be given, a text file a line for each text, and of a folder of
pictures or recordings each file is a request. Labels, splits and classes are not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from modules.common.asking.asking import Asker, asker_of
from modules.common.declaring.fields import FILE_KINDS, MEDIA_KINDS, Field
from modules.common.declaring.registry import load_task
from modules.common.declaring.sources import RawValue, Source
from modules.common.declaring.task import Task, Value
from modules.common.reading import file_endings
from modules.common.reading.table_sources import Column
from modules.common.runtime.errors import SettingError, WrongUsage
from modules.common.runtime.stack import safe_argument
from modules.common.tables.sources import CsvSource

ROWS, LINES, FILES = "rows", "lines", "files"
_ENDINGS = {
    "picture": file_endings.PICTURES,
    "sound": file_endings.SOUND,
    "midi": file_endings.MIDI,
}
# Folders within folders, as far as files are looked for.
_MOST_DEPTH = 8
_CASTS: Mapping[str, Any] = {"float32": float, "int64": int, "uint8": int, "bool": int}


@dataclass(frozen=True, kw_only=True)
class RequestSource(Source):
    """Where many requests lie.

    Attributes:
        task_name: Who is asked.
        said: What holds for all of them, by the names of inputs and options.
    """

    task_name: str
    said: Mapping[str, Value] = field(default_factory=dict)

    @property
    def asker(self) -> Asker:
        """How the task is asked."""
        return asker_of(load_task(self.task_name))


@dataclass(frozen=True, kw_only=True)
class FileRequests(RequestSource):
    """Files, each of which is a request.

    Attributes:
        endings: Of their names.
    """

    component: ClassVar[str] = "components.example_gen.requests.example_gen.FileRequestExampleGen"

    pattern: str = ""
    endings: tuple[str, ...]

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the files, in whatever folders."""
        depths = range(_MOST_DEPTH + 1)
        return tuple(
            glob for depth in depths for glob in file_endings.globs(self.endings, "[!.]*/" * depth)
        )


@dataclass(frozen=True, kw_only=True)
class LineRequests(RequestSource):
    """Text files with a text in each line.

    Attributes:
        column: How a line is read.
    """

    component: ClassVar[str] = "components.example_gen.requests.example_gen.LineRequestExampleGen"

    pattern: str = "*.[tT][xX][tT]"
    column: Column


@dataclass(frozen=True, kw_only=True)
class RowRequests(RequestSource, CsvSource):
    """Tables with a request in each row.

    Attributes:
        optional: Inputs with a default, which are read where a column is named like them.
        carried: Columns of all tables, which an answer has too.
    """

    component: ClassVar[str] = "components.example_gen.requests.example_gen.RowRequestExampleGen"

    pattern: str = ""
    optional: tuple[Field, ...] = ()
    carried: tuple[str, ...] = ()


def check_fits_records(task: Task) -> None:
    """Refuses a task whose answer is no record.

    Args:
        task: The declaration.

    Raises:
        WrongUsage: Says which output is none, and what to use instead.
    """
    asker = asker_of(task)
    media = [each for each in asker.outputs if each.kind in MEDIA_KINDS]
    if not media:
        return
    kinds = ", ".join(dict.fromkeys(each.kind.replace("_", " ") for each in media))
    many = "FILE FILE … " if asker.takes_files else ""
    raise WrongUsage(
        f"{task.name} answers with a {kinds} ({', '.join(each.name for each in media)}), which no "
        f"row of a table holds; ask it with `lianxi predict {task.name} {many}--out FILE`, which "
        "writes a file for each answer"
    )


def list_sources(task: Task, said: Mapping[str, Value]) -> list[RequestSource]:
    """Lists the layouts in which a task takes many requests, the usual one first.

    Args:
        task: The declaration.
        said: What holds for all requests, as `Asker.parse` gives it.
    """
    asker = asker_of(task)
    shared: dict[str, Any] = {"task_name": task.name, "said": dict(said)}
    found: list[RequestSource] = []
    if endings := _file_endings(asker):
        shown = ", ".join([*endings[:4], *["…"] * (len(endings) > 4)])
        layout = f"a folder of files ({shown}), one for a request"
        found.append(FileRequests(endings=endings, layout=layout, **shared))
    needed = [each for each in task.serving.inputs if each.default is None]
    if all(not each.shape for each in needed):
        columns = tuple(input_column(task, each) for each in needed)
        names = ", ".join(each.headers[0] for each in columns)
        layout = f"tables (csv, tsv) with the column{'s'[: len(columns) != 1]} {names}"
        if any(each.kind in FILE_KINDS for each in needed):
            layout += ", a path of a file beside the table"
        optional = tuple(each for each in task.serving.inputs if each not in needed)
        optional = tuple(each for each in optional if not each.shape)
        rows = RowRequests(columns=columns, key=(), optional=optional, layout=layout, **shared)
        found.append(rows)
    subject = asker.subject
    if subject is not None and subject.kind == "text":
        layout = f"text files (txt) with {subject.doc} in each line"
        found.append(LineRequests(column=input_column(task, subject), layout=layout, **shared))
    return found


def make_source(task: Task, form: str, said: Mapping[str, Value]) -> RequestSource:
    """Makes the source of a form again, from what its name is.

    Args:
        task: The declaration.
        form: The name of its class.
        said: As for `list_sources`.
    """
    return next(each for each in list_sources(task, said) if type(each).__name__ == form)


def input_column(task: Task, entry: Field) -> Column:
    """Says how a cell becomes an input: as the task's own tables are read, where they have it.

    Args:
        task: The declaration.
        entry: The input.
    """
    for source in task.sources:
        for column in source.columns if isinstance(source, CsvSource) else ():
            if column.feature == (entry.raw or entry.name):
                headers = tuple(dict.fromkeys((*column.headers, entry.name)))
                return replace(column, feature=entry.name, headers=headers)
    headers = tuple(dict.fromkeys(filter(None, (entry.name, entry.title, entry.raw))))
    return Column(feature=entry.name, headers=headers, parse=partial(parse_cell, entry))


def parse_cell(entry: Field, cell: str) -> Value:
    """Reads a cell as a value of an input; of a file the path.

    Raises:
        ValueError: If it is none.
    """
    if entry.kind in FILE_KINDS:
        if not cell.strip():
            raise ValueError("expected the path of a file, found nothing")
        return cell.strip()
    try:
        return entry.parse(cell if entry.kind == "text" else cell.strip())
    except SettingError as error:
        raise ValueError(str(error).removeprefix(f"{entry.name}: ")) from error


def as_features(inputs: Sequence[Field], request: Mapping[str, Any]) -> dict[str, RawValue]:
    """Gives one request as raw features: every input of the signature, defaults filled in.

    They go by the names of the signature's arguments, see `safe_argument`.

    Args:
        inputs: Of the signature.
        request: Values by name, each of one example.
    """
    features: dict[str, RawValue] = {}
    for entry in inputs:
        name, value = safe_argument(entry.name), request.get(entry.name, entry.default)
        cast = _CASTS.get(entry.dtype, lambda each: each)
        if not entry.shape:
            features[name] = cast(value)
        elif isinstance(value, np.ndarray):
            features[name] = [cast(each) for each in value.reshape(-1).tolist()]
        else:
            features[name] = [cast(each) for each in value]
    return features


def signature_of(source: RequestSource) -> tuple[str, tuple[Field, ...]]:
    """Gives the signature that requests are for, and its inputs.

    Args:
        source: Where they lie.
    """
    asker = source.asker
    if isinstance(source, FileRequests):
        return asker.asking.signature, asker.asking.inputs or asker.task.serving.inputs
    return "serving_default", asker.task.serving.inputs


def outputs_of(source: RequestSource) -> tuple[Field, ...]:
    """Gives the outputs that an answer to such requests has.

    Args:
        source: Where they lie.
    """
    asker = source.asker
    return asker.outputs if isinstance(source, FileRequests) else asker.task.serving.outputs


def carried_by(source: RequestSource) -> list[str]:
    """Names the columns whose cells an answer has beside it; none where a request is a file.

    Args:
        source: Where the requests lie; of tables, once their headers were read.
    """
    if isinstance(source, RowRequests):
        return list(source.carried)
    return [source.column.feature] if isinstance(source, LineRequests) else []


def _file_endings(asker: Asker) -> tuple[str, ...]:
    if asker.asking.reads:
        return tuple(ending.lstrip(".") for ending in asker.asking.reads)
    subject = asker.subject
    return _ENDINGS.get(subject.kind, ()) if subject is not None else ()
