"""Folders of pictures as people have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from picture_folders import ingest
from PIL import Image, ImageOps

from modules.common.pictures import images
from modules.common.pictures.image_files import servable_bytes
from modules.common.runtime.errors import DataError

Case = Callable[[str], Path]


def test_unlisted_endings_and_junk(case: Case) -> None:
    """30: usual endings are read, all others counted, junk is no class."""
    found = ingest("image_retrain", case("30") / "in")
    assert Counter(found.labels().values()) == {
        "猫 咪": 10, "birds": 6, "dogs [big]": 6, "été": 7,
    }  # fmt: skip
    assert found.passed_over == {".heic": 1, ".jpeg2": 1, ".jpg in no folder of a class": 1}
    assert not found.reasons


def test_modes_of_pictures(case: Case) -> None:
    """37: palettes, CMYK, 16 bits, MPO and animations."""
    data = case("37") / "in"
    for task_name in ("image_retrain", "colorization"):
        found = ingest(task_name, data, min_side_px=1)
        assert sorted(found.splits) == [
            "a/ok3.png", "a/p_trans.png", "a/prog.jpg", "a/rgba.png", "b/anim.gif", "b/anim.webp",
            "b/grey_rgb.png", "b/lab.tif", "b/line.png", "b/mpo.jpg", "b/ok1.png", "b/ok2.png",
        ]  # fmt: skip
        assert sorted(found.bad) == ["a/cmyk.jpg", "a/i16.png", "a/l.jpg", "a/la.png", "a/one.png"]


def test_names_of_captchas(case: Case) -> None:
    """34: what begins with a text is read, in every mode; all else is quarantined."""
    found = ingest("captcha_ocr", case("34") / "in")
    assert sorted(found.labels("text").values()) == [
        "0", "001", "AB3D", "AB3E", "AB3J", "AB3K", "AB3M", "AB3N", "AB3R", "AB3T", "LABEL",
        "WXYA", "WXYB", "WXYZ",
    ]  # fmt: skip
    assert len(found.bad) == 9


def test_classes_with_folders_inside(case: Case) -> None:
    """38: both readings are named; the setting chooses; mixed depths are the outer class's."""
    with pytest.raises(DataError, match="can be read two ways: as of class 'cats', the outer"):
        ingest("image_retrain", case("38") / "in")
    found = ingest("image_retrain", case("38") / "in", class_folders="outer")
    assert Counter(found.labels().values()) == {"cats": 12, "dogs": 12}
    found = ingest("image_retrain", case("38") / "in2")
    assert Counter(found.labels().values()) == {"cats": 12, "dogs": 12}


def test_a_class_with_one_picture(case: Case) -> None:
    """39: it is a class; a single bad picture is in the quarantine; case tells classes apart."""
    found = ingest("image_retrain", case("39") / "in")
    assert Counter(found.labels().values()) == {"A": 12, "a": 12, "b": 12, "single": 1}
    assert found.bad == ["bad/1.png"]


@pytest.mark.parametrize(
    ("folder", "said"),
    [("in", "all agree, 'CODE'.*code_E02Z.png"), ("in2", "count up.*0000_Q00Z.png says '0000'")],
)
def test_words_and_numbers_before_the_text(case: Case, folder: str, said: str) -> None:
    """67: refused with examples; a list beside them is read."""
    with pytest.raises(DataError, match=said):
        ingest("captcha_ocr", case("67") / folder)


def test_pictures_of_a_camera_that_was_turned(case: Case) -> None:
    """31: what is learnt from, what predict sends and what a client sends are upright alike."""
    data = case("31") / "in"
    found = ingest("image_retrain", data, min_side_px=1)
    assert not found.reasons
    for folder, ending, tolerance in (("a", "jpg", 4), ("b", "png", 0)):
        for number in range(1, 9):
            name = f"{folder}/o{number}.{ending}"
            contents = (data / name).read_bytes()
            upright = ImageOps.exif_transpose(Image.open(data / name)).convert("RGB")
            for served in (found.features[name]["image"], contents, servable_bytes(contents)):
                pixels = images.decode_one(tf.constant(served)).numpy().astype(int)
                assert pixels.shape == (*upright.size[::-1], 3)
                assert np.abs(pixels - np.asarray(upright)).max() <= tolerance
