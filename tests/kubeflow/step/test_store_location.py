"""Where S3 and MinIO are: by variables, by what the cluster says, by what KFP's releases bring."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import yaml
from kubernetes_stub import NAMESPACE, Kubernetes, running

from kubeflow.step import cluster, ingest, object_store, store_location
from kubeflow.step.data_fingerprint import fingerprint
from kubeflow.step.store_location import ENDPOINT_VARIABLE, locate
from modules.common.runtime.errors import DataError

VARIABLES = (
    ENDPOINT_VARIABLE, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION",
    "MINIO_SERVICE_SERVICE_HOST", "MINIO_SERVICE_SERVICE_PORT", "KUBERNETES_SERVICE_HOST",
)  # fmt: skip
OF_KFP = {"accesskey": "minio", "secretkey": "minio123"}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """A process that was told nothing and asked nothing yet; the names that the cluster knows."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    known: set[str] = set()
    resolve = socket.getaddrinfo

    def look_up(host: str, *more: Any, **others: Any) -> Any:
        if not str(host).endswith(".kubeflow"):
            return resolve(host, *more, **others)
        if host not in known:
            raise socket.gaierror("no such name")
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    _forget()
    yield known
    _forget()


def _forget() -> None:
    for cached in (cluster.api, store_location._ask, store_location._service):
        cached.cache_clear()


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kubernetes]:
    """A cluster with KFP's secret."""
    account = tmp_path / "account"
    account.mkdir()
    with running(account) as server:
        for name, value in server.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(cluster, "SERVICE_ACCOUNT", account)
        server.secrets["mlpipeline-minio-artifact"] = dict(OF_KFP)
        yield server


def _providers(**providers: Any) -> dict[str, str]:
    return {"providers": yaml.safe_dump(providers)}


def _store(endpoint: str, secret: str, **more: Any) -> dict[str, Any]:
    names = {"secretName": secret, "accessKeyKey": "a", "secretKeyKey": "s"}
    return {"endpoint": endpoint, "credentials": {"fromEnv": False, "secretRef": names}} | more


