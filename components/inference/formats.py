"""Answers as records of a file: lines of JSON, rows of CSV, or `tf.Example`."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.example_gen.records import to_example
from modules.common.declaring.fields import Field
from modules.common.runtime.errors import WrongUsage

KEY = "key"
_ENDINGS = (".jsonl", ".csv", ".tfrecord")
_LISTS = ("labels", "texts")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What a record of the output holds.

    Attributes:
        carried: Columns of the input, by the names that they go by in the output.
        outputs: The fields that are answered.
    """

    carried: tuple[str, ...]
    outputs: tuple[Field, ...]

    @property
    def names(self) -> list[str]:
        """All, in their order: the key, what is carried, what is answered."""
        return [KEY, *self.carried, *(field.name for field in self.outputs)]


def choose_columns(carried: Sequence[str], outputs: Sequence[Field]) -> Columns:
    """Names what is carried so that nothing in a record has the name of something else.

    Args:
        carried: Columns of the input.
        outputs: The fields that are answered.
    """
    taken = {KEY, *(field.name for field in outputs)}
    names = []
    for name in carried:
        while name in taken:
            name = f"input_{name}"
        taken.add(name)
        names.append(name)
    return Columns(carried=tuple(names), outputs=tuple(outputs))


def check_format(path: Path) -> None:
    """Refuses a path whose ending says no format.

    Raises:
        WrongUsage: With the endings that there are.
    """
    if _ending(path) not in _ENDINGS:
        raise WrongUsage(
            f"--out takes a file that ends in {', '.join(_ENDINGS)}, each with .gz behind it or "
            f"not, found {path.name!r}"
        )


def encoder(path: Path, columns: Columns) -> Callable[[list[Any]], bytes]:
    """Gives what makes a record's bytes of its values, which are in the order of the columns.

    Args:
        path: Its ending says the format.
        columns: What a record holds.
    """
    ending, names = _ending(path), columns.names
    if ending == ".jsonl":
        return lambda values: _json(dict(zip(names, values, strict=True))).encode() + b"\n"
    if ending == ".csv":
        return _csv_line
    return lambda values: to_example(
        {name: _plain(value) for name, value in zip(names, values, strict=True)}
    )


def write(records: Iterable[bytes], path: Path, columns: Columns, is_format_of: Path) -> None:
    """Writes encoded records into a file.

    Args:
        records: In their order.
        path: The file.
        columns: What a record holds.
        is_format_of: The path that the file is going to have, whose ending says the format.
    """
    if _ending(is_format_of) == ".tfrecord":
        import tensorflow as tf

        packing = "GZIP" if is_format_of.suffix == ".gz" else ""
        with tf.io.TFRecordWriter(str(path), packing) as writer:
            for record in records:
                writer.write(record)
        return
    with io.BufferedWriter(io.FileIO(path, "w"), 1 << 20) as plain:
        if is_format_of.suffix == ".gz":
            # Without a time, so that the same answers are the same file.
            file: Any = gzip.GzipFile("", "wb", 6, plain, mtime=0)
        else:
            file = plain
        if _ending(is_format_of) == ".csv":
            file.write(_csv_line(columns.names))
        for record in records:
            file.write(record)
        file.close()


def cut_padding(outputs: Sequence[Field], answer: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Cuts lists of labels and texts down to those that there are, and what belongs to them.

    A batch is as wide as its widest answer, so what is beyond an example's own depends on which
    examples were asked about together.

    Args:
        outputs: The fields that are answered.
        answer: Values of a batch by name, a list with an entry for each example.
    """
    cut = dict(answer)
    for field in outputs:
        if field.kind not in _LISTS or field.name not in cut:
            continue
        lengths = [sum(1 for item in items if item) for items in cut[field.name]]
        for each in outputs:
            if each.name in cut and (each is field or (each.of == field.name and each.shape)):
                cut[each.name] = [
                    items[:length] for items, length in zip(cut[each.name], lengths, strict=True)
                ]
    return cut


def _ending(path: Path) -> str:
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _csv_line(values: Sequence[Any]) -> bytes:
    file = io.StringIO()
    cells = [_json(value) if isinstance(value, list | bool) else value for value in values]
    csv.writer(file, lineterminator="\n").writerow(cells)
    return file.getvalue().encode()


def _plain(value: Any) -> Any:
    """Gives a value as a feature holds it: lists of lists are flat."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [_plain(item) for inner in value for item in inner]
    return value
