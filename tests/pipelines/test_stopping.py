"""Ctrl-C and SIGTERM: one message, exit code 130 or 143, nothing temporary, no process left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_WAIT_S = 60
_COMMAND = """
import sys
from pathlib import Path
from pipelines import ending, stopping
from pipelines.logs import logging_to

def command():
    import multiprocessing, subprocess, tempfile, time
    tempfile.mkdtemp(prefix="beam")
    tempfile.NamedTemporaryFile(delete=False).write(b"x")
    stopping.note_kept("What finished before is kept in ROOT.")
    stopping.doing("Trainer")
    {body}

sys.argv = ["/usr/bin/lianxi", "run", "name_gender", "--data", "a b"]
sys.exit(ending.main(command))
"""
_CHILD = "import time; print('ready', flush=True); time.sleep(600)"
_DEAF_CHILD = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {_CHILD}"
_BODIES = {
    "sleeping": "print('ready', flush=True); time.sleep(600)",
    "swallowing": """
    print('ready', flush=True)
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass
""",
    "logging": """
    with logging_to(Path('run.log')):
        print('ready', flush=True)
        time.sleep(600)
""",
    "in_a_library": """
    import hashlib
    print('ready', flush=True)
    hashlib.pbkdf2_hmac('sha256', b'a', b'b', 2**31 - 1)
""",
    "with_a_child": f"subprocess.run([sys.executable, '-c', {_CHILD!r}])",
    "with_a_deaf_child": f"subprocess.run([sys.executable, '-c', {_DEAF_CHILD!r}])",
}


def started(body: str, folder: Path) -> subprocess.Popen[str]:
    """Starts a command with a temporary folder of its own, and waits until it is ready."""
    (folder / "tmp").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND.replace("{body}", body)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()
    return process


def processes_in(folder: Path) -> list[str]:
    """Lists the processes whose working folder is this one."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                found.append(entry.name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    ("number", "name", "code"),
    [(signal.SIGINT, "Ctrl-C", 130), (signal.SIGTERM, "SIGTERM", 143)],
)
@pytest.mark.parametrize("body", _BODIES)
def test_a_stop_is_one_message_and_leaves_nothing(
    body: str, number: signal.Signals, name: str, code: int, tmp_path: Path
) -> None:
    process = started(_BODIES[body], tmp_path)
    assert list((tmp_path / "tmp").glob("lianxi-run-*/beam*"))
    process.send_signal(number)
    out, err = process.communicate(timeout=_WAIT_S)
    assert process.returncode == code
    assert err == (
        f"stopped ({name}) during Trainer. What finished before is kept in ROOT. "
        "To go on, give the same command again: lianxi run name_gender --data 'a b'\n"
    )
    assert list((tmp_path / "tmp").iterdir()) == []
    assert processes_in(tmp_path) == []


def test_what_is_sent_to_a_forked_process_stops_only_that(tmp_path: Path) -> None:
    body = """
    child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(600,))
    child.start()
    time.sleep(0.5)
    child.terminate()
    child.join()
    print('ready', flush=True)
    time.sleep(0.5)
    print(child.exitcode, flush=True)
"""
    process = started(body, tmp_path)
    out, err = process.communicate(timeout=_WAIT_S)
    assert (out, err, process.returncode) == (f"{-signal.SIGTERM}\n", "", 0)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_a_killed_command_left_is_removed_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    alive = started(_BODIES["sleeping"], tmp_path)
    [its_folder] = (tmp_path / "tmp").iterdir()
    killed = started(_BODIES["sleeping"], tmp_path)
    killed.kill()
    killed.wait()
    (tmp_path / "tmp" / "lianxi-run-of-mine").mkdir()
    assert len(list((tmp_path / "tmp").iterdir())) == 3
    third = started("print('ready', flush=True)", tmp_path)
    third.communicate(timeout=_WAIT_S)
    left = {path.name for path in (tmp_path / "tmp").iterdir()}
    alive.kill()
    alive.wait()
    assert left == {its_folder.name, "lianxi-run-of-mine"}


def test_a_signal_during_the_imports_is_a_stop_too(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "lianxi"), "schema", "name_gender"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    end_s = time.monotonic() + _WAIT_S
    while not list(tmp_path.glob("lianxi-run-*")) and time.monotonic() < end_s:
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=_WAIT_S)
    assert process.returncode == 130
    assert err.startswith("stopped (Ctrl-C)") and err.endswith("lianxi schema name_gender\n")
    assert list(tmp_path.glob("lianxi-run-*")) == []