def test_variables_settle_it_and_the_cluster_is_not_asked(
    kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert fingerprint(str(tmp_path)) and fingerprint("") == "none"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv(ENDPOINT_VARIABLE, "http://localhost:9")
    for uri in ("minio://bucket/key", "s3://bucket/key"):
        found = locate(uri)
        assert (found.endpoint, found.key) == ("http://localhost:9", "")
    assert kubernetes.asked == []


@pytest.mark.parametrize(
    ("known", "endpoint"),
    [
        ({"seaweedfs.kubeflow"}, "http://seaweedfs.kubeflow:9000"),
        ({"minio-service.kubeflow"}, "http://minio-service.kubeflow:9000"),
        ({"seaweedfs.kubeflow", "minio-service.kubeflow"}, "http://seaweedfs.kubeflow:9000"),
    ],
)
def test_without_settings_it_is_what_the_release_brings(
    kubernetes: Kubernetes, names: set[str], known: set[str], endpoint: str
) -> None:
    names |= known
    found = locate("minio://bucket/key")
    assert (found.endpoint, found.key, found.secret) == (endpoint, "minio", "minio123")
    assert "minio123" not in repr(found)
    locate("minio://bucket/another")
    assert kubernetes.asked == [
        f"/api/v1/namespaces/{NAMESPACE}/configmaps/kfp-launcher",
        f"/api/v1/namespaces/{NAMESPACE}/secrets/mlpipeline-minio-artifact",
    ]


def test_a_service_of_the_own_namespace_is_told_by_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MINIO_SERVICE_SERVICE_HOST", "10.0.0.7")
    monkeypatch.setenv("MINIO_SERVICE_SERVICE_PORT", "9000")
    assert locate("minio://bucket/key").endpoint == "http://10.0.0.7:9000"


def test_the_config_map_says_server_and_secret(kubernetes: Kubernetes) -> None:
    special = {"bucketName": "special", "keyPrefix": "data/"}
    kubernetes.config_maps["kfp-launcher"] = _providers(
        minio={"default": _store("store.example:9000", "one", disableSSL=True, region="here")},
        s3={
            "default": _store("s3.amazonaws.com", "two", region="eu-west-1"),
            "Overrides": [
                _store("https://other.example", "one", **special, forcePathStyle=False),
                special | {"credentials": {"fromEnv": True}, "keyPrefix": ""},
            ],
        },
    )
    kubernetes.secrets |= {"one": {"a": "a1", "s": "s1"}, "two": {"a": "a2", "s": "s2"}}
    found = locate("minio://any/key")
    assert (found.endpoint, found.region) == ("http://store.example:9000", "here")
    assert (found.key, found.secret, found.by_host) == ("a1", "s1", False)
    found = locate("s3://any/key")
    assert (found.endpoint, found.region, found.key) == ("", "eu-west-1", "a2")
    found = locate("s3://special/data/x")
    assert (found.endpoint, found.key, found.by_host) == ("https://other.example", "a1", True)
    assert locate("s3://special/elsewhere").key == ""


def test_a_pipeline_root_may_name_the_server(kubernetes: Kubernetes) -> None:
    query = "endpoint=store.example:80&disableSSL=true&region=r&s3ForcePathStyle=true"
    kubernetes.config_maps["kfp-launcher"] = {"defaultPipelineRoot": f"s3://mine/v2?{query}"}
    found = locate("s3://mine/data")
    assert (found.endpoint, found.region) == ("http://store.example:80", "r")
    assert locate("s3://another/data").endpoint == ""


def test_what_may_not_be_read_is_passed_over_and_said(
    kubernetes: Kubernetes, names: set[str]
) -> None:
    kubernetes.forbidden |= {"configmaps", "secrets"}
    with pytest.raises(DataError) as error:
        locate("minio://bucket/key")
    for told in (
        "AWS_ENDPOINT_URL is not set",
        f"may not read ConfigMap kfp-launcher in namespace {NAMESPACE}",
        f"may not read secret mlpipeline-minio-artifact in namespace {NAMESPACE}",
        "seaweedfs.kubeflow is no name here",
        "minio-service.kubeflow is no name here",
    ):
        assert told in str(error.value)
    store_location._service.cache_clear()
    names.add("minio-service.kubeflow")
    assert locate("minio://bucket/key").key == ""


def test_outside_a_cluster_s3_is_amazons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SERVICE_ACCOUNT", tmp_path)
    found = locate("s3://bucket/key")
    assert (found.endpoint, found.key) == ("", "")
    assert any("no service account" in told for told in found.tried)


def test_settings_that_kfp_cannot_read_either_are_an_error(kubernetes: Kubernetes) -> None:
    kubernetes.config_maps["kfp-launcher"] = {"providers": "minio: [wrong]"}
    with pytest.raises(DataError, match="providers cannot be read"):
        locate("minio://bucket/key")


def test_data_is_read_from_where_the_cluster_says(
    kubernetes: Kubernetes, s3_variables: dict[str, str], tmp_path: Path
) -> None:
    endpoint = s3_variables[ENDPOINT_VARIABLE]
    server = urlsplit(endpoint).netloc
    kubernetes.config_maps["kfp-launcher"] = _providers(
        minio={"default": _store(server, "one", disableSSL=True)}
    )
    kubernetes.secrets["one"] = {"a": "someone", "s": "secret"}
    keys = {"aws_access_key_id": "someone", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="located")
    client.put_object(Bucket="located", Key="names/a.csv", Body=b"1")
    object_store.register()
    folder, *_ = ingest.find("minio://located/names", str(tmp_path / "copy"))
    assert folder and Path(folder, "a.csv").read_bytes() == b"1"
