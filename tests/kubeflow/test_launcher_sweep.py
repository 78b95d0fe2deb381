"""Every task under the newest KFP, and two under each, by `make test-kubeflow`: under an hour."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from launcher import Cluster, Run
from launcher_process import Forks
from launcher_tasks import check_served, compile_package, said
from launcher_versions import NEWEST, VERSIONS, Kfp

from components.pushed_model import ABSENT
from kubeflow.step import object_store
from modules.common.declaring.registry import load_task, task_names
from pipelines.builder import Options

pytestmark = [pytest.mark.e2e, pytest.mark.sweep, pytest.mark.timeout(3600)]

_TWO = ("captcha_ocr", "name_gender")
# A table, pictures, and a series, which has no Tuner: what trains fast enough to do so many times.
_TUNED = ("age_gender", "name_gender", "railway_forecast")

Tell = Callable[[str, Kfp, str, Run, float], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Takes a line for the table at the end, and says it at once."""

    def line(task: str, kfp: Kfp, options: str, run: Run, seconds: float) -> None:
        counts = Counter(run.states.values())
        states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
        slowest = max(run.seconds, key=run.seconds.__getitem__)
        text = f"{task:22}{kfp.name:6}{options:28}{seconds:6.0f} s  {states}; "
        text += f"{slowest} {run.seconds[slowest]:.0f} s"
        record_property("runs of packages in the stand-in", text)
        print(text, said(run), sep="\n", flush=True)

    return line


def _timed(cluster: Cluster, package: Path, parameters: dict[str, Any]) -> tuple[Run, float]:
    started = time.monotonic()
    run = cluster.run(package, parameters)
    return run, time.monotonic() - started


@pytest.mark.parametrize("kfp", VERSIONS, ids=lambda kfp: kfp.name)
def test_name_gender_under_each_version(kfp: Kfp, forks: Forks, tmp_path: Path, tell: Tell) -> None:
    package = compile_package("name_gender", tmp_path, str(tmp_path / "models"))
    cluster = Cluster(tmp_path / "cluster", kfp=kfp, execute=forks.run)
    run, seconds = _timed(cluster, package, {})
    tell("name_gender", kfp, "", run, seconds)
    assert set(run.states.values()) == {"succeeded"}, said(run)
    check_served("name_gender", tmp_path / "models")


@pytest.mark.parametrize("kfp", VERSIONS, ids=lambda kfp: kfp.name)
def test_captcha_ocr_under_each_version_to_a_bucket(
    kfp: Kfp,
    forks: Forks,
    s3_variables: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    for name, value in s3_variables.items():
        monkeypatch.setenv(name, value)
    bucket = f"models-{kfp.name.replace('.', '-')}"
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=bucket)
    package = compile_package("captcha_ocr", tmp_path, f"minio://{bucket}/lianxi", env=s3_variables)
    cluster = Cluster(tmp_path / "cluster", "s3://bucket/artifacts", kfp, forks.run)
    run, seconds = _timed(cluster, package, {})
    tell("captcha_ocr", kfp, "to a bucket", run, seconds)
    assert set(run.states.values()) == {"succeeded"}, said(run)
    object_store.fetch(f"minio://{bucket}/lianxi", str(tmp_path / "models"))
    check_served("captcha_ocr", tmp_path / "models")


@pytest.mark.parametrize("task_name", [name for name in task_names() if name not in _TWO])
def test_each_other_task_is_served(
    task_name: str, forks: Forks, tmp_path: Path, tell: Tell
) -> None:
    package = compile_package(task_name, tmp_path, str(tmp_path / "models"))
    run, seconds = _timed(Cluster(tmp_path / "cluster", kfp=NEWEST, execute=forks.run), package, {})
    tell(task_name, NEWEST, "", run, seconds)
    assert set(run.states.values()) == {"succeeded"}, said(run)
    check_served(task_name, tmp_path / "models")


@pytest.mark.parametrize("task_name", _TUNED)
def test_a_task_tunes_and_goes_on_from_its_model(
    task_name: str, forks: Forks, tmp_path: Path, tell: Tell
) -> None:
    options = Options(tune=bool(load_task(task_name).search), warm_start=True)
    package = compile_package(task_name, tmp_path, str(tmp_path / "models"), options)
    cluster = Cluster(tmp_path / "cluster", kfp=NEWEST, execute=forks.run)
    for number in ("first", "second"):
        run, seconds = _timed(cluster, package, {})
        told = "Tuner, warm start" if options.tune else "warm start"
        tell(task_name, NEWEST, f"{told}, {number}", run, seconds)
        assert run.succeeded, said(run)
        is_first = number == "first"
        assert (ABSENT in run.outputs["PushedModel"].artifacts["model"].metadata) == is_first
        check_served(task_name, tmp_path / "models")
