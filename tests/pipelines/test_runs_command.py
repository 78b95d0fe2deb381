"""`lianxi runs` over records that were made up."""

from __future__ import annotations

import json
import os
import pty
import struct
import subprocess
import sys
import termios
import webbrowser
from fcntl import ioctl
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ml_metadata import MetadataStore
from tfx.orchestration.metadata import sqlite_metadata_connection_config

from modules.common.runtime.errors import LianxiError
from pipelines.cli import cli
from pipelines.commands.printing import word_seconds
from pipelines.environment import Environment, environment
from pipelines.run_record import ComponentRecord, RunRecord, write_record

LIANXI = str(Path(sys.executable).parent / "lianxi")
LONG = "bigram_logistic beats it on every one of the slices"


def record(number: int, **fields: object) -> RunRecord:
    known = {
        "task": "name_gender",
        "run_id": f"2026-11-0{number}",
        "number": number,
        "started_s": 1.7e9 + number,
        "seconds": 65.0,
        "settings": {"epochs": 10 * number, "dropout": 0.5},
        "changed": {"epochs": 10 * number},
        "metrics": {"accuracy": {"value": 0.9 + number / 100, "standard_error": 0.002}},
        "components": (ComponentRecord(name="Trainer", state="done", seconds=3.0, said=LONG),),
        "data_digest": "abc",
        "code_digest": f"c{number}",
    }
    return RunRecord(**(known | fields))  # type: ignore[arg-type]


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """A pushed run, a refused one and a failed one."""
    made = environment("local", str(tmp_path))
    path = Path(made.metadata_path("name_gender"))
    path.parent.mkdir(parents=True)
    MetadataStore(sqlite_metadata_connection_config(str(path)), enable_upgrade_migration=True)
    write_record(made, record(1, state="pushed", version="17", command=("lianxi", "a b")))
    write_record(made, record(2, state="refused", refused=("accuracy",)))
    write_record(made, record(3, state="failed", error="Trainer failed: no\nmore", metrics={}))
    return made


def runs(env: Environment, *words: str) -> Result:
    result = CliRunner().invoke(cli, ["runs", "--root", env.root, *words])
    assert not result.exception or isinstance(result.exception, (SystemExit, LianxiError))
    return result


def test_runs_are_listed_with_what_came_of_them(env: Environment) -> None:
    lines = runs(env).output.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [
        "name_gender@3", "name_gender@2", "name_gender@1",
    ]  # fmt: skip
    text = "\n".join(lines)
    assert "1 min 05 s  failed" in text and "  Trainer failed: no\n" in text
    assert "accuracy 92.00% ± 0.20%\n  refused by accuracy\n  with epochs 20" in text
    assert "  version 17" in text


def test_the_list_ends_where_it_is_told_to(env: Environment) -> None:
    text = runs(env, "name_gender", "--limit", "2").output
    assert "name_gender@1" not in text and "There are older ones: --limit 4" in text
    listed = json.loads(runs(env, "--limit", "2", "--json").output)
    assert [each["id"] for each in listed] == ["name_gender@3", "name_gender@2"]
    assert listed[1]["refused"] == ["accuracy"] and listed[1]["settings"]["epochs"] == 20


def test_one_is_shown_whole(env: Environment) -> None:
    for words in (["show", "name_gender@1"], ["show", "name_gender", "1"], ["name_gender@1"]):
        text = runs(env, *words).output
        assert text.startswith("name_gender@1: pushed, version 17")
        assert "command      lianxi 'a b'" in text and "as usual     dropout 0.5" in text
        assert f"Trainer           done 3.0 s: {LONG}" in text
    assert json.loads(runs(env, "show", "@1", "--json").output)["version"] == "17"


