"""Records that are not used: written beside the examples with place and reason, and counted.

`quarantine/rejects.jsonl` in the examples artifact has a line for each, bad or set aside;
`quarantine/counts.json` has the counts. Bad ones are limited: where there are too many, the file is
kept outside the artifact, which TFX removes when a component fails. `quarantine_files` writes both.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tfx.dsl.io import fileio

from components.example_gen import passed_over
from components.example_gen.records import BAD, SPLITS
from modules.common.declaring.settings import as_dict
from modules.common.declaring.task import Task
from modules.common.reading.unread_files import describe
from modules.common.runtime.errors import DataError

_FOLDER = "quarantine"
_REJECTS = "rejects.jsonl"
_COUNTS = "counts.json"
_NOTES = "notes.json"
_EXAMPLES_SHOWN = 5
# By which words a reason is known that a setting decides, and what the setting does.
_SETTINGS = {
    "min_side_px": ("px on the shorter side", "To use smaller pictures"),
    "max_seconds": ("s that are read", "To use longer recordings"),
    "min_file_bytes": ("fewer than min_file_bytes", "To use smaller files"),
    "min_tune_steps": ("steps, four to a beat", "To use shorter tunes"),
}


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many records were read.

    Attributes:
        examples: Records that became examples.
        quarantined: Records that are bad.
        set_aside: Records that are well, but not used: duplicates, say.
        by_split: Examples by split.
        passed_over: Files in the data folder that nothing reads, by ending.
        used: Records of which examples were made, where one may become many, such as a tune's
            windows; `None` where an example is a record.
        notes: What else a person should know of how the data was read.
    """

    examples: int
    quarantined: int
    by_split: dict[str, int]
    set_aside: int = 0
    used: int | None = None
    passed_over: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def unused(self) -> int:
        """Records that became no example, for whatever reason."""
        return self.quarantined + self.set_aside

    def __str__(self) -> str:
        """Says them in one line; what was set aside or passed over only where something was."""
        parts = [f"{count:,} {split}" for split, count in self.by_split.items()]
        parts.append(f"{self.quarantined:,} quarantined")
        if self.set_aside:
            parts.append(f"{self.set_aside:,} set aside")
        if self.passed_over:
            parts.append(f"files passed over: {describe(self.passed_over)}")
        return "; ".join([", ".join(parts), *self.notes])


def write_notes(notes: Sequence[str], output_dir: str) -> None:
    """Writes what a person should know, once the folder of the artifact is there.

    Args:
        notes: Sentences without a full stop.
        output_dir: The examples artifact.
    """
    with fileio.open(os.path.join(output_dir, _FOLDER, _NOTES), "w") as file:
        file.write(json.dumps(notes, ensure_ascii=False))


def read_counts(output_dir: str) -> Counts:
    """Reads the counts back.

    Args:
        output_dir: The examples artifact.
    """
    with fileio.open(counts_path(output_dir)) as file:
        counts = json.loads(file.read())
    by_split = {split: counts.get(split, 0) for split in SPLITS}
    return Counts(
        examples=sum(by_split.values()),
        quarantined=counts.get("quarantined", 0),
        set_aside=counts.get("set_aside", 0),
        by_split=by_split,
        used=counts.get("used"),
        passed_over=passed_over.read(output_dir),
        notes=_read_notes(output_dir),
    )


def _read_notes(output_dir: str) -> tuple[str, ...]:
    path = os.path.join(output_dir, _FOLDER, _NOTES)
    if not fileio.exists(path):
        return ()
    with fileio.open(path) as file:
        return tuple(json.loads(file.read()))


def rejects_path(output_dir: str) -> str:
    """Where the rejects of an examples artifact lie."""
    return os.path.join(output_dir, _FOLDER, _REJECTS)


def counts_path(output_dir: str) -> str:
    """Where the counts of an examples artifact lie."""
    return os.path.join(output_dir, _FOLDER, _COUNTS)


def check_limit(counts: Counts, output_dir: str, task: Task, items: Sequence[Any] = ()) -> None:
    """Stops the run where too much was bad.

    Args:
        counts: What was read.
        output_dir: The examples artifact.
        task: Gives the limit.
        items: What was read; a single file is named.

    Raises:
        DataError: With the commonest reasons, and the place where all are listed.
    """
    used = counts.examples if counts.used is None else counts.used
    total = used + counts.quarantined
    if counts.examples and counts.quarantined <= task.quarantine_limit * total:
        return
    file = items[0] if len(items) == 1 and isinstance(items[0], str) else ""
    if not total and not counts.set_aside:
        which = f"the contents of {file}" if file else "the files"
        raise DataError(f"{which} hold no record at all; {_layouts(task)}")
    component_dir = os.path.dirname(os.path.dirname(output_dir))
    kept = os.path.join(component_dir, f"rejects-{os.path.basename(output_dir)}.jsonl")
    fileio.copy(rejects_path(output_dir), kept, overwrite=True)
    said = (
        f"{counts.quarantined} of {total} records are bad, more than the limit of "
        f"{task.quarantine_limit:.0%}"
        if total
        else f"all {counts.set_aside} records were set aside, none is left"
    )
    reasons = _commonest_reasons(kept, bad_only=total > 0)
    raise DataError(
        f"{f'{file}: ' if file else ''}{said}:\n{reasons}\n{_helpful_settings(reasons, task)}"
        f"All are listed in {kept}\n{_layouts(task)}"
    )


def _commonest_reasons(path: str, bad_only: bool) -> str:
    with fileio.open(path) as file:
        rejects = [json.loads(line) for line in islice(file, 100_000)]
    reasons = Counter(
        reject["reason"] for reject in rejects if reject["kind"] == BAD or not bad_only
    )
    return "\n".join(
        f"  {count} x {reason}" for reason, count in reasons.most_common(_EXAMPLES_SHOWN)
    )


def _helpful_settings(reasons: str, task: Task) -> str:
    """Names the settings that would let records through which are refused for these reasons."""
    defaults = as_dict(task.settings())
    return "".join(
        f"{said}: --{name.replace('_', '-')} N, by default {defaults[name]}\n"
        for name, (sign, said) in _SETTINGS.items()
        if name in defaults and sign in reasons
    )


def _layouts(task: Task) -> str:
    return f"{task.name} reads " + ", or ".join(source.layout for source in task.sources)
