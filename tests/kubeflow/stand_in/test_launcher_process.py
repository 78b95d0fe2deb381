"""A fork of a process that has imported TFX does what a fresh interpreter does."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from launcher_process import IMAGE, Forks, fresh

_CONTAINER = {**IMAGE, "TF_USE_LEGACY_KERAS": "0"}
_TELL = """
import logging, os, sys, tempfile
import __main__
print(sys.argv[1:], os.getcwd() == sys.path[0], __name__, hasattr(__main__, "TOLD"))
print(sorted(set(os.environ) - {"LC_CTYPE"}), os.environ["OF_POD"], sys.stdin.read() == "")
print(tempfile.gettempdir(), logging.root.handlers, logging.root.level)
TOLD = True
"""
_ENDS = {
    "well": "",
    "by a number": "sys.exit(3)",
    "by a text": "sys.exit('error: no data')",
    "by an exception": "raise ValueError('no data')",
    "by a signal": "sys.stdout.flush(); os.kill(os.getpid(), 15)",
    "late": """
import atexit, threading, time
atexit.register(print, "at the end")
threading.Thread(target=lambda: (time.sleep(0.2), print("from a thread"))).start()
""",
}


def _work(folder: Path, code: str) -> tuple[Path, Path]:
    folder.mkdir()
    (folder / "told.py").write_text(_TELL + code, encoding="utf-8")
    log = folder / "log"
    log.touch()
    return folder, log


@pytest.mark.parametrize("end", _ENDS)
def test_a_fork_says_and_ends_as_an_interpreter_does(
    end: str, tmp_path: Path, forks: Forks
) -> None:
    command = ["python", "-m", "told", "a", "--b"]
    pod = {"HOME": str(tmp_path), "OF_POD": "x", "TMPDIR": str(tmp_path)}
    ends, said = [], []
    for number, execute in enumerate((fresh, forks.run)):
        work, log = _work(tmp_path / str(number), _ENDS[end])
        ends.append(execute(command, work, _CONTAINER, pod, log))
        # Where an exception came from is said with the lines of `runpy`, and of the fork.
        lines = log.read_text(encoding="utf-8").splitlines()
        said.append([line for line in lines if not line.startswith(("  ", "Traceback"))])
    assert ends[0] == ends[1]
    assert said[0] == said[1] and len(said[0]) >= 3, said
    assert (ends[0] == 0) == (end in ("well", "late"))


def test_forks_run_at_the_same_time(tmp_path: Path, forks: Forks) -> None:
    code = """
import pathlib, time
pathlib.Path("../here-" + sys.argv[1]).touch()
other = pathlib.Path("../here-" + sys.argv[2])
until = time.monotonic() + 60
while not other.exists() and time.monotonic() < until:
    time.sleep(0.01)
sys.exit(not other.exists())
"""
    codes: list[int] = []

    def run(mine: str, other: str) -> None:
        work, log = _work(tmp_path / mine, code)
        command = ["python", "-m", "told", mine, other]
        codes.append(forks.run(command, work, _CONTAINER, {"OF_POD": ""}, log))

    threads = [threading.Thread(target=run, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0]
