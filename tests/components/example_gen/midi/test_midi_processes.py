"""The reader of tunes in processes of its own: light, and the same as in one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tunes import config_for, midi, scale

from components.example_gen.midi.midi_reader import look_at_tune
from components.example_gen.process_pool import ReaderPool
from components.example_gen.records import Reject


def test_the_reader_is_light() -> None:
    heavy = "{'tensorflow', 'tfx', 'apache_beam', 'keras', 'matplotlib'} & set(sys.modules)"
    code = f"import sys, components.example_gen.midi.midi_reader; print(sorted({heavy}))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "[]"


def test_several_processes_read_the_same(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    paths = [tmp_path / f"{number}.mid" for number in range(20)]
    for number, path in enumerate(paths):
        path.write_bytes(midi(scale(10 + number)))
    pool = ReaderPool(look_at_tune, config, processes=2)
    found = list(pool.read([str(path) for path in paths]))
    pool.close()
    assert found == [list(look_at_tune(str(path), config)) for path in paths]
    assert sum(isinstance(one, Reject) for [one] in found) == 6
