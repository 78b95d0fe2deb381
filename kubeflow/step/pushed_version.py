"""The step PushedVersion: tells KFP's cache whether a model was pushed, before one is copied.

`python -m kubeflow.step.pushed_version MODELS_DIR TASK OUTPUT_FILE [CANDIDATE]` writes the number
of the newest version of TASK in MODELS_DIR into OUTPUT_FILE, or `none`. Versions that are copies of
the artifact at CANDIDATE are left out. So where neither data nor code changed, a candidate that
comes from the cache is compared with what it was compared with when it was new, which the cache has
answered too, and it is not pushed again.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

from tfx.utils import path_utils  # noqa: E402

from components.pushed_model import newest_version  # noqa: E402
from kubeflow.step import object_store, refusals, report  # noqa: E402


def main() -> None:
    """Runs the step; ends the process with code 1, and a line, where models cannot be seen."""
    parser = argparse.ArgumentParser(
        prog="python -m kubeflow.step.pushed_version",
        description="Writes the number of the newest pushed version of a model into a file.",
    )
    parser.add_argument("models_dir", help="where models are pushed to")
    parser.add_argument("task", help="the task")
    parser.add_argument("output_file", help="where the number goes, or none")
    parser.add_argument("candidate", nargs="?", help="Trainer's model, whose copies do not count")
    given = parser.parse_args()
    started = time.monotonic()
    object_store.register()
    candidate = path_utils.serving_model_path(given.candidate) if given.candidate else ""
    try:
        version = newest_version(os.path.join(given.models_dir, given.task), candidate)
    except Exception as error:
        refusals.end("PushedVersion", error)
    Path(given.output_file).write_text(version, encoding="utf-8")
    print(f"PushedVersion: {given.task} in {given.models_dir}: {version}", flush=True)
    print(report.line("PushedVersion", time.monotonic() - started), flush=True)


if __name__ == "__main__":
    main()
