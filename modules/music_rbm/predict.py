"""music_rbm: how a person orders music and gets it. No TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modules.common.asking.request_files import named_file
from modules.common.asking.request_numbers import parse_number
from modules.common.midi.midi_files import MidiError
from modules.common.midi.note_state import STEPS_PER_BEAT, from_midi, played, to_midi
from modules.common.runtime.errors import DataError, SettingError
from modules.common.sound.sound_files import wav_bytes
from modules.music_rbm.piano_roll import drawn
from modules.music_rbm.synthesizer import RATE_HZ, synthesize
from modules.music_rbm.task import MAX_GIBBS_STEPS, MAX_STEPS

TAKES = "no input: what to play is said by options"
NEEDS_INPUT = False
WRITES = ".mid"
# Many steps of many sweeps each take minutes.
TIMEOUT_S = 600.0
OPTIONS = {
    "steps": f"How long, 1 to {MAX_STEPS} steps, four to a beat. Default: 128.",
    "gibbs_steps": f"Sweeps of Gibbs sampling, 1 to {MAX_GIBBS_STEPS}. Default: 50.",
    "temperature": "1 draws as the model says, less draws what is likelier more often.",
    "seed": "Another seed, other music. Default: 0.",
    "primer": "Path of a MIDI file: its beginning is kept, the model goes on from there.",
    "primer_steps": "How many steps of the primer are kept. Default: 64, or all if it has fewer.",
    "bpm": "Beats a minute of what is written, 20 to 400. Default: 120.",
    "wav": "Path of a sound file to write too.",
    "picture": "Path of a picture (png) to write too, a piano roll.",
}
# What the model is not asked about.
SHOW_OPTIONS = ("bpm", "wav", "picture")

_BPM = 120.0
_SLOWEST_BPM, _FASTEST_BPM = 20, 400
_STEPS = 128
_PRIMER_STEPS = 64
_MAX_SEED = 2**63 - 1


def read_request(
    text: str,
    *,
    steps: str = "",
    gibbs_steps: str = "",
    temperature: str = "",
    seed: str = "",
    primer: str = "",
    primer_steps: str = "",
    bpm: str = "",
    wav: str = "",
    picture: str = "",
) -> tuple[str, dict[str, Any]]:
    """Reads an order.

    Args:
        text: Empty: there is no input.
        steps: As `OPTIONS` says; so are the others, numbers as text, empty for the default.
        gibbs_steps: See `OPTIONS`.
        temperature: See `OPTIONS`.
        seed: See `OPTIONS`.
        primer: See `OPTIONS`.
        primer_steps: See `OPTIONS`.
        bpm: Looked at here, so that what is wrong with it is said before music is made.
        wav: Likewise.
        picture: Likewise.

    Returns:
        The signature's name and its inputs, a batch of one.

    Raises:
        DataError: For an input, a setting that does not parse, a primer that is no MIDI file or
            longer than the music, or a file that cannot be written.
    """
    if text:
        raise SettingError(f"music_rbm takes no input, found {text!r}; say by options what to play")
    _bpm(bpm)
    for name, path in (("wav", wav), ("picture", picture)):
        _check_folder(name, path)
    length = parse_number("steps", steps or str(_STEPS), int, 1, MAX_STEPS)
    request: dict[str, Any] = {
        "steps": [length],
        "seed": [parse_number("seed", seed or "0", int, 0, _MAX_SEED)],
    }
    if gibbs_steps:
        request["gibbs_steps"] = [parse_number("gibbs_steps", gibbs_steps, int, 1, MAX_GIBBS_STEPS)]
    if temperature:
        request["temperature"] = [parse_number("temperature", temperature, float)]
    if primer_steps and not primer:
        raise SettingError(
            "primer_steps says how much of a primer is kept; name one, --primer FILE"
        )
    if primer:
        request["primer"] = [_primer(primer, primer_steps, int(length))]
    return "serving_default", request


def show(
    request: dict[str, Any],
    answer: dict[str, np.ndarray],
    out: Path | None,
    *,
    bpm: str = "",
    wav: str = "",
    picture: str = "",
) -> str:
    """Writes the music as a MIDI file, and if asked for as a sound and a picture.

    Args:
        request: Not used.
        answer: `note_state`, uint8 `[1, steps, 156]`.
        out: Where to; `music_rbm.mid` in the current folder if `None`.
        bpm: Beats a minute, as text.
        wav: Path of a sound file, or empty.
        picture: Path of a picture, or empty.

    Returns:
        The paths, with how many notes, seconds and steps there are.

    Raises:
        DataError: If the music is too long for a sound.
    """
    [music] = answer["note_state"]
    tempo = _bpm(bpm)
    path = out or Path("music_rbm.mid")
    path.write_bytes(to_midi(music, tempo))
    notes, seconds = len(played(music)), len(music) / STEPS_PER_BEAT * 60 / tempo
    lines = [f"{path}\t{notes} note{'s'[: notes != 1]}, {seconds:.1f} s, {len(music)} steps"]
    if wav:
        try:
            sound = wav_bytes(synthesize(music, tempo), RATE_HZ)
        except ValueError as error:
            raise DataError(f"{path} is written, but not {wav}: {error}") from error
        lines.append(_written(wav, sound))
    if picture:
        title = f"{path.name}: {notes} notes, {tempo:g} beats a minute"
        lines.append(_written(picture, drawn({title: music})))
    return "\n".join(lines)


def _bpm(text: str) -> float:
    return float(parse_number("bpm", text or str(_BPM), float, _SLOWEST_BPM, _FASTEST_BPM))


def _check_folder(name: str, path: str) -> None:
    folder = Path(path).expanduser().parent
    if path and (not folder.is_dir() or Path(path).expanduser().is_dir()):
        raise SettingError(
            f"{name} takes the path of a file to write, found no folder for {path!r}"
        )


def _written(path: str, contents: bytes) -> str:
    file = Path(path).expanduser()
    file.write_bytes(contents)
    return str(file)


def _primer(path: str, steps: str, length: int) -> np.ndarray:
    """Reads the beginning of a MIDI file, uint8 `[steps, 156]`."""
    file = named_file("music_rbm", "a MIDI file as primer", path)
    kept = int(parse_number("primer_steps", steps or str(_PRIMER_STEPS), int, 1, MAX_STEPS))
    try:
        music = from_midi(file)
    except MidiError as error:
        raise DataError(f"primer: {file} cannot be used: {error}") from error
    if not len(music):
        raise DataError(f"primer: {file} has no note that the model knows, pitches 24 to 101")
    music = music[:kept].astype(np.uint8)
    if len(music) > length:
        raise SettingError(
            f"steps is {length}, fewer than the {len(music)} that are kept of the primer; more "
            f"--steps, or fewer --primer-steps"
        )
    return music
