"""What a file is that should be text and is not, whatever its name ends in. Nothing heavy."""

from __future__ import annotations

import re

_ZIP = b"PK\x03\x04"
_IN_ZIP = (
    (b"xl/", "an Excel workbook (.xlsx); save its sheet as CSV UTF-8"),
    (b"mimetypeapplication/vnd.oasis.opendocument", "an OpenDocument file; save its sheet as CSV"),
    (b"word/", "a Word document (.docx); save its text as a plain text file"),
    # Excel's workbooks begin with a part that all of Office's files have.
    (b"[Content_Types].xml", "a file of Microsoft Office, such as .xlsx; save its sheet as CSV"),
)
_OTHER_ZIP = (
    "a zip archive, as an Excel workbook (.xlsx) is; save its sheet as CSV UTF-8, or unpack it"
)
_BEGINNINGS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls); save its sheet as CSV"),
    (b"%PDF-", "a PDF; export its table or text"),
    (b"\x1f\x8b", "gzip; unpack it: gunzip FILE"),
    (b"BZh", "bzip2; unpack it: bunzip2 FILE"),
    (b"\xfd7zXZ\0", "xz; unpack it: unxz FILE"),
    (b"(\xb5/\xfd", "zstd; unpack it: unzstd FILE"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it"),
    (b"SQLite format 3\0", "an SQLite database; export its table as CSV"),
    (b"PAR1", "Parquet; write it as CSV"),
    (b"\x89HDF\r\n\x1a\n", "HDF5; write it as CSV"),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"RIFF", "a RIFF file, such as a recording (.wav)"),
    (b"OggS", "a recording (Ogg)"),
    (b"fLaC", "a recording (FLAC)"),
    (b"MThd", "a MIDI file"),
    (b"{\\rtf", "rich text (RTF); save it as a plain text file"),
    (b"\0\5\x16\7", "what macOS keeps beside a file (AppleDouble)"),
    (b"version https://git-lfs.github.com/", "a pointer of Git LFS: git lfs pull fetches the file"),
)
_ALL_BEGINNINGS = tuple(beginning for beginning, _ in _BEGINNINGS)
_MARKUP = (
    (re.compile(rb"<\?xml[^>]*>\s*(<\?mso[^>]*>\s*)?<(\w+:)?Workbook\b"), "a workbook in XML"),
    (re.compile(rb"<(!doctype html|html|head|body|table|meta|div)\b"), "an HTML page"),
    (re.compile(rb"<\?xml\b"), "XML"),
    (re.compile(rb"\{\s*(\"(\\.|[^\"\\])*\"\s*:|\}\s*$)"), "JSON"),
    (re.compile(rb"\[\s*([\[{\"]|\]\s*$)"), "JSON"),
)


def describe_other_format(head: bytes) -> str:
    """Says what bytes are that are surely no table and no plain text.

    Args:
        head: The beginning of a file, at least a few hundred bytes of it.

    Returns:
        For example `an Excel workbook (.xlsx); save its sheet as CSV UTF-8`; empty where it may
        be text.
    """
    if head.startswith(_ZIP):
        found = (what for inside, what in _IN_ZIP if inside in head)
        return next(found, _OTHER_ZIP)
    if head.startswith(_ALL_BEGINNINGS):
        return next(what for beginning, what in _BEGINNINGS if head.startswith(beginning))
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, what in _MARKUP if text[:1] in (b"<", b"{", b"[") else ():
        if pattern.match(text) or pattern.match(text.lower()):
            return f"{what}; save its table as CSV, or its text as plain text"
    return ""
