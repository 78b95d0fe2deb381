"""Files that a person names to `lianxi predict`. No TensorFlow."""

from __future__ import annotations

from pathlib import Path

from modules.common.pictures.image_files import servable_bytes
from modules.common.runtime.errors import DataError, MissingDataError
from modules.common.sound.sound_checks import is_wav
from modules.common.sound.sound_files import read_sound, wav_bytes


def find_named_file(task_name: str, takes: str, text: str) -> Path:
    """Finds the file that a person named.

    Args:
        task_name: Whom it is for.
        takes: What the task takes, such as `a recording (wav, flac)`.
        text: What was typed.

    Raises:
        MissingDataError: If there is no such file.
    """
    path = Path(text).expanduser()
    if not path.is_file():
        raise MissingDataError(f"{task_name} takes the path of {takes}, found no file {text!r}")
    return path


def read_picture(task_name: str, text: str) -> bytes:
    """Reads a picture that a person named.

    Args:
        task_name: Whom it is for.
        text: What was typed: the path of a picture in any format that Pillow reads.

    Raises:
        DataError: If there is no such file, or it is no picture.
    """
    path = find_named_file(task_name, "a picture (png, jpg, gif, bmp, webp)", text)
    try:
        return servable_bytes(path.read_bytes())
    except ValueError as error:
        raise DataError(f"{path} cannot be used: {error}") from error


def read_recording(task_name: str, text: str) -> bytes:
    """Reads a recording that a person named, as the bytes of a WAV file.

    Args:
        task_name: Whom it is for.
        text: What was typed: the path of a recording. WAV stays as it is, for the graph to read;
            flac, ogg and mp3 become 16-bit mono WAV at their own rate.

    Raises:
        DataError: If there is no such file, or it is no recording.
    """
    path = find_named_file(task_name, "a recording (wav, flac, ogg, mp3)", text)
    contents = path.read_bytes()
    if is_wav(contents):
        return contents
    try:
        return wav_bytes(*read_sound(contents))
    except ValueError as error:
        raise DataError(f"{path} is not a recording that can be used: {error}") from error
