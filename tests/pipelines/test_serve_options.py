"""What the options of `lianxi serve` come to, in Lianxi's spelling and TensorFlow Serving's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from modules.common.runtime.errors import WrongUsage
from pipelines.commands import serve_config
from pipelines.commands.serve import command as serve_command
from pipelines.commands.serve_options import serve_options
from pipelines.ports import is_loopback
from serving.config import METRICS_PATH, ServerConfig, VersionPolicy


def parse(*arguments: str) -> dict[str, Any]:
    """Parses a command line, and checks that its options go together."""
    found: dict[str, Any] = {}

    @click.command()
    @serve_options
    def command(**options: Any) -> None:
        serve_config.check_together(options)
        found.update(options)

    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    if result.exit_code:
        raise click.UsageError(result.output)
    return found


def config(*arguments: str) -> ServerConfig:
    """The configuration of a command line."""
    made = serve_config.server_config(parse(*arguments), Path("/models"))
    assert isinstance(made, ServerConfig)
    return made


def test_without_options_it_is_the_servers_own_defaults_and_rest() -> None:
    expected = ServerConfig(rest_port=8501, reload_root=Path("/models"))
    assert config() == expected


def test_every_option_reaches_the_server() -> None:
    made = config(
        *"--host 0.0.0.0 --port 1 --rest-port 2 --metrics-port 3 --cors-origin http://a "
        "--cors-origin http://b --poll 7 --allow-reload --no-batching --max-message-mb 8 "
        "--max-examples 9 --max-in-flight-mb 10 --max-memory-mb 11 --receive-timeout 12 "
        "--version-policy all --version-policy a=latest:2 --version-policy b=specific:3,5 "
        "--label a:stable=3 --label a:next=4".split()
    )
    assert (made.host, made.port, made.rest_port, made.metrics_port) == ("0.0.0.0", 1, 2, 3)
    assert made.cors_origins == ("http://a", "http://b")
    assert (made.poll_interval_s, made.allow_reload, made.batching.enabled) == (7, True, False)
    limits = (made.max_message_mb, made.max_examples, made.max_in_flight_mb, made.max_memory_mb)
    assert limits == (8, 9, 10, 11)
    assert made.receive_timeout_s == 12
    assert made.version_policy == VersionPolicy.all()
    assert made.model_policies == {
        "a": VersionPolicy.latest(2),
        "b": VersionPolicy.specific(3, 5),
    }
    assert made.version_labels == {"a": {"stable": 3, "next": 4}}


def test_tensorflow_servings_own_spellings(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("max_batch_size { value: 8 }")
    (tmp_path / "m").write_text('prometheus_config { enable: true path: "/m" }')
    made = config(
        "--enable_batching",
        f"--batching_parameters_file={tmp_path / 'b'}",
        f"--monitoring_config_file={tmp_path / 'm'}",
        "--rest_api_port=0",
        "--rest_api_timeout_in_ms=1500",
        "--rest_api_enable_cors_support=true",
        "--file_system_poll_wait_seconds=3",
        "--allow_version_labels_for_unavailable_models=false",
        "--enable_model_warmup=false",
    )
    assert made.batching.max_batch_size == 8
    assert (made.metrics_path, made.rest_port, made.cors_origins) == ("/m", None, ("*",))
    assert made.rest_timeout_s == 1.5
    assert (made.poll_interval_s, made.allow_labels_for_unavailable) == (3, False)
    assert not made.warmup
    assert not config("--enable_batching=false").batching.enabled
    assert config("--rest_api_port=9").rest_port == 9


def test_what_is_served(tmp_path: Path) -> None:
    (tmp_path / "models.config").write_text(
        'model_config_list { config { name: "a" base_path: "/models/a" '
        'model_platform: "tensorflow" } }'
    )
    assert serve_config.models_of(parse(), tmp_path) is None
    one = parse("--model_name", "a", "--model_base_path", str(tmp_path))
    assert serve_config.models_of(one, tmp_path) == {"a": tmp_path}
    unnamed = parse("--model-path", str(tmp_path))
    assert serve_config.models_of(unnamed, tmp_path) == {"default": tmp_path}
    listed = parse(
        "--model_config_file",
        str(tmp_path / "models.config"),
        "--model_config_file_poll_wait_seconds",
        "5",
    )
    assert set(serve_config.models_of(listed, tmp_path)()) == {"a"}


def test_metrics_on_the_rest_port_need_no_port_of_their_own() -> None:
    assert config("--metrics-port", "8501").metrics_port is None
    assert config("--metrics-port", "8501", "--no-rest").metrics_port == 8501
    assert config().metrics_path == METRICS_PATH


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--port 8501", "--port and --rest-port are both 8501; choose two"),
        ("--version-policy a=some", "expected latest, latest:2, all or specific:3,5"),
        ("--version-policy latest:x", "found 'latest:x'"),
        ("--version-policy latest:0", "found 'latest:0'"),
        ("--version-policy specific:", "found 'specific:'"),
        ("--label a=3", "expected MODEL:LABEL=VERSION, such as name_gender:stable=3"),
        ("--label a:stable=new", "found 'a:stable=new'"),
        ("--models-config FILE --model-path .", "--model-path and --models-config are both given"),
        ("--models-config FILE --label a:b=1", "--label and --models-config are both given"),
        ("--batching-config FILE --no-batching", "--no-batching not to"),
        ("--batching-config FILE --enable_batching=false", "--no-batching not to"),
        ("--tls nowhere", "'nowhere' does not exist"),
        ("--model-path nowhere", "'nowhere' does not exist"),
        ("--poll 0", "0"),
        ("--max-examples 0", "0 is not in the range"),
    ],
)
def test_what_cannot_be(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    words = [str(tmp_path / "file") if word == "FILE" else word for word in line.split()]
    with pytest.raises(click.UsageError) as caught:
        parse(*words)
    assert said in " ".join(str(caught.value).split())


@pytest.mark.parametrize("option", ["--batching-config", "--monitoring-config", "--tls"])
def test_a_file_that_holds_something_else(option: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("nonsense {")
    with pytest.raises(WrongUsage, match="Invalid protobuf file: .*f'"):
        config(option, str(tmp_path / "f"))


def test_the_help_teaches() -> None:
    said = CliRunner().invoke(serve_command, ["--help"]).output
    assert "docs/serving.md" in said and "no client notices" not in said
    assert "--models-config FILE" in said
    # TensorFlow Serving's spellings are taken, not shown.
    assert "_" not in said.replace("LIANXI_ROOT", "").replace("lianxi_runs", "").replace(
        "name_gender", ""
    )


class FakeServer:
    """Stands in for the server, and remembers what it was made of."""

    made: list[tuple[Any, ServerConfig]] = []
    metrics_port: int | None = None
    port = 8500

    def __init__(self, models: Any, config: ServerConfig, on_progress: Any) -> None:
        self.made.append((models, config))

    def start(self) -> int:
        """Starts nothing."""
        return 0

    def wait(self) -> None:
        """Ends at once."""


def run_serve(monkeypatch: pytest.MonkeyPatch, root: Path, *arguments: str) -> Any:
    """Runs `lianxi serve` over one pushed model without a server."""
    monkeypatch.setattr("serving.server.Server", FakeServer)
    version = root / "models" / "tiny" / "1"
    version.mkdir(parents=True, exist_ok=True)
    (version / "saved_model.pb").write_bytes(b"")
    FakeServer.made.clear()
    free = ("--root", str(root), "--port", "0", "--rest-port", "0")
    return CliRunner().invoke(serve_command, [*free, *arguments], catch_exceptions=False)


def test_a_server_in_the_open_is_warned_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = run_serve(monkeypatch, tmp_path, "--host", "0.0.0.0")
    assert "warning: other machines reach 0.0.0.0, and nothing is encrypted" in done.stderr
    assert "warning" not in done.stdout
    done = run_serve(monkeypatch, tmp_path)
    assert "warning" not in done.output
    [(models, made)] = FakeServer.made
    assert made.reload_root == tmp_path / "models"
    assert [entry.base_path for entry in models().values()] == [tmp_path / "models" / "tiny"]


def test_names_that_no_model_has_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = run_serve(monkeypatch, tmp_path, "--label", "tinny:a=1", "--label", "tiny:a=1")
    assert "note: no model is called tinny" in done.stderr
    assert "called tiny " not in done.stderr


def test_files_are_written_for_the_pushed_models_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run_serve(monkeypatch, tmp_path, "--model-path", str(other), "--model-name", "other")
    assert FakeServer.made[0][0] == {"other": other}
    assert not (tmp_path / "serving").exists()
    done = run_serve(monkeypatch, tmp_path, "--model-path", str(other), "--config-only")
    assert done.exit_code == 2 and "name no others" in done.output
    run_serve(monkeypatch, tmp_path, "--config-only", "--label", "tiny:stable=1", "--no-batching")
    assert "stable" in (tmp_path / "serving" / "models.config").read_text()
    assert "batching" not in (tmp_path / "serving" / "compose.yaml").read_text()
    assert not FakeServer.made


def test_loopback() -> None:
    assert is_loopback("127.0.0.1") and is_loopback("localhost")
    assert not is_loopback("0.0.0.0")
    assert is_loopback("no-such-host.invalid")
