from __future__ import annotations

import datetime
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from asked import read_request, show
from PIL import Image

from modules.common.runtime.errors import DataError
from modules.id_number_ocr import checksum, example, features, numbers
from modules.id_number_ocr.labels import label_from_name
from modules.id_number_ocr.task import TASK

_PUBLISHED = "11010519491231002X"


def ids_of(*texts: str) -> np.ndarray:
    return np.array([[numbers.CHARACTERS.index(c) for c in text] for text in texts], np.int64)


def text_of(ids: np.ndarray) -> str:
    return "".join(numbers.CHARACTERS[i] for i in ids)


def random_numbers(count: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [numbers.random_number(rng) for _ in range(count)]


# Labels


@pytest.mark.parametrize(
    "path",
    [
        f"{_PUBLISHED}.png",
        f"{_PUBLISHED.lower()}.jpg",
        f"{_PUBLISHED}_3.webp",
        f"scans/{_PUBLISHED}_left_side.PNG",
        f"a_b/{_PUBLISHED}.scan.png".replace(".scan", "_scan"),
    ],
)
def test_a_file_is_named_after_its_number(path: str) -> None:
    assert label_from_name(path, {}) == {"number": _PUBLISHED, "typeface": "unknown"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("scan.png", "'scan'"),
        ("_11010519491231002X.png", "''"),
        ("1101051949123100X.png", "'1101051949123100X'"),
        ("X1010519491231002X.png", "'X1010519491231002X'"),
        ("110105194912310021X.png", "'110105194912310021X'"),
        ("１１010519491231002X.png", "'１１010519491231002X'"),
        ("11010519491231002X-2.png", "'11010519491231002X-2'"),
    ],
)
def test_a_name_without_a_number_is_refused(path: str, found: str) -> None:
    with pytest.raises(ValueError, match="expected a file named NUMBER.png") as caught:
        label_from_name(path, {})
    assert str(caught.value).endswith(f"found {found}")


def test_a_name_with_a_mistyped_number_is_refused() -> None:
    with pytest.raises(ValueError, match="check character of 110105194912310021 should be X"):
        label_from_name("110105194912310021.png", {})


# Characters


def transformed(texts: list[bytes]) -> dict[str, np.ndarray]:
    inputs = {
        "image": tf.constant([[example.PNG]] * len(texts)),
        "number": tf.constant([[text] for text in texts]),
    }
    found = tf.function(lambda: features.preprocessing_fn(inputs, {"settings": {}}))()
    return {name: tensor.numpy() for name, tensor in found.items()}


def test_features_are_the_pixels_and_the_ids() -> None:
    texts = [*random_numbers(6), _PUBLISHED.lower()]
    found = transformed([text.encode() for text in texts])
    np.testing.assert_array_equal(found["characters"], ids_of(*(text.upper() for text in texts)))
    expected = np.asarray(Image.open(io.BytesIO(example.PNG)))
    for packed in found["image"]:
        pixels = tf.io.parse_tensor(packed, tf.uint8).numpy()
        np.testing.assert_array_equal(pixels, expected[..., None])


def test_strange_text_has_ids_too() -> None:
    ids = transformed([b"", b"7", "很长".encode() * 50, b"\xff\xfe", b"9" * 400, b"-1 +"])[
        "characters"
    ]
    assert ids.shape == (6, 18)
    assert ids.dtype == np.int64
    assert ids.min() >= 0
    assert ids.max() <= 10
    assert ids[1].tolist() == [7] + 17 * [0]
    assert ids[4].tolist() == 18 * [9]


# The check character


def is_agreed(number: str) -> bool:
    if "X" in number[:-1]:
        return False
    weights = [2**power % 11 for power in range(17, -1, -1)]
    values = [numbers.CHARACTERS.index(character) for character in number]
    return sum(w * v for w, v in zip(weights, values, strict=True)) % 11 == 1


def is_day(digits: str) -> bool:
    try:
        day = datetime.datetime.strptime(digits, "%Y%m%d")
    except ValueError:
        return False
    return 1800 <= day.year <= 2099


def test_checksum_ok_is_the_published_rule() -> None:
    rng = np.random.default_rng(1)
    texts = [_PUBLISHED, "440524188001010014", "X1010519491231002X", *random_numbers(100)]
    texts += ["".join(rng.choice(list(numbers.CHARACTERS), 18)) for _ in range(300)]
    texts += ["".join(rng.choice(list("0123456789"), 18)) for _ in range(600)]
    expected = [is_agreed(text) for text in texts]
    assert 120 < sum(expected) < 250
    assert checksum.checksum_ok(tf.constant(ids_of(*texts))).numpy().tolist() == expected


def test_is_date_is_the_calendar() -> None:
    rng = np.random.default_rng(2)
    days = [
        f"{year}{month:02d}{day:02d}"
        for year in (1799, 1800, 1896, 1900, 1999, 2000, 2023, 2024, 2099, 2100)
        for month in range(14)
        for day in (0, 1, 28, 29, 30, 31, 32)
    ]
    days += ["".join(map(str, rng.integers(0, 10, 8))) for _ in range(1000)]
    ids = ids_of(*(f"110105{day}0021" for day in days))
    assert checksum.is_date(tf.constant(ids)).numpy().tolist() == [is_day(day) for day in days]
    assert not checksum.is_date(tf.constant(ids_of("110105X94912310021")))[0]


