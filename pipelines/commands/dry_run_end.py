"""What follows `lianxi run --dry-run`: what the data holds, and what would be trained, is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

from modules.common.declaring.settings import as_dict
from pipelines.commands.printing import Printer
from pipelines.run_record import find_changed

if TYPE_CHECKING:
    from pipelines.builder import Options
    from pipelines.dry_run import Findings, Plan
    from pipelines.recording import Recorder

_LABEL_WIDTH = 16
_SHOWN = 12


def show_findings(recorder: Recorder, options: Options, stream: TextIO) -> dict[str, Any]:
    """Shows what a dry run found, as far as it came.

    Args:
        recorder: Of the run.
        options: What the run that trains would choose.
        stream: Where a person reads.

    Returns:
        The same as `--json` has it.
    """
    from pipelines.dry_run import find

    found = find(recorder.result, recorder.data.source, recorder.settings, options.tune)
    changed = find_changed(recorder.task, as_dict(recorder.settings), recorder.env.smoke)
    printer = Printer(stream)
    for label, text in _word(found, changed):
        printer.line(text, indent=_LABEL_WIDTH, begin=label)
    return found.to_json()


def say_checked(recorder: Recorder, stderr: TextIO) -> int:
    """Says what a dry run that found nothing wrong leaves.

    Args:
        recorder: Of the run.
        stderr: Where a person reads.

    Returns:
        The exit code.
    """
    print(
        f"Nothing was trained or pushed. `lianxi run {recorder.task.name}` with the same options "
        "but --dry-run trains on what was read now.",
        file=stderr,
    )
    return 0


def _word(found: Findings, changed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Gives the lines, each with what stands before it."""
    if found.by_split:
        yield "examples", _word_splits(found.by_split)
    for what, by_split in found.amounts.items():
        yield what, _word_splits(by_split)
    for feature, values in found.values.items():
        for split, counts in values.items():
            yield f"{feature}, {split}", _word_values(counts)
    for label, reasons in (("quarantined", found.quarantined), ("set aside", found.set_aside)):
        if found.by_split:
            yield label, f"{sum(reasons.values()):,}"
        for reason, count in islice(reasons.items(), _SHOWN):
            yield "", f"{count:,} x {reason}"
        if len(reasons) > _SHOWN:
            yield "", f"and {len(reasons) - _SHOWN} more reasons"
    for line in found.anomalies:
        yield "anomaly", line.strip()
    if found.plan is not None:
        yield "would train", _word_plan(found.plan)
        yield "measured by", _word_metrics(found.plan)
        if changed:
            yield "with", ", ".join(f"{name} {value!r}" for name, value in changed.items())


def _word_splits(by_split: Mapping[str, float]) -> str:
    return ", ".join(
        f"{value:,.0f} {split}" if float(value).is_integer() else f"{value:,.2f} {split}"
        for split, value in by_split.items()
    )


def _word_values(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    said = ", ".join(f"{value} {count:,}" for value, count in ranked[:_SHOWN])
    return said + (f", and {len(ranked) - _SHOWN:,} more" if len(ranked) > _SHOWN else "")


def _word_plan(plan: Plan) -> str:
    searched = ", after a search for settings" if plan.tune else ""
    return (
        f"{plan.epochs:,} epochs of {plan.examples:,} examples, {plan.steps:,} steps of "
        f"{plan.batch_size:,}{searched}"
    )


def _word_metrics(plan: Plan) -> str:
    return ", ".join(
        f"{name} (beside {', '.join(rivals)})" if rivals else name
        for name, rivals in plan.metrics.items()
    )
