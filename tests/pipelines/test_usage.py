"""Wrong usage of every command ends with 2, before anything is made or loaded."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lianxi_client import Client, ClientError
from modules.common.runtime.errors import LianxiError, SettingError, WrongUsage
from pipelines.answering import NoServerError, check_answers
from pipelines.beam_arguments import check_arguments
from pipelines.ports import find_refusal

LIANXI = str(Path(sys.executable).parent / "lianxi")


def lianxi(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LIANXI, *arguments], capture_output=True, text=True, timeout=120, cwd=cwd, check=False
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run name_gender --env smok", "'smok' is not one of"),
        ("run name_gender --epochs 0", "epochs takes a whole number, 1 or more, found '0'"),
        ("run name_gender --learning-rate nan", "takes a number, more than 0, found 'nan'"),
        ("run name_gender --set dropout=1", "takes a number, at least 0, less than 1, found '1'"),
        ("run image_retrain --weights nowhere.h5", "found no file 'nowhere.h5'"),
        ("run name_gender --data nowhere.csv", "nowhere.csv does not exist"),
        ("run name_gender --root file", "cannot be a folder, since "),
        ("predict name_gender 王 --set epochs=3", "no setting 'epochs'; it takes none"),
        ("predict name_gender 王 --out a.png", "writes no file; leave --out out"),
        ("predict deep_dream a.png --out b.png --json", "give one of them"),
        ("predict voice_gender nowhere.wav", "found no file 'nowhere.wav'"),
        ("predict captcha_ocr a.png b.png", "found no file 'a.png', 'b.png'"),
        (
            "predict name_gender 王 --server nonsense",
            "takes HOST:PORT, such as localhost:8500",
        ),
        ("predict name_gender", "name_gender takes a name in Chinese characters; give one or more"),
        ("evaluate name_gender --all", "name some --data"),
        ("schema name_gender --data nowhere", "nowhere does not exist"),
        ("serve --port 99999", "99999 is not in the range"),
        ("serve --metrics-port -1", "-1 is not in the range"),
        ("serve --port 8500 --metrics-port 8500", "are both 8500"),
        ("serve --max-message-mb 0", "0 is not in the range"),
        ("sample name_gender out --count 0", "0 is not in the range"),
        ("sample name_gender out --count 3 --sample-rows 4", "--count and --sample-rows are one"),
        ("sample name_gender file", "is a file"),
        ("compile name_gender --train-steps 0", "0 is not in the range"),
        ("compile name_gender --config nowhere.yaml", "no configuration file nowhere.yaml"),
        ("compile name_gender --epochs many", "epochs takes a whole number, 1 or more, found"),
        ("clean name_gender --keep 0", "0 is not in the range"),
        ("list nothing_such", "no task is called 'nothing_such'"),
    ],
)
def test_a_wrong_usage_ends_with_2(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = lianxi(*line.split(), cwd=tmp_path)
    assert said in done.stderr
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"file", "lianxi_runs"}
    assert not list(tmp_path.glob("lianxi_runs/*/pipelines"))


def test_what_beam_refuses_is_said_by_us() -> None:
    check_arguments(["--direct_num_workers=4", "--runner=FlinkRunner", "--flink_master=host:1"])
    with pytest.raises(WrongUsage, match="Beam refuses --direct_num_workers=x: argument") as caught:
        check_arguments(["--direct_num_workers=x"])
    assert "invalid int value: 'x'" in str(caught.value)


def test_a_port_that_is_taken_is_named_with_its_option() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        first = find_refusal("127.0.0.1", {"--port": port, "--metrics-port": None}, "lianxi serve")
        second = find_refusal("127.0.0.1", {"--port": 0, "--metrics-port": port}, "lianxi serve")
    said = f"port {port} of 127.0.0.1 is taken, perhaps by another `lianxi serve`; choose another "
    assert str(first) == f"{said}with --port"
    assert str(second) == f"{said}with --metrics-port"
    assert find_refusal("127.0.0.1", {"--port": 0, "--metrics-port": None}, "lianxi serve") is None
    unknown = find_refusal("no-such-host.invalid", {"--port": 8500}, "lianxi serve")
    assert "no address is called 'no-such-host.invalid'" in str(unknown)
    assert isinstance(first, LianxiError) and first.exit_code == 1


def test_a_setting_of_a_request_is_a_wrong_usage() -> None:
    assert SettingError("top_k takes a whole number").exit_code == 2


def test_no_server_is_said_once_with_its_port(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"localhost:{free.getsockname()[1]}"
    done = lianxi("predict", "name_gender", "王", "李", "--server", address, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"error: no server answers at {address}; start one (lianxi serve ")


def test_a_server_that_is_busy_is_no_absent_one() -> None:
    check_answers(ClientError("UNAVAILABLE", "the queue is full (server localhost:1)"))
    with Client("localhost:1", max_retries=0) as client, pytest.raises(ClientError) as caught:
        client.status("m")
    with pytest.raises(NoServerError, match="no server answers at localhost:1; start one"):
        check_answers(caught.value)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("pipeline list --help", 0, ""),
        ("pipeline list --engine nonsense", 2, "Engine nonsense is not supported."),
        ("pipeline create --engine local --pipeline_path no.py", 2, "Invalid pipeline path: no.py"),
        ("run create --engine local --pipeline_name no", 1, 'Pipeline "no" does not exist.'),
    ],
)
def test_what_tfx_says_has_a_code_of_its_kind(
    line: str, code: int, said: str, tmp_path: Path
) -> None:
    done = lianxi("tfx", *line.split(), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (code, f"error: {said}\n" if said else "")
