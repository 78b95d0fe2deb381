"""What the workers of Beam's engine must see, wherever they are."""

from __future__ import annotations

from typing import Any

import pytest

from kubeflow.compile.beam_engine import complete_arguments, find_shared_staging
from kubeflow.compile.config import parse
from kubeflow.compile.containers import variables
from kubeflow.compile.pods import Volume
from kubeflow.compile.settings import ConfigError
from kubeflow.step.beam_runner import remote_runner
from kubeflow.step.staging import SHARED_STAGING_VARIABLE

FLINK = ["--runner=FlinkRunner", "--flink_master=flink:8081"]
AT_MINIO = {"volumes": [{"claim": "staging", "path": "/minio"}]}


@pytest.mark.parametrize(
    ("arguments", "runner"),
    [
        ((), ""),
        (("--direct_num_workers=4",), ""),
        (("--runner=DirectRunner",), ""),
        (("--runner", "directrunner"), ""),
        (("--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",), ""),
        (("--runner=FlinkRunner",), "FlinkRunner"),
        (("--runner", "DataflowRunner", "--project=x"), "DataflowRunner"),
        (("--runner=FnApiRunner", "--runner=PortableRunner"), "PortableRunner"),
        (("--runner",), ""),
    ],
)
def test_a_runner_is_remote_or_not(arguments: tuple[str, ...], runner: str) -> None:
    assert remote_runner(arguments) == runner


def test_tfx_is_told_which_image_workers_have() -> None:
    assert complete_arguments(FLINK, "image:1") == (*FLINK, "--sdk_container_image=image:1")
    for given in (["--direct_num_workers=4"], [*FLINK, "--sdk_container_image=mine"]):
        assert complete_arguments(given, "image:1") == tuple(given)


def test_steps_are_told_which_staging_is_shared() -> None:
    volumes = [Volume(claim=name, path=f"/{name}/") for name in ("gcs", "models", "minio")]
    assert find_shared_staging(volumes) == ["minio", "gcs"]
    assert variables(parse(AT_MINIO))[SHARED_STAGING_VARIABLE] == "minio"
    assert SHARED_STAGING_VARIABLE not in variables(parse({}))


@pytest.mark.parametrize(
    "settings",
    [
        {"pipeline_root": "gs://bucket/root"},
        {"pipeline_root": "gs://bucket/root", "data": "gs://bucket/data"},
        {"pipeline_root": "gs://bucket/root", "data": "/data/on/a/volume"},
        {"pipeline_root": "minio://bucket/root", **AT_MINIO},
        {"pipeline_root": "minio://bucket/root", "data": "s3://bucket/data", **AT_MINIO},
    ],
)
def test_what_workers_see_is_taken(settings: dict[str, Any]) -> None:
    assert parse({**settings, "beam_args": FLINK}).beam_args == tuple(FLINK)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, r"found none, .* pipeline_root: gs://BUCKET/…, or add {claim: NAME, path: /minio}"),
        ({"pipeline_root": "s3://bucket/root"}, "found 's3://bucket/root'.*path: /s3}"),
        ({"pipeline_root": "s3://bucket/root", **AT_MINIO}, "path: /s3}"),
        (
            {"pipeline_root": "gs://bucket/root", "data": "minio://bucket/data"},
            "data: workers of FlinkRunner .* found 'minio://bucket/data'",
        ),
    ],
)
def test_what_workers_would_not_see_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse({**settings, "beam_args": FLINK})
    parse(settings)
