"""The manifests: rendered, held against Kubernetes' schemas, against each other and the code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from api_server import ApiServer
from asking import SPEC
from google.protobuf import text_format
from kustomize import Manifest, render
from tensorflow_serving.config import model_server_config_pb2

from kubeflow.compile.config import load
from modules.common.declaring.registry import task_names
from pipelines import cli
from serving.config import METRICS_PATH, ModelEntry, ServerConfig
from serving.files import batching_config, container, models_config, monitoring_config

ROOT = Path(__file__).resolve().parents[3]
MANIFESTS = ROOT / "kubeflow" / "manifests"
FOLDERS = sorted(path.parent for path in MANIFESTS.rglob("kustomization.yaml"))
SERVING = [folder for folder in FOLDERS if folder.name in ("base", "local", "production", "gcs")]
KUBERNETES = ("1.29", "1.33", "1.37")


def one(objects: list[Manifest], kind: str) -> Any:
    (found,) = [each for each in objects if each["kind"] == kind]
    return found


def is_folder(path: Path) -> str:
    return str(path.relative_to(MANIFESTS))


@pytest.mark.parametrize("folder", FOLDERS, ids=is_folder)
def test_kubernetes_takes_them(folder: Path) -> None:
    objects = render(folder)
    assert objects
    for each in objects:
        namespace = "PROFILE" if folder.name.endswith("-user") else "kubeflow"
        assert each["metadata"]["namespace"] == namespace
        if each["apiVersion"].startswith("serving.kserve.io"):
            continue  # test_manifests_kserve.py
        if each["apiVersion"].startswith("flink.apache.org"):
            continue  # test_manifests_flink.py
        for version in KUBERNETES:
            kubernetes_validate.validate(each, version, strict=True)


def test_the_schemas_see_faults() -> None:
    deployment = one(render(MANIFESTS / "base"), "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] = "8500"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, KUBERNETES[0], strict=True)


@pytest.mark.parametrize("folder", SERVING, ids=is_folder)
def test_ports_probes_and_selectors_meet(folder: Path) -> None:
    objects = render(folder)
    template = one(objects, "Deployment")["spec"]["template"]
    (serving,) = template["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in serving["ports"]}
    flags = dict(flag.removeprefix("--").split("=") for flag in serving["args"])
    assert ports == {"grpc": int(flags["port"]), "rest": int(flags["rest_api_port"])}
    assert ports == {"grpc": container.GRPC_PORT, "rest": container.REST_PORT}
    for probe in ("startupProbe", "readinessProbe"):
        assert serving[probe]["httpGet"]["port"] in ports
        assert serving[probe]["httpGet"]["path"] == METRICS_PATH
    assert serving["livenessProbe"]["tcpSocket"]["port"] in ports
    annotations = template["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(ports["rest"])
    assert annotations["prometheus.io/path"] == METRICS_PATH

    labels = template["metadata"]["labels"].items()
    service = one(objects, "Service")["spec"]
    assert {each["name"]: each["port"] for each in service["ports"]} == ports
    assert all(each["targetPort"] in ports for each in service["ports"])
    selectors = [
        one(objects, "Deployment")["spec"]["selector"]["matchLabels"],
        service["selector"],
        one(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        *(x["spec"]["selector"]["matchLabels"] for x in objects if "Budget" in x["kind"]),
    ]
    assert all(selector and selector.items() <= labels for selector in selectors)
    for rule in one(objects, "NetworkPolicy")["spec"]["ingress"]:
        assert all(port["port"] in ports for port in rule["ports"])
    for scaler in (x["spec"] for x in objects if x["kind"] == "HorizontalPodAutoscaler"):
        assert scaler["scaleTargetRef"]["name"] == one(objects, "Deployment")["metadata"]["name"]
        assert "replicas" not in one(objects, "Deployment")["spec"]


@pytest.mark.parametrize("folder", SERVING, ids=is_folder)
def test_the_server_is_not_root_and_finds_its_files(folder: Path) -> None:
    objects = render(folder)
    pod = one(objects, "Deployment")["spec"]["template"]["spec"]
    (serving,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert serving["securityContext"]["readOnlyRootFilesystem"]
    assert pod["serviceAccountName"] == one(objects, "ServiceAccount")["metadata"]["name"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {mount["name"] for mount in serving["volumeMounts"]} == set(volumes)
    config_map = one(objects, "ConfigMap")
    assert volumes["config"]["configMap"]["name"] == config_map["metadata"]["name"]
    paths = {mount["name"]: mount["mountPath"] for mount in serving["volumeMounts"]}
    files = [flag.split("=")[1] for flag in serving["args"] if "_file=" in flag]
    assert {f"{paths['config']}/{name}" for name in config_map["data"]} == set(files)
    if "models" in volumes:
        claim = volumes["models"]["persistentVolumeClaim"]["claimName"]
        assert claim == one(objects, "PersistentVolumeClaim")["metadata"]["name"]


def test_the_server_runs_as_lianxi_serve_says(tmp_path: Path) -> None:
    text = container.compose_yaml(tmp_path, tmp_path, "/models", 10, ServerConfig())
    compose = yaml.safe_load(text)["services"]["serving"]
    (serving,) = one(render(MANIFESTS / "base"), "Deployment")["spec"]["template"]["spec"][
        "containers"
    ]
    assert serving["command"] == compose["entrypoint"]
    assert serving["args"] == compose["command"]
    assert serving["image"] == compose["image"]


@pytest.mark.parametrize("folder", SERVING, ids=is_folder)
def test_models_are_read_where_they_are_pushed(folder: Path) -> None:
    data = one(render(folder), "ConfigMap")["data"]
    models = text_format.Parse(data["models.config"], model_server_config_pb2.ModelServerConfig())
    names = [each.name for each in models.model_config_list.config]
    assert names and set(names) <= set(task_names())
    models_dir = "gs://BUCKET/models" if folder.name == "gcs" else load().models_dir
    expected = models_config.models_config({name: ModelEntry(Path("/x")) for name in names})
    expected = expected.replace('"/x"', f'"{models_dir}/{names[0]}"')
    assert models == text_format.Parse(expected, model_server_config_pb2.ModelServerConfig())
    assert data["batching.config"] == batching_config.batching_config(ServerConfig().batching)
    assert data["monitoring.config"] == monitoring_config.monitoring_config()


def test_steps_and_servers_share_the_volume() -> None:
    config = load(str(ROOT / "kubeflow" / "config.example.yaml"))
    (volume,) = [each for each in config.volumes if config.models_dir.startswith(each.path)]
    objects = render(MANIFESTS / "base")
    assert volume.claim == one(objects, "PersistentVolumeClaim")["metadata"]["name"]
    pod = one(objects, "Deployment")["spec"]["template"]["spec"]
    mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    assert mounts["models"] == volume.path


@pytest.mark.parametrize("folder", ["recurring-run", "recurring-run-user"])
def test_the_recurring_run_asks_for_a_run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    folder: str,
) -> None:
    has_users = folder.endswith("-user")
    spec = one(render(MANIFESTS / folder), "CronJob")["spec"]["jobTemplate"]["spec"]
    pod = spec["template"]["spec"]
    assert pod["serviceAccountName"] == ("default-editor" if has_users else "pipeline-runner")
    (job,) = pod["containers"]
    (token,) = [each for each in job["env"] if each["name"] == "KF_PIPELINES_SA_TOKEN_PATH"]
    mounts = [mount["mountPath"] for mount in job["volumeMounts"]]
    assert str(Path(token["value"]).parent) in mounts
    # Imports TFX, which no other test here needs.
    from kubeflow.client.handler import KubeflowHandler

    monkeypatch.setattr(KubeflowHandler, "_service_account", lambda self: None)
    (tmp_path / "token").write_text("secret")
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "token"))
    namespaces = ("PROFILE",) if has_users else None
    with ApiServer(token="secret", namespaces=namespaces) as server:
        package = yaml.safe_dump(SPEC).encode()
        server.state.upload_pipeline("name_gender", package, "PROFILE" if has_users else "")
        words = [*job["command"], *job["args"]]
        argv = [f"--endpoint={server.url}" if x.startswith("--endpoint=") else x for x in words]
        assert argv != words
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        (run,) = server.state.runs.values()
    assert run["display_name"] == "name_gender"
    assert "PENDING" in capsys.readouterr().out
