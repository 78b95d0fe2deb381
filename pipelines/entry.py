"""What a task's pipeline file does, run by Python or by TFX's own command line.

`python pipelines/name_gender.py` and `tfx pipeline create --pipeline_path …` run the same DAG as
`lianxi run`. TFX's command line passes no options on, so the choices come from variables:
LIANXI_ROOT, LIANXI_DATA, LIANXI_ENV (`local` or `smoke`), LIANXI_KEEP_VERSIONS, LIANXI_ENGINE,
LIANXI_FLINK_MASTER and LIANXI_JOB_SERVER.
"""

from __future__ import annotations

import os
import sys

from modules.common.runtime.stack import prepare_environment, quiet_imports
from pipelines import ending

# Before anything imports TensorFlow.
prepare_environment()


def main(task_name: str) -> None:
    """Runs a task's pipeline with plain LocalDagRunner, and ends the process where it fails.

    Args:
        task_name: The task.
    """
    code = ending.main(lambda: _run(task_name))
    if code:
        sys.exit(code)


def _run(task_name: str) -> None:
    with quiet_imports():
        from tfx.orchestration.local.local_dag_runner import LocalDagRunner

        from modules.common.declaring.registry import load_task
        from pipelines.builder import create_pipeline
        from pipelines.careful_launcher import launch_by
        from pipelines.data import locate
        from pipelines.engines.choice import with_engine
        from pipelines.environment import environment
        from pipelines.locks import exclusive

    task = load_task(task_name)
    env = with_engine(environment(os.environ.get("LIANXI_ENV", "local")))
    settings = task.resolve({}, smoke=env.smoke)
    data = locate(task, os.environ.get("LIANXI_DATA"), env, settings)
    with exclusive(env, task_name), launch_by():
        LocalDagRunner().run(create_pipeline(task, env, data, settings))
