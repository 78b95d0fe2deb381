"""The manifests of Flink agree with the code, the lock and each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from kustomize import render

from pipelines.cluster import worker_pool
from pipelines.cluster.flink_jars import FLINK_VERSION
from pipelines.engines.flink import FLINK_LINE, SIDECAR

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "kubeflow" / "manifests" / "flink"
DOCKERFILE = (ROOT / "kubeflow" / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def objects() -> dict[tuple[str, str], Any]:
    return {(each["kind"], each["metadata"]["name"]): each for each in render(FOLDER)}


def test_flink_is_the_one_that_was_tried(objects: dict[tuple[str, str], Any]) -> None:
    spec = objects["FlinkDeployment", "lianxi-flink"]["spec"]
    assert spec["image"] == f"flink:{FLINK_VERSION}-java17"
    assert spec["flinkVersion"] == f"v{FLINK_LINE.replace('.', '_')}"
    # What the operator's resource definition asks for.
    for role in ("jobManager", "taskManager"):
        assert set(spec[role]["resource"]) == {"memory", "cpu"}
    assert all(isinstance(value, str) for value in spec["flinkConfiguration"].values())


def test_each_task_manager_has_workers_beside_it_that_see_the_volume(
    objects: dict[tuple[str, str], Any],
) -> None:
    pod = objects["FlinkDeployment", "lianxi-flink"]["spec"]["taskManager"]["podTemplate"]["spec"]
    main, workers = pod["containers"]
    # The operator knows its own container by this name.
    assert main["name"] == "flink-main-container"
    assert workers["command"][-1] == worker_pool.__name__
    assert workers["args"] == [f"--service_port={SIDECAR.partition(':')[2]}"]
    [mount], [volume] = workers["volumeMounts"], pod["volumes"]
    assert mount["name"] == volume["name"]
    claim = objects["PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    # A run of the image keeps its things there.
    assert f"LIANXI_ROOT={mount['mountPath']} " in DOCKERFILE
    assert f"USER {workers['securityContext']['runAsUser']}:" in DOCKERFILE


def test_the_job_server_is_of_the_images_beam_and_reaches_flink(
    objects: dict[tuple[str, str], Any],
) -> None:
    [container] = objects["Deployment", "lianxi-job-server"]["spec"]["template"]["spec"][
        "containers"
    ]
    lock = re.search(r"COPY requirements/(\S+\.txt)", DOCKERFILE)
    assert lock
    beam = re.search(
        r"^apache-beam==(\S+)", (ROOT / "requirements" / lock[1]).read_text(), re.MULTILINE
    )
    assert beam
    assert container["image"] == f"apache/beam_flink{FLINK_LINE}_job_server:{beam[1]}"
    arguments = dict(word.split("=") for word in container["args"])
    # The operator names the JobManager's service after the deployment.
    assert arguments["--flink-master"] == "lianxi-flink-rest:8081"
    service = objects["Service", "lianxi-job-server"]["spec"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert {port["name"]: port["port"] for port in service["ports"]} == ports
    assert int(arguments["--job-port"]) == ports["jobs"]
    labels = objects["Deployment", "lianxi-job-server"]["spec"]["template"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()
