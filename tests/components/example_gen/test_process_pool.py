"""Readers in processes: what they give, where they run, how they end."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from drawing import DRAWN, Settings

from components.example_gen.drawn.drawing_reader import draw_example
from components.example_gen.process_pool import ReaderPool
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject
from modules.common.declaring.settings import DATA, tell
from modules.common.runtime.errors import LianxiError

ROOT = Path(__file__).resolve().parents[3]


def config(drawer: str) -> ReadConfig:
    source = replace(DRAWN, drawer=f"drawing.{drawer}")
    told = tell(Settings(seed=3), DATA)
    return ReadConfig(task_name="tiny_task", source=source, settings=told, data_dir="")


def read(drawer: str, items: range, processes: int) -> list[list[Record | Reject]]:
    pool = ReaderPool(draw_example, config(drawer), processes)
    try:
        return list(pool.read(items))
    finally:
        pool.close()


def features(results: list[list[Record | Reject]], name: str) -> list[Any]:
    return [r.features[name] for result in results for r in result if isinstance(r, Record)]


def test_the_number_of_processes_changes_nothing() -> None:
    alone = [list(draw_example(index, config("draw"))) for index in range(7, 230)]
    for processes in (1, 3):
        assert read("draw", range(7, 230), processes) == alone


def test_they_run_in_light_processes_of_their_own() -> None:
    results = read("draw_and_say_where", range(60), 2)
    assert len(set(features(results, "process"))) == 2
    assert features(results, "heavy") == [[]] * 60


def test_a_process_that_dies_is_an_error() -> None:
    start = time.monotonic()
    with pytest.raises(LianxiError, match="a process that reads examples died"):
        read("die", range(300), 2)
    assert time.monotonic() - start < 20


def test_a_mistake_in_a_reader_is_raised() -> None:
    with pytest.raises(KeyError, match="nothing is called so"):
        read("fail", range(20), 1)


def test_what_is_under_way_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = ReaderPool(draw_example, config("draw"), 1)
    submitted = []
    submit = pool._executor.submit

    def counted(function: Any, chunk: list[int]) -> Any:
        submitted.extend(chunk)
        return submit(function, chunk)

    monkeypatch.setattr(pool._executor, "submit", counted)
    results = pool.read(range(10_000))
    for taken in range(1, 50):
        next(results)
        assert len(submitted) <= taken + 4 * 8
    results.close()
    pool.close()


@pytest.mark.parametrize("name", ["pictures.image_reader", "drawn.drawing_reader", "process_pool"])
def test_what_runs_in_a_process_is_light(name: str) -> None:
    code = (
        f"import sys, components.example_gen.{name}; "
        "heavy = {'tensorflow', 'tfx', 'apache_beam', 'keras', 'pandas'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr


_SCRIPT = """
import sys, time
sys.path[:0] = {folders!r}
from test_process_pool import ReaderPool, config, draw_example
if __name__ == "__main__":
    pool = ReaderPool(draw_example, config("draw_and_say_where"), 2)
    results = pool.read(range(100_000))
    seen = set()
    # On a busy machine one may have begun long before the other.
    while len(seen) < 2:
        seen.add(next(results)[0].features["process"])
    print(*seen, flush=True)
    time.sleep(60)
"""


def test_they_end_with_their_parent(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        _SCRIPT.format(folders=[str(Path(__file__).parent), str(ROOT / "tests" / "helpers")])
    )
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    children = [int(pid) for pid in process.stdout.readline().split()]
    assert len(children) == 2 and all(Path(f"/proc/{pid}").exists() for pid in children)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        assert time.monotonic() < deadline, "they run on"
        time.sleep(0.05)
