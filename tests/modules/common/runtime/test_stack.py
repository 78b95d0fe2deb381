"""What differs between the stacks, and that a person hears nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from modules.common.runtime.stack import IS_CURRENT, TFX_VERSION, quiet_imports, safe_argument


def test_the_stack_is_the_one_that_is_installed() -> None:
    from tfx.version import __version__

    assert __version__.startswith(f"{TFX_VERSION}.")
    assert (sys.version_info >= (3, 12)) == IS_CURRENT


def test_keywords_alone_get_another_name() -> None:
    assert [safe_argument(name) for name in ("class", "class_", "text")] == [
        "class_",
        "class_",
        "text",
    ]


def test_what_imports_write_is_kept_from_a_person(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_imports():
        print("from Python", file=sys.stderr)
        os.write(2, b"from C++")
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"


def test_an_import_that_fails_is_not_silent(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError), quiet_imports():
        os.write(2, b"why it fails \xff")
        raise ImportError
    assert capfd.readouterr().err == "why it fails \\xff"


@pytest.mark.parametrize(
    "arguments",
    [["tfx", "pipeline", "list", "--engine", "local"], ["sample", "name_gender", "names"]],
    ids=lambda arguments: arguments[0],
)
def test_commands_write_nothing_to_standard_error(
    arguments: list[str], tmp_path: os.PathLike[str]
) -> None:
    code = f"import sys; sys.argv[1:] = {arguments!r}; from pipelines.cli import main; main()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**environment, "HOME": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