def slow_repair(log_probabilities: np.ndarray) -> tuple[str, bool]:
    """Tries every replacement of one character of the likeliest reading."""
    read = text_of(log_probabilities.argmax(axis=-1))
    if is_agreed(read):
        return read, False
    found = [
        (log_probabilities[place, new] - log_probabilities[place].max(), candidate)
        for place in range(18)
        for new, character in enumerate(numbers.CHARACTERS)
        for candidate in [read[:place] + character + read[place + 1 :]]
        if is_agreed(candidate) and is_day(candidate[6:14])
    ]
    return (max(found)[1], True) if found else (read, False)


def readings(texts: list[str], mistakes: int, seed: int) -> np.ndarray:
    """Log-probabilities `[len(texts), 18, 11]` of readings with so many characters wrong."""
    rng = np.random.default_rng(seed)
    ids = ids_of(*texts)
    for row in ids:
        for place in rng.choice(18, mistakes, replace=False):
            row[place] = (row[place] + rng.integers(1, 11)) % 11
    logits = np.minimum(rng.normal(0, 2, [len(texts), 18, 11]), 6.9)
    np.put_along_axis(logits, ids[..., None], 7.0, axis=-1)
    return (logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))).astype(np.float32)


@pytest.mark.parametrize("mistakes", [0, 1, 2, 3])
def test_repair_is_the_best_of_all_single_replacements(mistakes: int) -> None:
    log_probabilities = readings(random_numbers(60, seed=mistakes), mistakes, seed=mistakes)
    ids, is_repaired = checksum.repair(tf.constant(log_probabilities))
    expected = [slow_repair(reading) for reading in log_probabilities]
    assert [text_of(row) for row in ids.numpy()] == [text for text, _ in expected]
    assert is_repaired.numpy().tolist() == [repaired for _, repaired in expected]
    assert np.mean(is_repaired) == 0 if mistakes == 0 else np.mean(is_repaired) > 0.3


def test_one_doubtful_character_is_mended() -> None:
    texts = random_numbers(40, seed=9)
    right = ids_of(*texts)
    logits = np.zeros([40, 18, 11], np.float32)
    np.put_along_axis(logits, right[..., None], 9.0, axis=-1)
    for number, place in enumerate(np.arange(40) % 18):
        wrong = (right[number, place] + 1) % 10
        logits[number, place, wrong] = 9.5
        if wrong == right[number, place]:
            logits[number, place, wrong] = 9.0
    ids, _ = checksum.repair(tf.nn.log_softmax(logits))
    np.testing.assert_array_equal(ids, right)


def test_repair_finds_what_the_model_holds_impossible() -> None:
    logits = np.full([1, 18, 11], -np.inf, np.float32)
    np.put_along_axis(logits, ids_of("110105194912310021")[..., None], 0.0, axis=-1)
    ids, is_repaired = checksum.repair(tf.constant(logits))
    assert is_repaired.numpy().tolist() == [True]
    assert is_agreed(text_of(ids[0].numpy()))


def test_what_no_single_character_mends_stays() -> None:
    logits = np.zeros([1, 18, 11], np.float32)
    # Two digits of the birth date make it no date.
    read = ids_of("110105194999990021")
    np.put_along_axis(logits, read[..., None], 9.0, axis=-1)
    ids, is_repaired = checksum.repair(tf.nn.log_softmax(logits))
    np.testing.assert_array_equal(ids, read)
    assert not is_repaired[0]


# The example and what a person sees


def test_the_example_is_the_published_number() -> None:
    picture = Image.open(io.BytesIO(example.PNG))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (256, 32))
    assert np.asarray(picture).std() > 20
    assert example.NUMBER == _PUBLISHED


def answer(**changes: Any) -> dict[str, np.ndarray]:
    found: dict[str, Any] = {
        "number": _PUBLISHED.encode(),
        "confidence": 0.987,
        "checksum_ok": True,
        "repaired_number": _PUBLISHED.encode(),
        "birth_date": b"1949-12-31",
        "gender": b"female",
        "character_confidences": [0.999] * 18,
    }
    return {name: np.array([value]) for name, value in (found | changes).items()}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {},
            f"{_PUBLISHED} (probability 0.99), check character agrees; born 1949-12-31, female",
        ),
        (
            {"number": b"110105194912310029", "checksum_ok": False, "confidence": 0.4},
            "110105194912310029 (probability 0.40), check character disagrees; "
            f"likeliest {_PUBLISHED}; born 1949-12-31, female",
        ),
        (
            {
                "number": b"110105194999990021",
                "repaired_number": b"110105194999990021",
                "checksum_ok": False,
                "birth_date": b"",
                "gender": b"female",
            },
            "110105194999990021 (probability 0.99), check character disagrees; "
            "born on no date, female",
        ),
    ],
)
def test_an_answer_is_one_line(changes: dict[str, Any], line: str) -> None:
    assert show(TASK, {"image": [b""]}, answer(**changes), None) == line


def test_a_request_is_a_pictures_bytes(tmp_path: Path) -> None:
    (tmp_path / "strip.png").write_bytes(example.PNG)
    assert read_request(TASK, str(tmp_path / "strip.png")) == (
        "serving_default",
        {"image": [example.PNG]},
    )
    Image.open(io.BytesIO(example.PNG)).save(tmp_path / "strip.webp", lossless=True)
    signature, request = read_request(TASK, str(tmp_path / "strip.webp"))
    assert signature == "serving_default"
    served = Image.open(io.BytesIO(request["image"][0]))
    assert served.format == "PNG"
    np.testing.assert_array_equal(
        np.asarray(served.convert("L")), np.asarray(Image.open(io.BytesIO(example.PNG)))
    )


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found no file"):
        read_request(TASK, str(tmp_path / "none.png"))
    (tmp_path / "text.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match="text.png cannot be used"):
        read_request(TASK, str(tmp_path / "text.png"))
