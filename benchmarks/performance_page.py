"""The table of all benchmarks, as JSON and as a page of the documentation."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.suite import SUITE
from modules.common.runtime.stack import read_versions
from pipelines.git_commit import read_git_commit

WORSE_BY = 0.1
_BEGIN, _END = "<!-- table: python -m benchmarks -->", "<!-- end of table -->"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure.

    Attributes:
        benchmark: Which told it.
        name: What it is of.
        value: The figure.
        unit: `x` for a ratio, or a unit such as `s`.
        goal: What it is to reach, where there is a goal.
        is_most: Whether less is better.
        minutes: That the whole benchmark took.
        machine: Where it was measured, and of what, in words.
    """

    benchmark: str
    name: str
    value: float
    unit: str
    goal: float | None = None
    is_most: bool = False
    minutes: float = 0.0
    machine: str = ""

    @property
    def is_reached(self) -> bool:
        """Whether there is a goal and it is reached."""
        if self.goal is None:
            return False
        return self.value <= self.goal if self.is_most else self.value >= self.goal

    def is_worse_than(self, other: Row) -> bool:
        """Tells whether it is worse by a tenth than another of the same kind."""
        if self.is_most:
            return self.value > other.value * (1 + WORSE_BY)
        return self.value < other.value * (1 - WORSE_BY)

    def word_value(self) -> str:
        """Writes the figure with its unit."""
        digits = f"{self.value:,.0f}" if self.value >= 100 else f"{self.value:.3g}"
        return f"{digits} {self.unit}"

    def word_goal(self) -> str:
        """Says what it is to be; nothing where there is no goal."""
        if self.goal is None:
            return ""
        return f", at {'most' if self.is_most else 'least'} {self.goal:,g} {self.unit} wanted"


def describe_machine() -> str:
    """Says in a line what is measured on, and which versions and commit of what."""
    versions = read_versions()
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    cores = len(os.sched_getaffinity(0))
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    today = datetime.datetime.now(tz=datetime.timezone.utc).date()
    return f"{today}, commit {read_git_commit()[:7]}, {cores} cores of {model}, {named}"


def read_rows(path: Path) -> list[Row]:
    """Reads the table that was written last; none where there is none."""
    if not path.is_file():
        return []
    return [Row(**each) for each in json.loads(path.read_text(encoding="utf-8"))]


def write_page(folder: Path, rows: Sequence[Row], machine: str) -> None:
    """Writes `performance.json`, and the table in `performance.md`, where other text stays.

    Args:
        folder: Where to.
        rows: All figures; those that have no machine yet were measured now.
        machine: What `describe_machine` gave.
    """
    rows = [row if row.machine else dataclasses.replace(row, machine=machine) for row in rows]
    told = [dataclasses.asdict(row) for row in rows]
    (folder / "performance.json").write_text(
        json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    page = folder / "performance.md"
    text = page.read_text(encoding="utf-8") if page.is_file() else f"{_BEGIN}\n{_END}\n"
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    page.write_text(f"{before}{_BEGIN}\n{draw_table(rows)}{_END}{after}", encoding="utf-8")


def draw_table(rows: Sequence[Row]) -> str:
    """Draws figures as Markdown, a heading for each benchmark with what it compares and how."""
    known: Mapping[str, str] = {each.name: each.compares for each in SUITE}
    order = {name: place for place, name in enumerate(known)}
    lines: list[str] = []
    last = ""
    for row in sorted(rows, key=lambda row: order.get(row.benchmark, len(order))):
        if row.benchmark != last:
            last = row.benchmark
            script = next((each.script for each in SUITE if each.name == last), "")
            compared = known.get(last, "")
            lines += [
                "",
                f"**{last}** (`benchmarks/{script}`, {row.minutes:g} min) compares {compared}.",
                "",
                "| figure | value | goal |",
                "|---|---|---|",
            ]
        mark = f"**{row.word_value()}**" if row.is_reached else row.word_value()
        goal = (
            "" if row.goal is None else row.word_goal().removeprefix(", ").removesuffix(" wanted")
        )
        lines.append(f"| {row.name} | {mark} | {goal} |")
    machines = dict.fromkeys(row.machine for row in rows)
    lines += ["", *(f"Measured {machine}." for machine in machines), ""]
    return "\n".join(lines).lstrip("\n")
