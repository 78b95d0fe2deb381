"""The reports of the newest runs of tasks, written anew: to look at what a change makes of them.

    python docs/drawing/reports.py --root lianxi_runs --env smoke name_gender captcha_ocr
    python docs/drawing/reports.py --out reports

Without names, those of every task that was run. They are written to `--out`, by default the folder
`reports`; what stands beside the runs stays. It prints how large each is and how long it took.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

from gallery.report.write import render_report
from modules.common.declaring.registry import load_task, task_names
from pipelines.environment import Environment, environment
from pipelines.run_record import read_records


def rewrite(env: Environment, name: str, out: Path) -> str:
    """Writes the report of a task's newest run, and says how large it is."""
    task = load_task(name)
    records = read_records(env, task, limit=1)
    if not records:
        return f"{name}: no run in {env.root}"
    start_s = time.perf_counter()
    page = render_report(records[-1], env, task)
    seconds = time.perf_counter() - start_s
    (out / f"{name}.html").write_text(page, encoding="utf-8")
    return f"{name}: {records[-1].state}, {len(page.encode()) / 1e6:.2f} MB, {seconds:.1f} s"


def main() -> None:
    """Writes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*")
    parser.add_argument("--root")
    parser.add_argument("--env", default="local")
    parser.add_argument("--out", type=Path, default=Path("reports"))
    given = parser.parse_args()
    env = environment(given.env, given.root)
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.tasks or [name for name in task_names() if env.holds(name)]:
        print(rewrite(env, name, given.out), flush=True)


if __name__ == "__main__":
    main()
