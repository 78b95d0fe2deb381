"""Endings of file names: which kinds of data they stand for, and what no one put there for reading.

An ending decides what is read, never what is in a file: readers look at the bytes. No TensorFlow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

# What Pillow reads from bytes alone, `pictures.image_files` says which; of the usual names.
PICTURES = (
    *("png", "apng", "jpg", "jpeg", "jpe", "jfif", "jif", "gif", "bmp", "dib", "webp"),
    *("tif", "tiff", "jp2", "j2k", "jpx", "mpo", "avif", "ppm", "pgm", "pbm", "pnm", "pcx", "tga"),
    "ico",
)
# What libsndfile reads.
SOUND = (
    *("wav", "wave", "flac", "ogg", "oga", "opus", "mp3"),
    *("aif", "aiff", "aifc", "au", "snd", "caf", "w64", "rf64"),
)
# Files of Karaoke are MIDI files with words in them.
MIDI = ("mid", "midi", "kar", "smf", "rmi")

# Of these kinds, but in formats that are not read: a folder of them was not meant to be none.
_UNREAD = (
    (PICTURES, "heic heif hif avifs jxl dng cr2 cr3 nef arw orf rw2 raf raw psd svg eps xcf jpeg2"),
    (SOUND, "m4a m4b aac wma amr ape ac3 dts mka weba 3gp mp4 mov avi mkv webm flv wmv wv pcm raw"),
    (MIDI, "mxl musicxml abc xmf mscz sib gp3 gp4 gp5 gpx"),
)

# What lies beside data and is none: notes, lists, and what programs leave.
_DOCUMENTS = frozenset(
    "txt md rst html htm pdf doc docx rtf csv tsv xls xlsx json jsonl xml yaml yml toml ini cfg "
    "conf log url lnk py ipynb sh bat m mat pkl db sqlite lock sha256 md5 license".split()
)
_JUNK_NAMES = frozenset(
    (
        *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "picasa.ini", "icon\r"),
        *("@eadir", "__macosx", "#recycle", "$recycle.bin", "recycler", "lost+found"),
        *("system volume information", "__pycache__", "@recycle", "@recently-snapshot"),
    )
)
_ENDING = re.compile(r"[^\W_][\w-]{0,9}")


def ending_of(path: str) -> str:
    """Gives a file's ending in small letters without the point; empty where it has none.

    Args:
        path: A file's path or name.
    """
    stem, _, ending = path.rpartition("/")[2].rpartition(".")
    found = ending.lower() if stem else ""
    return found if _ENDING.fullmatch(found) else ""


def globs(endings: Iterable[str], folder: str = "") -> tuple[str, ...]:
    """Gives globs of the visible files with these endings, in letters of either case.

    Args:
        endings: Such as `PICTURES`.
        folder: A glob that ends in `/`, or nothing.
    """
    # Globs know no alternatives, but classes of characters.
    return tuple(f"{folder}[!.]*.{_either_case(ending)}" for ending in endings)


def is_junk(path: str) -> bool:
    """Tells whether a file is none of a person's: hidden, or left by a system or a program.

    Args:
        path: Relative to the data folder.
    """
    return any(part.startswith(".") or part.lower() in _JUNK_NAMES for part in path.split("/"))


def is_document(path: str) -> bool:
    """Tells whether a file is usually about data and none itself, such as a licence or a list.

    Args:
        path: A file's path or name.
    """
    ending = ending_of(path)
    name = path.rpartition("/")[2].upper()
    return ending in _DOCUMENTS or (
        not ending and name.startswith(("LICENSE", "README", "COPYING"))
    )


def is_unread(path: str, beside: Collection[str]) -> bool:
    """Tells whether a file is data of a kind that is read, in a format that is not.

    Args:
        path: A file's path or name.
        beside: Endings of the files that are read, which tell the kind.
    """
    ending = ending_of(path)
    return any(
        ending in unread.split() and not set(endings).isdisjoint(beside)
        for endings, unread in _UNREAD
    )


def _either_case(ending: str) -> str:
    return "".join(
        f"[{letter}{letter.upper()}]" if letter.isalpha() else letter for letter in ending
    )
