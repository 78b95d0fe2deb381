"""Tables of questions and answers, a pair in each row: which columns they are in, and the rows.

Under a header the columns may be in any order, and others are passed over. Without one there are
two, the question first. What parts them is seen from the lines.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components.example_gen.dialogue.dialogue_lines import Tally, lines_of, too_long
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SET_ASIDE, Reject
from components.example_gen.text_files import encoding_of, other_format
from modules.common.dialogue.spelling import tidy
from modules.common.reading.quoted_rows import Line, join, split
from modules.common.reading.text_encodings import describe_garbled

_PROBED_LINES = 1000
_MAX_LINE_CHARS = 1 << 16
_MARKS = {".tsv": "\t|", ".csv": ",;\t|"}
_NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "|"}
# What Excel writes above a table.
_SEPARATOR = re.compile(r'"?sep=.?"?', re.IGNORECASE)
_QUESTION = re.compile(
    "q|ask|input|prompt|source|src|post|context|.*question.*|.*query.*|ask.+|.+ask"
    "|问|问题|问句|提问|上句|上文|用户"
)
_ANSWER = re.compile(
    "a|output|target|tgt|.*answer.*|.*repl(y|ies).*|.*response.*|答|回答|答案|答句|回复|下句|下文|机器人"
)
_NUMBER = re.compile(r"[-+]?[\d.,:]+%?")
_NEARLY_ALL = 0.9
_SHOWN_CELLS, _SHOWN_CHARS = 6, 20


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a table is laid out.

    Attributes:
        mark: What parts the columns.
        count: How many there are.
        question: Position of the question.
        answer: Position of the answer.
        has_header: Whether the first line is one.
        fault: Why it is no table of pairs, as far as can be told; empty where it is one.
        is_empty: Whether that is because there is no text in it.
    """

    mark: str = "\t"
    count: int = 2
    question: int = 0
    answer: int = 1
    has_header: bool = False
    fault: str = ""
    is_empty: bool = False


def is_table(path: str) -> bool:
    """Whether a file is called as tables are."""
    return path[-4:].lower() in _MARKS


def layout_of(path: str) -> Layout:
    """Tells the layout from the beginning of a file.

    Args:
        path: A file that `is_table`.

    Raises:
        OSError: If it cannot be read.
    """
    if what := other_format(path):
        return Layout(fault=f"expected a question and an answer in each line, found {what}")
    texts = [line.text for line, _ in itertools.islice(_lines(path), _PROBED_LINES)]
    if not texts:
        return Layout(
            fault="expected a question and an answer in each line, found no text at all",
            is_empty=True,
        )
    marks = _MARKS[path[-4:].lower()]
    counts = {mark: Counter(len(split(text, mark)) for text in texts) for mark in marks}
    mark = max(marks, key=lambda mark: sum(n for count, n in counts[mark].items() if count > 1))
    [(count, _)] = counts[mark].most_common(1)
    rows = [split(text, mark) for text in texts]
    if count == 1:
        return Layout(
            fault=f"expected a question and an answer in each line, parted by "
            f"{' or '.join(_NAMES[mark] for mark in marks)}; found {_show(rows[0])}"
        )
    return _with_header(rows, mark) or _without_header(rows, mark, count)


def table_rows(
    path: str, layout: Layout, config: ReadConfig, tally: Tally
) -> Iterator[list[str] | Reject]:
    """Reads a table.

    Args:
        path: The file.
        layout: As `layout_of` tells it.
        config: Its settings have `max_chars`.
        tally: Counts the rows that are well.

    Yields:
        A question and its answer, or a reject, for each row.
    """
    max_chars = config.settings.max_chars
    encoding = encoding_of(path)
    name = config.relative(path)
    cut = set()

    def whole() -> Iterator[Line]:
        for line, is_cut in _lines(path):
            if is_cut:
                cut.add(line.where)
            yield line

    rows = join(whole(), layout.mark, layout.count)
    for line in itertools.islice(rows, int(layout.has_header), None):
        cells = split(line.text, layout.mark)
        while len(cells) > layout.count and not cells[-1]:
            cells.pop()
        fault = next(
            filter(None, (describe_garbled(raw, encoding) for raw in line.text.split(layout.mark))),
            "",
        )
        if not fault and len(cells) != layout.count:
            fault = f"expected {layout.count} columns, found {len(cells)}: {_show(cells)}"
        if fault:
            yield Reject(name, line.where, fault)
            continue
        pair = [tidy(cells[place]) for place in (layout.question, layout.answer)]
        longest = max(pair, key=len)
        if line.where in cut or len(longest) > max_chars:
            yield Reject(
                name, line.where, too_long(longest, line.where in cut, max_chars), SET_ASIDE
            )
        elif not all(pair):
            missing = "question" if not pair[0] else "answer"
            yield Reject(name, line.where, f"there is no {missing}", SET_ASIDE)
        else:
            tally.well += 1
            yield pair


def _lines(path: str) -> Iterator[tuple[Line, bool]]:
    """Lines that are not blank, and whether they are only the beginning of a longer one."""
    for number, (line, is_cut) in enumerate(lines_of(path, _MAX_LINE_CHARS), start=1):
        text = line.strip("\r\n\ufeff")
        if text.strip("\t ,;|") and not _SEPARATOR.fullmatch(text):
            yield Line(f"line {number}", text), is_cut


def _with_header(rows: Sequence[Sequence[str]], mark: str) -> Layout | None:
    """The layout that a header gives; `None` where the first line is none."""
    header = [_squash(cell) for cell in rows[0]]
    questions = [place for place, cell in enumerate(header) if _QUESTION.fullmatch(cell)]
    answers = [place for place, cell in enumerate(header) if _ANSWER.fullmatch(cell)]
    if len(header) == 2 and not (questions and answers):
        return None
    if not questions and not answers:
        return None
    if len(questions) == len(answers) == 1:
        return Layout(
            mark=mark,
            count=len(header),
            question=questions[0],
            answer=answers[0],
            has_header=True,
        )
    return Layout(
        fault=f"its columns are {_show(rows[0])}; expected just one called question (or q, query, "
        f"ask, 问题) and one called answer (or a, reply, response, 回答)"
    )


def _without_header(rows: Sequence[Sequence[str]], mark: str, count: int) -> Layout:
    regular = [row for row in rows if len(row) == count]
    if count > 2:
        return Layout(
            fault=f"it has {count} columns and no header that says which are the question and the "
            f"answer: {_show(regular[0])}; put one above, such as question and answer"
        )
    for place in (0, 1):
        numbers = sum(_NUMBER.fullmatch(row[place]) is not None for row in regular)
        if numbers >= _NEARLY_ALL * len(regular):
            return Layout(
                fault=f"expected a question and an answer in each line, found numbers in column "
                f"{place + 1}: {_show(regular[0])}"
            )
    return Layout(mark=mark)


def _squash(cell: str) -> str:
    """Letters and digits alone, in lower case."""
    kept = (c for c in unicodedata.normalize("NFKC", cell).casefold() if c.isalnum())
    return "".join(kept)


def _show(cells: Sequence[str]) -> str:
    short = [
        cell if len(cell) <= _SHOWN_CHARS else f"{cell[:_SHOWN_CHARS]}…"
        for cell in cells[:_SHOWN_CELLS]
    ]
    return " | ".join(short)
