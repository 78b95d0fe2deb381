"""Which encoding bytes are in, and text that was decoded wrongly and encoded again."""

from __future__ import annotations

import codecs

import pytest

from modules.common.reading.text_encodings import (
    PROBE_BYTES,
    decode,
    describe_garbled,
    describe_mojibake,
    detect,
)

_TABLE = "姓名,性别\r\n王婷婷,女\r\n一一,男\r\n"
_NAMES = ("王婷婷", "周杰", "张桂芳", "欧阳娜娜", "李伟")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (_TABLE.encode(), "utf-8"),
        (_TABLE.encode("utf-8-sig"), "utf-8-sig"),
        (_TABLE.encode("gbk"), "gb18030"),
        (_TABLE.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + _TABLE.encode("utf-16-be"), "utf-16"),
        (_TABLE.encode("utf-32"), "utf-32"),
        (_TABLE.encode("utf-16-le"), "utf-16-le"),
        (_TABLE.encode("utf-16-be"), "utf-16-be"),
        ("date,value\n2005-01,1\n".encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_one_text_in_each_encoding(content: bytes, encoding: str) -> None:
    assert detect(content) == encoding
    assert decode(content).removeprefix("\ufeff") in (_TABLE, "date,value\n2005-01,1\n")
    assert not decode(content).startswith("\ufeff")


@pytest.mark.parametrize(
    "content",
    [b"", b"a\0b,c\n", b"\0" * 64, b"name,gender\n\0\0\0\n", b"\0x" + "王芳,女\n".encode() * 9],
)
def test_nul_alone_makes_no_utf_16(content: bytes) -> None:
    assert detect(content) == "utf-8"


def test_a_probe_that_ends_within_a_character() -> None:
    for encoding in ("gb18030", "utf-8", "utf-16-le"):
        for shift in range(4):
            content = ("x" * shift + "\n" + "王婷婷,女\n" * 20_000).encode(encoding)
            assert detect(content[:PROBE_BYTES]) == encoding


@pytest.mark.parametrize("taken_for", ["iso-8859-1", "iso-8859-2", "gb18030"])
def test_utf_8_that_was_taken_for_another_encoding(taken_for: str) -> None:
    for name in _NAMES:
        garbled = name.encode().decode(taken_for, errors="replace")
        known = {"gb18030": "GBK"}.get(taken_for, taken_for)
        assert f"found UTF-8 that was taken for {known}" in describe_mojibake(garbled)
        assert describe_mojibake(garbled.replace("\ufffd", "?"))


def test_utf_8_that_was_taken_for_that_of_windows() -> None:
    assert "cp1252" in describe_mojibake("王芳芳".encode().decode("cp1252"))
    # Of bytes without a character some programs make U+0080 to U+009F, others a question mark.
    assert describe_mojibake("å¼\xa0æ¡‚èŠ³")
    assert describe_mojibake("åˆ˜å?Žä¼ŸæŽç‘ž")


@pytest.mark.parametrize(
    "text",
    [
        *_NAMES, "", "Anna", "37° δ, café, Привет, ça va", "«voilà», dit-il: «été à la»", "联通",
        "窦博", "钱皓华", "臧祐廷", "?", "—", "王?芳", "“你好”…", "アンナ", "ｍ", "9 735,69\xa0€",
    ],
)  # fmt: skip
def test_text_as_it_should_be(text: str) -> None:
    assert describe_mojibake(text) == ""
    assert describe_garbled(text, "utf-8") == ""


def test_bytes_of_another_encoding_in_a_line() -> None:
    assert describe_garbled("王\ufffd", "utf-8") == (
        "expected UTF-8, which the file is in, found other bytes; if they are GB 18030, bring the "
        "file to one of them"
    )
    assert describe_garbled("a\0", "gb18030").startswith("expected GB 18030, which the file is in")
    garbled = "我听见了".encode().decode("gb18030")
    assert "found UTF-8; bring" in describe_garbled(garbled, "gb18030")


_TRADITIONAL = "姓名,性別\n陳美玲,女\n張志偉,男\n林淑芬,女\n黃國華,男\n"


def test_big5_is_no_gb_18030() -> None:
    assert decode(_TRADITIONAL.encode("big5")) == _TRADITIONAL
    assert decode(_TRADITIONAL.encode("gbk")) == _TRADITIONAL
    assert decode("M 你好嗎\nM 我很好，謝謝你\n".encode("big5")) == "M 你好嗎\nM 我很好，謝謝你\n"
    for name in _NAMES:
        assert detect(f"{name},男\n".encode("gbk")) == "gb18030"
    assert describe_garbled("陳\ufffd", "cp950").startswith("expected Big5, which the file is in")
