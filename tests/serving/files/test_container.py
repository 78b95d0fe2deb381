"""The files for the real server, read back by the libraries that define their formats."""

import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.config import BatchingConfig, ModelEntry, ServerConfig, VersionPolicy
from serving.errors import ServingError
from serving.files import container, models_config


@pytest.fixture
def written(tmp_path, publish):
    root = tmp_path / "模型 root"
    for model in ("b_model", "a_model"):
        publish(root, model, 1)
    (root / "empty").mkdir()
    config = ServerConfig(
        model_policies={"a_model": VersionPolicy.specific(1, 3), "b_model": VersionPolicy.all()},
        version_labels={"a_model": {"stable": 1}},
        batching=BatchingConfig(max_batch_size=8, allowed_batch_sizes=(2, 8)),
    )
    paths = container.write_container_config(root, tmp_path / "config", config)
    return root, {path.name: path for path in paths}


def test_models_config(written):
    _, paths = written
    proto = text_format.Parse(
        paths["models.config"].read_text(), model_server_config_pb2.ModelServerConfig()
    )
    first, second = proto.model_config_list.config
    assert (first.name, first.base_path) == ("a_model", "/models/a_model")
    assert first.model_platform == second.model_platform == "tensorflow"
    assert list(first.model_version_policy.specific.versions) == [1, 3]
    assert dict(first.version_labels) == {"stable": 1}
    assert second.model_version_policy.WhichOneof("policy_choice") == "all"


def test_monitoring(written):
    _, paths = written
    assert paths["monitoring.config"].read_text() == (
        'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }\n'
    )


def test_compose(written):
    root, paths = written
    service = yaml.safe_load(paths["compose.yaml"].read_text())["services"]["serving"]
    assert service["image"] == "tensorflow/serving:2.19.1"
    assert service["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]
    mounts = {mount["target"]: mount for mount in service["volumes"]}
    assert mounts["/models"]["source"] == str(root.resolve())
    assert mounts["/models"]["read_only"] is True
    folder = mounts["/config"]["source"]
    flags = dict(flag.removeprefix("--").split("=", 1) for flag in service["command"])
    assert (flags["port"], flags["rest_api_port"]) == ("8500", "8501")
    assert flags["enable_batching"] == "true"
    assert int(flags["model_config_file_poll_wait_seconds"]) > 0
    for flag in ("model_config_file", "batching_parameters_file", "monitoring_config_file"):
        assert flags[flag].startswith("/config/")
        assert flags[flag].removeprefix("/config/") in paths
    assert folder == str(paths["compose.yaml"].parent.resolve())


def test_compose_follows_the_embedded_server(tmp_path, publish):
    publish(tmp_path / "root", "tiny", 1)
    (tmp_path / "ssl.config").write_text("")
    config = ServerConfig(
        batching=BatchingConfig(enabled=False),
        warmup=False,
        allow_labels_for_unavailable=False,
        cors_origins=("*",),
        metrics_path="/metrics",
    )
    paths = container.write_container_config(
        tmp_path / "root", tmp_path / "config", config, tls_file=tmp_path / "ssl.config"
    )
    service = yaml.safe_load(paths[3].read_text())["services"]["serving"]
    flags = set(service["command"])
    assert {"--enable_model_warmup=false", "--rest_api_enable_cors_support=true"} <= flags
    assert "--ssl_config_file=/tls/ssl.config" in flags
    assert not [flag for flag in flags if "batching" in flag or "labels" in flag]
    # TensorFlow Serving encrypts gRPC alone.
    assert service["ports"] == ["127.0.0.1:8500:8500"]
    assert service["volumes"][2]["source"] == str((tmp_path / "ssl.config").resolve())
    assert 'path: "/metrics"' in paths[2].read_text()


def test_round_trip():
    from pathlib import Path

    entries = {
        "one": ModelEntry(Path("/m/one"), VersionPolicy.latest(3), {"stable": 4}),
        "two": ModelEntry(Path("/m/two"), VersionPolicy.all()),
        "three": ModelEntry(Path("/m/three"), VersionPolicy.specific(5, 6)),
    }
    text = models_config.models_config(entries)
    proto = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    assert models_config.entries_from_proto(proto) == entries


def test_embedded_server_takes_the_same_file(tmp_path, publish, serve):
    publish(tmp_path / "root", "tiny", 1)
    paths = container.write_container_config(
        tmp_path / "root", tmp_path / "config", container_root=str(tmp_path / "root")
    )
    _, stubs = serve(models_config.read_models_config(paths[0]))
    assert stubs.predict("tiny", name=["a"])["label"] == [b"v1:a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense {", "Invalid protobuf file"),
        ('model_config_list { config { name: "a" } }', "Expected name and base_path"),
        (
            'model_config_list { config { name: "a" base_path: "/a" model_platform: "x" } }',
            "Expected model_platform 'tensorflow' for model a, got 'x'",
        ),
    ],
)
def test_bad_models_config(tmp_path, text, message):
    path = tmp_path / "models.config"
    path.write_text(text)
    with pytest.raises(ServingError, match=message):
        models_config.read_models_config(path)


def test_empty_root(tmp_path):
    with pytest.raises(ValueError, match="saved_model.pb"):
        container.write_container_config(tmp_path, tmp_path / "config")
