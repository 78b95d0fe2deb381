"""music_rbm: music goes on from a MIDI file, and is written as one. No TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from modules.common.asking.asking import Answer, Asking, Request, Said
from modules.common.asking.questions import read_fields
from modules.common.asking.request_files import find_named_file
from modules.common.declaring.task import Field
from modules.common.midi.midi_files import MidiError
from modules.common.midi.note_state import STEPS_PER_BEAT, from_midi, list_notes, to_midi
from modules.common.midi.synthesizer import RATE_HZ, synthesize
from modules.common.runtime.errors import DataError, SettingError
from modules.common.sound.sound_files import wav_bytes
from modules.music_rbm.piano_roll import draw_piano_rolls
from modules.music_rbm.task import MAX_STEPS, TASK

_BPM = 120.0
_PRIMER_STEPS = 64
_OPTIONS = (
    Field(
        name="primer",
        dtype="string",
        kind="midi",
        default="",
        doc="path of a MIDI file: its beginning is kept, the model goes on from there",
    ),
    Field(
        name="primer_steps",
        dtype="int64",
        at_least=1,
        at_most=MAX_STEPS,
        default=_PRIMER_STEPS,
        doc="how many steps of the primer are kept, or all if it has fewer",
    ),
    Field(
        name="bpm",
        dtype="float32",
        kind="tempo",
        at_least=20,
        at_most=400,
        default=_BPM,
        doc="beats a minute of what is written",
    ),
    Field(
        name="wav",
        dtype="string",
        kind="path",
        default="",
        doc="path of a sound file to write too",
    ),
    Field(
        name="picture",
        dtype="string",
        kind="path",
        default="",
        doc="path of a picture (png) to write too, a piano roll",
    ),
)


def read(text: str, said: Said) -> Request:
    """Reads an order.

    Args:
        text: Empty: there is no input.
        said: As the options say.

    Returns:
        The inputs of the signature, a batch of one.

    Raises:
        DataError: For a primer that is no MIDI file or longer than the music, or a file that
            cannot be written.
    """
    for name in ("wav", "picture"):
        _check_folder(name, str(said.get(name, "")))
    inputs = TASK.serving.inputs
    request = read_fields("music_rbm", (each for each in inputs if each.name != "primer"), said)
    primer = str(said.get("primer", ""))
    if "primer_steps" in said and not primer:
        raise SettingError(
            "primer_steps says how much of a primer is kept; name one, --primer FILE"
        )
    if primer:
        length = said.get("steps", TASK.serving.input("steps").default)
        kept = int(said.get("primer_steps", _PRIMER_STEPS))
        request["primer"] = [_read_primer(primer, kept, int(str(length)))]
    return request


def show(request: Request, answer: Answer, out: Path | None, said: Said) -> str:
    """Writes the music as a MIDI file, and if asked for as a sound and a picture.

    Args:
        request: Not used.
        answer: `note_state`, uint8 `[1, steps, 156]`.
        out: Where to.
        said: `bpm`, and `wav` and `picture`, paths of further files.

    Returns:
        The paths, with how many notes, seconds and steps there are.

    Raises:
        DataError: If the music is too long for a sound.
    """
    [music] = answer["note_state"]
    tempo = float(said.get("bpm", _BPM))
    wav, picture = (str(said.get(name, "")) for name in ("wav", "picture"))
    path = out or Path("music_rbm.mid")
    path.write_bytes(to_midi(music, tempo))
    notes, seconds = len(list_notes(music)), len(music) / STEPS_PER_BEAT * 60 / tempo
    lines = [f"{path}\t{notes} note{'s'[: notes != 1]}, {seconds:.1f} s, {len(music)} steps"]
    if wav:
        try:
            sound = wav_bytes(synthesize(music, tempo), RATE_HZ)
        except ValueError as error:
            raise DataError(f"{path} is written, but not {wav}: {error}") from error
        lines.append(_write(wav, sound))
    if picture:
        title = f"{path.name}: {notes} notes, {tempo:g} beats a minute"
        lines.append(_write(picture, draw_piano_rolls({title: music})))
    return "\n".join(lines)


def _check_folder(name: str, path: str) -> None:
    folder = Path(path).expanduser().parent
    if path and (not folder.is_dir() or Path(path).expanduser().is_dir()):
        raise SettingError(
            f"{name} takes the path of a file to write, found no folder for {path!r}"
        )


def _write(path: str, contents: bytes) -> str:
    file = Path(path).expanduser()
    file.write_bytes(contents)
    return str(file)


def _read_primer(path: str, kept: int, length: int) -> np.ndarray:
    """Reads the beginning of a MIDI file, uint8 `[steps, 156]`."""
    file = find_named_file("music_rbm", "a MIDI file as primer", path)
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


ASKING = Asking(options=_OPTIONS, read=read, show=show, writes=".mid")
