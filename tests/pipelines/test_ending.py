"""How a command ends: one message, the exit code of its kind, the traceback in the log."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from modules.common.runtime.errors import DataError, GateError, LianxiError, WrongUsage
from pipelines.ending import end_of
from pipelines.logs import log_of, logging_to


def raiser(error: BaseException) -> object:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (LianxiError("mend it"), 1, "error: mend it\n"),
        (WrongUsage("no such thing"), 2, "error: no such thing\n"),
        (GateError("refused"), 3, "error: refused\n"),
        (MemoryError(), 1, "error: memory ran out; "),
        (click.UsageError("which?"), 2, "Error: which?\n"),
        (SystemExit("ended with words"), 1, "ended with words\n"),
        (SystemExit(4), 4, ""),
        (click.Abort(), 130, "stopped: nothing was answered\n"),
    ],
)
def test_each_kind_has_its_code_and_is_said_once(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end_of(raiser(error)) == code
    err = capsys.readouterr().err
    assert said in err and "Traceback" not in err
    assert err.count("error") <= 1


def test_the_log_that_is_named_holds_the_error_and_its_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "task.log"

    def fail() -> None:
        with logging_to(path):
            try:
                {}["gone"]
            except KeyError as error:
                raise DataError("no column 性别") from error

    assert end_of(fail) == 1
    assert capfd.readouterr().err == f"error: no column 性别\nThe whole log is in {path}\n"
    text = path.read_text(encoding="utf-8")
    assert text.count("Traceback (most recent call last)") == 2
    assert '{}["gone"]' in text and "DataError: no column 性别" in text


def test_a_fault_without_a_log_gets_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANXI_ROOT", str(tmp_path))
    assert end_of(raiser(ZeroDivisionError("by nothing"))) == 1
    err = capfd.readouterr().err
    [said, log] = re.findall(r"^error: (.*)\nThe whole log is in (.*)\n$", err)[0]
    assert said == "ZeroDivisionError: by nothing"
    assert "Traceback" in Path(log).read_text(encoding="utf-8")
    assert log.startswith(f"{tmp_path}/logs/fault-")


def test_a_fault_that_no_log_can_take_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LIANXI_ROOT", str(tmp_path / "file"))
    assert end_of(raiser(ZeroDivisionError("by nothing"))) == 1
    assert "error: ZeroDivisionError: by nothing\n" in capsys.readouterr().err


def test_only_what_left_the_block_has_a_log(tmp_path: Path) -> None:
    error = DataError("elsewhere")
    with logging_to(tmp_path / "a.log"):
        pass
    assert log_of(error) is None
