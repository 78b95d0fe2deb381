"""KServe's manifests against KServe's own API, and against what Pusher writes.

KServe's Python SDK holds each type of its API as a class made by a generator, with types and names
of the fields. The release that `requirements/kserve.txt` locks is unpacked and read; nothing of it
is run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes.client
import pytest
from fetched import unpacked
from kustomize import Manifest, render

from modules.common.declaring.registry import task_names

ROOT = Path(__file__).resolve().parents[3]
MANIFESTS = ROOT / "kubeflow" / "manifests"
FOLDERS = ("kserve", "kserve-bucket")
_PLAIN = {"str": str, "int": int, "bool": bool, "object": object}

Fields = dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of KServe's types."""
    lock = ROOT / "requirements" / "kserve.txt"
    return unpacked(lock, tmp_path_factory.mktemp("kserve")) / "kserve" / "models"


def fields_of(models: Path, kind: str) -> Fields:
    """Gives each field's name in JSON, with its type."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()
    path = models / f"{name}.py"
    if not path.exists():
        found = getattr(kubernetes.client, kind)
        types, names = found.openapi_types, found.attribute_map
    else:
        (made,) = [each for each in ast.parse(path.read_text()).body if type(each) is ast.ClassDef]
        said = {
            each.targets[0].id: ast.literal_eval(each.value)
            for each in made.body
            if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)
            if each.targets[0].id in ("openapi_types", "attribute_map")
        }
        types, names = said["openapi_types"], said["attribute_map"]
    return {names[attribute]: kind for attribute, kind in types.items()}


def faults(models: Path, value: Any, kind: str, place: str = "") -> Iterator[str]:
    """Gives the places at which a value is not of a type."""
    if listed := re.fullmatch(r"list\[(.+)\]", kind):
        for number, each in enumerate(value):
            yield from faults(models, each, listed[1], f"{place}[{number}]")
    elif mapped := re.fullmatch(r"dict\(str, (.+)\)", kind):
        for name, each in value.items():
            yield from faults(models, each, mapped[1], f"{place}.{name}")
    elif kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]):
            yield f"{place} is no {kind}"
    else:
        known = fields_of(models, kind)
        for name, each in value.items():
            if name not in known:
                yield f"{place}.{name} is not in {kind}"
            else:
                yield from faults(models, each, known[name], f"{place}.{name}")


def one(objects: list[Manifest], kind: str) -> Any:
    (found,) = [each for each in objects if each["kind"] == kind]
    return found


def service(folder: str) -> Manifest:
    found: Manifest = one(render(MANIFESTS / folder), "InferenceService")
    assert found["apiVersion"] == "serving.kserve.io/v1beta1"
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_kserve_knows_every_field(models: Path, folder: str) -> None:
    assert list(faults(models, service(folder), "V1beta1InferenceService")) == []


def test_a_fault_is_seen(models: Path) -> None:
    wrong = service("kserve")
    model = wrong["spec"]["predictor"]["model"]
    model["storageURI"] = model.pop("storageUri")
    model["modelFormat"]["version"] = 2
    assert sorted(faults(models, wrong, "V1beta1InferenceService")) == [
        ".spec.predictor.model.modelFormat.version is no str",
        ".spec.predictor.model.storageURI is not in V1beta1ModelSpec",
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_no_schema_says(folder: str) -> None:
    """Source: kserve/kserve, pkg/constants/constants.go (`DeploymentModeType`) and
    config/runtimes/kserve-tensorflow-serving.yaml, the same in 0.16 to 0.20."""
    found = service(folder)
    assert found["metadata"]["annotations"] == {"serving.kserve.io/deploymentMode": "Standard"}
    model = found["spec"]["predictor"]["model"]
    assert model["modelFormat"] in ({"name": "tensorflow", "version": v} for v in ("1", "2"))
    assert model["protocolVersion"] in ("v1", "grpc-v1")
    assert re.fullmatch(r"(pvc|s3)://[^/]+/.+", model["storageUri"])


def test_kserve_reads_the_pushed_model() -> None:
    objects = render(MANIFESTS / "kserve")
    found = service("kserve")
    uri = found["spec"]["predictor"]["model"]["storageUri"]
    claim, _, folder = uri.removeprefix("pvc://").partition("/")
    assert claim == one(objects, "PersistentVolumeClaim")["metadata"]["name"]
    assert folder in task_names()
    assert found["metadata"]["name"] == folder.replace("_", "-")


def test_kserve_fetches_from_a_bucket_by_an_account_that_is_there() -> None:
    objects = render(MANIFESTS / "kserve-bucket")
    assert {each["kind"] for each in objects} == {"InferenceService", "ServiceAccount"}
    predictor = service("kserve-bucket")["spec"]["predictor"]
    account = one(objects, "ServiceAccount")
    assert predictor["serviceAccountName"] == account["metadata"]["name"]
    assert predictor["model"]["storageUri"].rpartition("/")[2] in task_names()
    assert [secret["name"] for secret in account["secrets"]] == ["lianxi-bucket"]
    assert "create secret generic lianxi-bucket" in (ROOT / "docs/kubeflow.md").read_text("utf-8")