def test_two_are_compared(env: Environment) -> None:
    text = runs(env, "compare", "name_gender@1", "@2").output
    assert "epochs: 10 → 20" in text and "dropout" not in text
    assert "accuracy: 91.00% ± 0.20% → 92.00% ± 0.20%" in text
    assert "+1.00% ± 0.28%: better, by more than chance" in text
    assert "data         the same\ncode         different\nschema       not known" in text
    assert runs(env, "compare", "@2").output == text
    told = json.loads(runs(env, "compare", "@1", "@2", "--json").output)
    assert told["metrics"][0]["by_more_than_chance"] is True and told["a"]["id"] == "name_gender@1"
    assert "is the first run" in str(runs(env, "compare", "@1").exception)


def test_what_is_misspelt_says_what_was_meant(env: Environment) -> None:
    assert "did you mean 'show'?" in runs(env, "shwo").output
    assert "did you mean 'name_gender'?" in runs(env, "name_gendr").output
    assert "the newest are name_gender@3" in str(runs(env, "show", "@9").exception)


def test_where_there_are_none_it_says_where_there_are(env: Environment) -> None:
    text = runs(env, "--env", "smoke").output
    assert "no run was made in" in text and "leave --env smoke out" in text
    assert "lianxi run pixelcnn --root" in runs(env, "pixelcnn").output


@pytest.fixture
def reported(env: Environment) -> Path:
    """The report of the first run."""
    path = env.report_path("name_gender", "2026-11-01")
    path.parent.mkdir(parents=True)
    path.write_text("<html>")
    return path


def test_a_report_is_opened_where_there_is_a_browser(
    env: Environment, reported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "get", lambda: None)
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    assert runs(env, "open", "@1").output == f"{reported}\n"
    assert opened == [reported.as_uri()]
    runs(env, "open", "@1", "--path")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert runs(env, "open", "@1").output == f"{reported}\n"
    assert len(opened) == 1


def test_a_report_that_is_gone_is_written_anew(env: Environment) -> None:
    path = env.report_path("name_gender", "2026-11-02")
    done = subprocess.run(
        [LIANXI, "runs", "open", "@2", "--path", "--root", env.root],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"{path}\n" and "writing the report of name_gender@2" in done.stderr
    text = path.read_text(encoding="utf-8")
    assert "2026-11-02" in text and "accuracy" in text


def in_terminal(columns: int, *words: str, **variables: str) -> str:
    """Runs a command in a terminal of that width."""
    leader, follower = pty.openpty()
    ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    unset = ("COLUMNS", "NO_COLOR", "FORCE_COLOR")
    variables |= {name: value for name, value in os.environ.items() if name not in unset}
    process = subprocess.Popen(
        [LIANXI, *words], stdout=follower, stderr=follower, env=variables | {"TERM": "xterm"}
    )
    os.close(follower)
    text = b""
    while True:
        try:
            text += (read := os.read(leader, 65536))
        except OSError:
            break
        if not read:
            break
    os.close(leader)
    assert process.wait() == 0
    return text.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("words", [["list"], ["show", "@1"], ["compare", "@1", "@2"]])
def test_sixty_columns_are_enough(env: Environment, words: list[str]) -> None:
    text = in_terminal(60, "runs", *words, "--root", env.root, NO_COLOR="1")
    assert "\x1b" not in text
    lines = text.splitlines()
    assert max(map(len, lines)) <= 60 and all(line == line.rstrip() for line in lines)
    assert "\x1b[32mpushed" in in_terminal(60, "runs", *words, "--root", env.root)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"),
     (3725, "1 h 02 min")],
)  # fmt: skip
def test_seconds_in_words(seconds: float, words: str) -> None:
    assert word_seconds(seconds) == words


def test_it_is_quick(env: Environment) -> None:
    """Nothing that takes seconds to import is imported."""
    heavy = "'tensorflow', 'ml_metadata', 'apache_beam', 'tfx', 'gradio'"
    program = (
        "import sys; from pipelines.cli import cli;"
        f"cli.main(['runs', '--root', {env.root!r}], standalone_mode=False);"
        f"sys.exit(bool({{{heavy}}} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL).returncode == 0
    )
