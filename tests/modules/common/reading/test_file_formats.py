"""Files that are neither tables nor text, whatever their names end in."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import pytest

from modules.common.reading.file_formats import describe_other_format


def _zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (_zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook (.xlsx)"),
        (_zipped("[Content_Types].xml", "word/document.xml"), "a Word document (.docx)"),
        (_zipped("names.csv"), "a zip archive"),
        (b"PK\3\4" + b"D" * 2000, "a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "an old Excel workbook (.xls)"),
        (b"%PDF-1.7\n", "a PDF"),
        (gzip.compress(b"a,b\n"), "gzip"),
        (b"<!DOCTYPE html><html><body>", "an HTML page"),
        (b"\xef\xbb\xbf\r\n <TABLE border=1>", "an HTML page"),
        (b'<?xml version="1.0"?>\n<Workbook xmlns="urn:x">', "a workbook in XML"),
        (b"<?xml version='1.0'?><rows/>", "XML"),
        (json.dumps([{"name": "王芳"}]).encode(), "JSON"),
        (json.dumps({"data": []}, indent=1).encode(), "JSON"),
        (b'{"name":"a"}\n{"name":"b"}\n', "JSON"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X", "what macOS keeps beside a file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
    ],
)
def test_each_is_named_for_what_it_is(content: bytes, found: str) -> None:
    assert describe_other_format(content).startswith(found)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"name,gender\n", b"[1] 2005-01,3\n", b"{1},x\n", b"<5,1\n",
        '"姓名","性别"\n'.encode(),
        "\ufeffE\nM 你好\n".encode(), b"PK,x\n", b"M <b>\n",
    ],
)  # fmt: skip
def test_text_is_nothing_else(content: bytes) -> None:
    assert describe_other_format(content) == ""
