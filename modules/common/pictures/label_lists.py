"""Lists of what pictures show, beside them: `labels.csv` and the like, or a text for each.

A list names a file and its text in each row, under a header or not, in whatever order of columns;
other columns are left alone where a header names the text's. No TensorFlow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from modules.common.reading.file_endings import ending_of
from modules.common.reading.tables import Row, lines_of, name_key, read_rows, sniff
from modules.common.reading.text_encodings import decode
from modules.common.runtime.errors import DataError

_TABLES = ("csv", "tsv", "txt", "list", "lst")
_NOT_READ = ("json", "jsonl", "xml", "xlsx", "xls", "yaml", "yml", "pkl", "mat", "npy", "parquet")
_LISTS = re.compile(
    r"(?i)(.*[\W\d_])?(labels?|annotations?|annot|ground.?truths?|gt|truths?|captions?|"
    r"transcripts?|transcriptions?|answers?|texts?|targets?|solutions?)([\W\d_].*)?"
    r"|.*(标签|标注|答案|真值).*"
)
_TEXT_HEADERS = frozenset(
    "label labels text texts code captcha number answer target value word words ground_truth "
    "groundtruth gt transcription transcript solution 标签 文本 文字 内容 验证码 号码 答案 "
    "身份证号 真值".split()
)
_FILES_SHOWN = 3
_MIN_NAMED_SHARE = 0.5
_MAX_LIST_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class LabelList:
    """What lists say.

    Attributes:
        files: The lists, or the files of a text each, relative to the data folder.
        texts: The text by picture, relative to the data folder.
    """

    files: tuple[str, ...]
    texts: Mapping[str, str]

    @property
    def description(self) -> str:
        """Names the lists."""
        few = len(self.files) <= _FILES_SHOWN
        return ", ".join(self.files) if few else f"{len(self.files):,} files beside them"


def find_list(folder: str, pictures: Sequence[str], others: Iterable[str]) -> LabelList | None:
    """Finds and reads the lists beside pictures.

    Args:
        folder: The data folder; lists are read where it is local.
        pictures: Paths of the pictures, relative to it.
        others: Paths of all other files.

    Returns:
        What they say; `None` where there are none.

    Raises:
        DataError: If there is one that cannot be read, or two that disagree.
    """
    others = list(others)
    beside = _side_files(folder, pictures, others)
    if beside:
        return beside
    by_name = _by_name(pictures)
    files: list[str] = []
    texts: dict[str, str] = {}
    for path in others:
        found = _read(folder, path, by_name)
        if not found:
            continue
        for picture, text in found.items():
            if texts.setdefault(picture, text) != text:
                raise DataError(
                    f"{picture} is {texts[picture]!r} in {files[-1] if files else path} and "
                    f"{text!r} in {path}; keep one"
                )
        files.append(path)
    return LabelList(files=tuple(files), texts=texts) if files else None


def _read(folder: str, path: str, by_name: Mapping[str, str]) -> dict[str, str]:
    """Reads a list; gives nothing where the file is none."""
    stem, ending = PurePosixPath(path).stem, ending_of(path)
    is_called_so = bool(_LISTS.fullmatch(stem))
    if ending in _NOT_READ and is_called_so:
        raise _not_understood(path, f"{ending} is not read")
    if ending not in _TABLES:
        return {}
    rows = _rows(os.path.join(folder, path))
    base = str(PurePosixPath(path).parent)
    name_column, named = _name_column(rows, base, by_name)
    if len(named) < max(1, _MIN_NAMED_SHARE * (len(rows) - 1)):
        if is_called_so and rows:
            raise _not_understood(path, f"its first row is {' '.join(rows[0].cells)!r}")
        return {}
    text_column = _text_column(rows, name_column, named, is_called_so)
    if text_column is None:
        if is_called_so:
            raise _not_understood(path, f"its first row is {' '.join(rows[0].cells)!r}")
        return {}
    return {
        picture: row.cells[text_column]
        for row, picture in named
        if text_column < len(row.cells) and row.cells[text_column]
    }


def _not_understood(path: str, what: str) -> DataError:
    return DataError(
        f"{path} lies beside the pictures and seems to say what they show, but {what}; expected a "
        f"table of two columns, names of files and texts. Mend it, or move it away, or take the "
        f"names of the pictures for their texts: --set names=trusted"
    )


def _rows(path: str) -> list[Row]:
    if os.path.getsize(path) > _MAX_LIST_BYTES:
        return []
    with open(path, "rb") as file:
        text = decode(file.read())
    dialect = sniff(text[:100_000], is_whole=len(text) <= 100_000)
    rows = [row for row in read_rows(lines_of(text), dialect) if not row.is_blank]
    if all(len(row.cells) < 2 for row in rows):
        # `name text`, parted by blanks or a colon.
        return [
            Row(row.line, row.last_line, re.split(r"\s+|\s*[:=]\s*", row.cells[0], maxsplit=1))
            for row in rows
            if row.cells
        ]
    return rows


def _by_name(pictures: Sequence[str]) -> dict[str, str]:
    """Pictures by path and, where only one is called so, by name and by name without ending."""
    found: dict[str, str] = {picture: picture for picture in pictures}
    for key in (lambda path: PurePosixPath(path).name, lambda path: PurePosixPath(path).stem):
        several: set[str] = set()
        short: dict[str, str] = {}
        for picture in pictures:
            name = key(picture)
            if short.setdefault(name, picture) != picture:
                several.add(name)
        found = {name: path for name, path in short.items() if name not in several} | found
    return found


def _picture(cell: str, base: str, by_name: Mapping[str, str]) -> str | None:
    path = cell.replace("\\", "/").removeprefix("./")
    inside = path if base == "." else f"{base}/{path}"
    name = PurePosixPath(path).name
    return by_name.get(inside) or by_name.get(path) or by_name.get(name)


def _name_column(
    rows: Sequence[Row], base: str, by_name: Mapping[str, str]
) -> tuple[int, list[tuple[Row, str]]]:
    """The column that names the most pictures, and the rows with the pictures they name."""
    best: tuple[int, list[tuple[Row, str]]] = (0, [])
    for column in range(max((len(row.cells) for row in rows), default=0)):
        named = [
            (row, picture)
            for row in rows
            if column < len(row.cells)
            and (picture := _picture(row.cells[column], base, by_name)) is not None
        ]
        if len(named) > len(best[1]):
            best = (column, named)
    return best


def _text_column(
    rows: Sequence[Row], name_column: int, named: Sequence[tuple[Row, str]], is_called_so: bool
) -> int | None:
    """The column of the texts: that which a header names, or the only other one.

    Where neither the file nor a header is called after texts, it may hold anything, such as sizes.
    """
    header = rows[0].cells if named and rows[0] is not named[0][0] else ()
    keys = [name_key(cell) for cell in header]
    by_header = [
        column for column, key in enumerate(keys) if column != name_column and key in _TEXT_HEADERS
    ]
    if len(by_header) == 1:
        return by_header[0]
    if header and not is_called_so:
        return None
    others = {column for row, _ in named for column in range(len(row.cells))} - {name_column}
    return others.pop() if len(others) == 1 else None


def _side_files(folder: str, pictures: Sequence[str], others: Sequence[str]) -> LabelList | None:
    """Texts in files of their own: `1.txt` or `1.gt.txt` beside `1.png`."""
    by_stem = {
        path.removesuffix(".txt").removesuffix(".gt"): path
        for path in others
        if path.endswith(".txt")
    }
    found = {
        picture: by_stem[stem]
        for picture in pictures
        if (stem := str(PurePosixPath(picture).with_suffix(""))) in by_stem
    }
    if not found or len(found) < _MIN_NAMED_SHARE * len(pictures):
        return None
    texts = {}
    for picture, path in found.items():
        with open(os.path.join(folder, path), "rb") as file:
            texts[picture] = decode(file.read(4096)).strip("\ufeff \r\n\t")
    return LabelList(files=tuple(sorted(set(found.values()))), texts=texts)
