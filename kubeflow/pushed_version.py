"""The step PushedVersion: tells KFP's cache whether a model was pushed, before one is copied.

`python -m kubeflow.pushed_version MODELS_DIR TASK OUTPUT_FILE [CANDIDATE]` writes the number of the
newest version of TASK in MODELS_DIR into OUTPUT_FILE, or `none`. Versions that are copies of the
artifact at CANDIDATE are left out. So where neither data nor code changed, a candidate that comes
from the cache is compared with what it was compared with when it was new, which the cache has
answered too, and it is not pushed again.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from modules.common.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

from tfx.utils import path_utils  # noqa: E402

from components.pushed_model import newest_version  # noqa: E402
from kubeflow import object_store, refusals, report  # noqa: E402


def main() -> None:
    """Runs the step; ends the process with code 1, and a line, where models cannot be seen."""
    models_dir, task_name, output_file, *candidates = sys.argv[1:]
    started = time.monotonic()
    object_store.register()
    candidate = path_utils.serving_model_path(candidates[0]) if candidates else ""
    try:
        version = newest_version(os.path.join(models_dir, task_name), candidate)
    except Exception as error:
        refusals.end("PushedVersion", error)
    Path(output_file).write_text(version, encoding="utf-8")
    print(f"PushedVersion: {task_name} in {models_dir}: {version}", flush=True)
    print(report.line("PushedVersion", time.monotonic() - started), flush=True)


if __name__ == "__main__":
    main()
