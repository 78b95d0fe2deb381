"""`lianxi sample`: writes sample data as files, in the layout that the task reads."""

from __future__ import annotations

import importlib
import json
import shlex
from pathlib import Path

import click

from modules.common.declaring.settings import SAMPLE, Settings, as_dict, tell
from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError
from pipelines import stopping
from pipelines.commands.options import SettingsCommand, set_option, task_argument

_SAMPLE_PREFIX = "sample_"
_UNFINISHED = ".unfinished"


@click.command(cls=SettingsCommand)
@task_argument
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--count", type=click.IntRange(min=1), help="How much to write. Default: a little.")
@set_option
def command(
    task: Task, folder: Path, count: int | None, settings: tuple[tuple[str, str], ...]
) -> None:
    r"""Write sample data for TASK into DIR, which must be empty or absent.

    It shows the layout that `lianxi run TASK --data DIR` reads. The same seed gives the same files.

    \b
    lianxi sample name_gender names/
    lianxi sample name_gender names/ --count 500 --seed 7
    """
    chosen = dict(settings)
    size = _size_setting(task)
    if count is not None:
        if size is None:
            raise click.UsageError(f"{task.name} has no setting for the size of a sample")
        if size in chosen:
            raise click.UsageError(f"--count and --{size.replace('_', '-')} are one; give one")
        chosen[size] = str(count)
    elif size is not None:
        chosen.setdefault(size, str(getattr(task.resolve({}, smoke=True), size)))
    resolved = task.resolve(chosen)
    try:
        _write(task, folder, resolved)
    except ValueError as error:
        raise LianxiError(str(error)) from error
    files = [path for path in folder.rglob("*") if path.is_file()]
    size_kb = sum(path.stat().st_size for path in files) / 1000
    click.echo(f"wrote {len(files):,} file{'s'[: len(files) != 1]}, {size_kb:,.0f} kB, to {folder}")
    click.echo(f"Read them with `lianxi run {task.name} --data {shlex.quote(str(folder))}`.")


def _write(task: Task, folder: Path, settings: Settings) -> None:
    """Writes the sample; one that was stopped half-way is written over by the same command."""
    unfinished = folder / _UNFINISHED
    what = json.dumps([task.name, as_dict(settings)], ensure_ascii=False)
    is_same = unfinished.is_file() and unfinished.read_text(encoding="utf-8") == what
    if folder.is_dir() and any(folder.iterdir()) and not is_same:
        raise LianxiError(f"{folder} is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(what, encoding="utf-8")
    stopping.note_kept(f"What was written to {folder} is not whole.")
    module = importlib.import_module(f"modules.{task.name}.sample.maker")
    module.write_sample(folder, tell(settings, SAMPLE))
    unfinished.unlink()


def _size_setting(task: Task) -> str | None:
    """Names the setting that says how large a sample is: the first that counts some."""
    return next(
        (
            each.name
            for each in task.declared
            if each.name.startswith(_SAMPLE_PREFIX) and SAMPLE in each.reads and each.type is int
        ),
        None,
    )
