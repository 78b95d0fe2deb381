"""Pictures and sounds within a page: made small, and no more of them than there is room for."""

from __future__ import annotations

import base64
import io

import soundfile
from markupsafe import Markup
from PIL import Image

from gallery.drawing.waveform import draw_waveform
from gallery.report.pieces import Picture, Sound, Text
from modules.common.sound.sound_files import read_sound, resample

ROOM_BYTES = 3_500_000
"""What pictures and sounds of a report may take together; all else takes a megabyte at most."""

_MOST_PX, _SMALL_PX = 320, 64
_MOST_SECONDS = 16.0
# Rates that MP3 knows and that sound well enough.
_RATES_HZ = (16_000, 22_050, 24_000)
_LEFT_OUT = "left out: the report is full"


class Media:
    """Makes pictures and sounds, as long as there is room."""

    def __init__(self, room_bytes: int = ROOM_BYTES) -> None:
        """Begins with an empty page.

        Args:
            room_bytes: What all of them may take, as they stand in the page.
        """
        self._left = room_bytes

    def picture(self, contents: bytes, alt: str, most_px: int = _MOST_PX) -> Picture | Text:
        """Makes a picture.

        Args:
            contents: A file that Pillow reads.
            alt: What is to be seen.
            most_px: The longer side; a larger picture is made smaller.

        Returns:
            The picture, or words where it cannot be shown.
        """
        try:
            with Image.open(io.BytesIO(contents)) as opened:
                image = opened.convert("RGBA" if opened.mode in ("RGBA", "LA", "P") else "RGB")
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            return Text(text=f"{alt}: a picture that cannot be shown ({error})", is_quiet=True)
        width, height = image.size
        is_small = max(width, height) <= _SMALL_PX
        image.thumbnail((most_px, most_px))
        file = io.BytesIO()
        # Of few pixels each is seen, so none may be changed.
        image.save(file, "PNG") if is_small else image.save(file, "WEBP", quality=82, method=4)
        uri = _data_uri("image/png" if is_small else "image/webp", file.getvalue())
        if not self._takes(uri):
            return Text(text=f"{alt}: {_LEFT_OUT}", is_quiet=True)
        shown_width, shown_height = image.size
        return Picture(uri=uri, alt=alt, width=shown_width, height=shown_height, is_small=is_small)

    def sound(self, contents: bytes, label: str) -> Sound | Text:
        """Makes a sound of at most 16 seconds, as MP3, which every browser plays.

        Args:
            contents: A sound file.
            label: What is to be heard.

        Returns:
            The sound with its waveform, or words where it cannot be heard.
        """
        try:
            samples, rate_hz = read_sound(contents)
        except ValueError as error:
            return Text(text=f"{label}: a sound that cannot be played ({error})", is_quiet=True)
        seconds, note = len(samples) / rate_hz, ""
        if seconds > _MOST_SECONDS:
            samples = samples[: int(_MOST_SECONDS * rate_hz)]
            note = f"the first {_MOST_SECONDS:g} of {seconds:.1f} s"
        if rate_hz not in _RATES_HZ:
            wanted_hz = _RATES_HZ[-1] if rate_hz > _RATES_HZ[-1] else _RATES_HZ[0]
            samples, rate_hz = resample(samples, rate_hz, wanted_hz), wanted_hz
        file = io.BytesIO()
        soundfile.write(file, samples, rate_hz, format="MP3", subtype="MPEG_LAYER_III")
        uri = _data_uri("audio/mpeg", file.getvalue())
        if not self._takes(uri):
            return Text(text=f"{label}: {_LEFT_OUT}", is_quiet=True)
        drawing = draw_waveform(f"Waveform of {label}", samples, rate_hz)
        return Sound(uri=uri, label=label, note=note, drawing=Markup(drawing))

    def _takes(self, uri: str) -> bool:
        if len(uri) > self._left:
            return False
        self._left -= len(uri)
        return True


def _data_uri(kind: str, contents: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(contents).decode('ascii')}"
