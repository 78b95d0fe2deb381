"""MIDI files as people have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tunes import config_for

from components.example_gen.midi.midi_reader import SightedTune, look_at_tune
from components.example_gen.records import Reject
from modules.common.midi.midi_files import read_notes

Case = Callable[[str], Path]

_REASONS = {
    "smpte-25.mid": "expected time in ticks a beat, found SMPTE time (25 frames a second)",
    "tracks-8-of-1.mid": "its header is wrong: that says 8 tracks, and 1 of them",
}


def test_61_odd_events_lose_no_tune(case: Case) -> None:
    data = case("61") / "in"
    tunes, rejects = {}, {}
    for path in sorted(data.iterdir()):
        [found] = look_at_tune(str(path), config_for(data))
        if isinstance(found, SightedTune):
            tunes[path.name] = found.key
        else:
            assert isinstance(found, Reject)
            rejects[path.name] = found.reason
    assert len(tunes) == 27 and rejects.keys() == _REASONS.keys()
    assert all(_REASONS[name] in reason for name, reason in rejects.items())
    # What only has an odd event, or an odd wrapping, is the same music.
    same = {name for name, key in tunes.items() if key == tunes["ok.mid"]}
    assert tunes.keys() - same <= {
        "running-after-meta.mid",
        "running-after-sysex.mid",
        "type-0-two-channels.mid",
        "velocity-128.mid",
    }


@pytest.mark.parametrize("name", ["running-after-meta.mid", "running-after-sysex.mid"])
def test_61_the_status_before_a_meta_event_or_sysex_goes_on(case: Case, name: str) -> None:
    notes = read_notes((case("61") / "in" / name).read_bytes())
    starts, ends = notes.starts.tolist(), notes.ends.tolist()
    assert len(starts) == 25 and {end - start for start, end in zip(starts, ends, strict=True)} == {
        480
    }
