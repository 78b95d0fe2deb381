from __future__ import annotations

import io
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from unchecked import set_unchecked

from modules.common.declaring.settings import change
from modules.common.declaring.task import Value
from modules.common.runtime.errors import DataError, TaskError
from modules.id_number_ocr import numbers
from modules.id_number_ocr.sample import drawing, typefaces
from modules.id_number_ocr.sample.maker import write_sample
from modules.id_number_ocr.task import TASK, Settings

_MATPLOTLIB = typefaces.file_of("DejaVuSans").parent


def mixture_of(settings: Settings) -> dict[str, float]:
    return typefaces.mixture(settings.typefaces, settings.without_typeface, settings.font)


def choose(**given: Value) -> Settings:
    return TASK.resolve(given)


def pixels_of(drawn: object) -> np.ndarray:
    assert isinstance(drawn, bytes)
    picture = Image.open(io.BytesIO(drawn))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (256, 32))
    return np.asarray(picture)


# The typefaces


@pytest.mark.parametrize("name", typefaces.NAMES)
@pytest.mark.parametrize("size_px", [26, 44])
def test_each_character_of_a_typeface_is_unlike_the_others(name: str, size_px: int) -> None:
    glyphs = typefaces.glyphs(typefaces.file_of(name), size_px)
    assert "".join(glyphs) == numbers.CHARACTERS
    pictures = []
    for glyph in glyphs.values():
        canvas = np.zeros([2 * size_px, 2 * size_px])
        height, width = glyph.ink.shape
        top, left = size_px + glyph.top_px, size_px // 2 + glyph.left_px
        canvas[top : top + height, left : left + width] = glyph.ink / 255
        pictures.append(canvas)
    for one, other in itertools.combinations(pictures, 2):
        assert np.abs(one - other).sum() > 0.15 * min(one.sum(), other.sum())


def test_typefaces_are_unlike_each_other() -> None:
    size_px = 44
    shapes = {
        name: tuple(
            glyph.ink.shape for glyph in typefaces.glyphs(typefaces.file_of(name), size_px).values()
        )
        for name in typefaces.NAMES
    }
    assert len(set(shapes.values())) == len(typefaces.NAMES)


def test_all_typefaces_are_drawn_equally_often() -> None:
    assert mixture_of(choose()) == pytest.approx(
        dict.fromkeys(typefaces.NAMES, 1 / len(typefaces.NAMES))
    )


@pytest.mark.parametrize(
    ("given", "shares"),
    [
        ({"typefaces": "cmtt10, cmss10"}, {"cmtt10": 0.5, "cmss10": 0.5}),
        ({"typefaces": "cmtt10,cmss10", "without_typeface": "cmss10"}, {"cmtt10": 1.0}),
        ({"typefaces": "cmtt10", "font": "a/Own.ttf"}, {"cmtt10": 2 / 3, "Own": 1 / 3}),
        ({"typefaces": "Own", "font": "a/Own.ttf"}, {"Own": 1.0}),
        ({"typefaces": "cmtt10,Own", "font": "a/Own.ttf"}, {"cmtt10": 0.5, "Own": 0.5}),
        (
            {"typefaces": "cmtt10", "font": "a/Own.ttf", "without_typeface": "Own"},
            {"cmtt10": 1.0},
        ),
    ],
)
def test_settings_choose_the_typefaces(given: dict[str, Value], shares: dict[str, float]) -> None:
    # Only the name of the font counts here; there is no such file.
    assert mixture_of(set_unchecked(choose(), **given)) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"typefaces": "cmtt"}, "did you mean 'cmtt10'"),
        ({"without_typeface": "DejaVu"}, "there is no typeface 'DejaVu'"),
        ({"typefaces": "cmtt10", "without_typeface": "cmtt10"}, "leaves no typeface"),
    ],
)
def test_settings_that_choose_nothing_are_refused(given: dict[str, Value], message: str) -> None:
    with pytest.raises(DataError, match=message):
        mixture_of(choose(**given))


def test_a_font_joins_the_others() -> None:
    font = str(_MATPLOTLIB / "DejaVuSerif-Italic.ttf")
    settings = choose(typefaces="cmtt10,cmss10", font=font)
    counts = Counter(drawing.draw(index, settings)["typeface"] for index in range(300))
    assert set(counts) == {"cmtt10", "cmss10", "DejaVuSerif-Italic"}
    assert counts["DejaVuSerif-Italic"] == pytest.approx(100, abs=30)


def test_a_font_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.ttf")
    with pytest.raises(TaskError, match="font takes the path of a file, found no file .*none.ttf"):
        choose(font=missing)
    with pytest.raises(DataError, match="found no .*none.ttf"):
        drawing.draw(0, set_unchecked(choose(), font=missing, typefaces="none"))
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no typeface at all")
    with pytest.raises(DataError, match=r"broken.ttf is not a typeface"):
        drawing.draw(0, choose(font=str(broken), typefaces="broken"))
    symbols = _MATPLOTLIB / "STIXSizOneSymReg.ttf"
    with pytest.raises(DataError, match="has no 0, 1"):
        drawing.draw(0, choose(font=str(symbols), typefaces=symbols.stem))


# The strips


def test_a_strip_is_a_picture_of_a_valid_number() -> None:
    for index in range(20):
        strip = drawing.draw(index, choose())
        assert pixels_of(strip["image"]).std() > 5
        assert numbers.is_valid(str(strip["number"]))
        assert strip["typeface"] in typefaces.NAMES


def test_a_strip_depends_on_seed_and_index_alone() -> None:
    settings = choose()
    first = [drawing.draw(index, settings) for index in range(12)]
    again = [drawing.draw(index, change(settings, epochs=99)) for index in reversed(range(12))]
    assert first == again[::-1]
    assert len({strip["image"] for strip in first}) == 12
    assert len({strip["number"] for strip in first}) == 12
    other = [drawing.draw(index, change(settings, seed=1)) for index in range(12)]
    assert not {strip["number"] for strip in first} & {strip["number"] for strip in other}
    assert drawing.draw(3, set_unchecked(settings, seed=-1)) != first[3]


def test_a_clean_strip_shows_18_characters_inside() -> None:
    # In a typeface of one width, paper shows between all of them.
    settings = choose(difficulty=0.0, typefaces="DejaVuSansMono,DroidSansMono")
    for index in range(20):
        pixels = drawing.draw_strip(index, settings).pixels.astype(float)
        ink = pixels < pixels.max() - 0.35 * np.ptp(pixels)
        assert not (ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any())
        columns = np.concatenate([[False], ink.any(axis=0), [False]]).astype(int)
        assert (np.diff(columns) == 1).sum() == numbers.NUMBER_CHARS


def test_the_hardest_strips_have_all_of_the_number_inside() -> None:
    for index in range(300):
        corners = drawing.draw_strip(index, choose()).corners
        assert corners.min() >= 1.49
        assert (corners.max(axis=0) <= [254.51, 30.51]).all()
        full = drawing._lay(np.full([40, 420], 255, np.uint8), corners)
        x, y = corners.T
        area = 0.5 * abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))
        assert full.sum() == pytest.approx(area, rel=0.04)


def test_the_perspective_takes_corners_to_corners() -> None:
    rng = np.random.default_rng(2)
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    for _ in range(50):
        corners = square * [230, 20] + rng.uniform(0, 9, [4, 2])
        mapped = drawing._to_unit_square(corners) @ np.c_[corners, np.ones(4)].T
        np.testing.assert_allclose((mapped[:2] / mapped[2]).T, square, atol=1e-9)


def test_difficulty_makes_strips_harder() -> None:
    def roughness(difficulty: float) -> float:
        strips = [drawing.draw_strip(i, choose(difficulty=difficulty)) for i in range(40)]
        # What paper alone shows: the rows above and below the number.
        return float(np.mean([strip.pixels[:2].std() for strip in strips]))

    clean, middle, hard = roughness(0.0), roughness(0.4), roughness(1.0)
    assert clean < 1
    assert clean < middle < hard


def test_the_sample_is_named_after_its_numbers(tmp_path: Path) -> None:
    settings = choose(sample_strips=5)
    write_sample(tmp_path / "a", change(settings, seed=3))
    files = sorted((tmp_path / "a").iterdir())
    expected = [drawing.draw(index, change(settings, seed=3)) for index in range(5)]
    assert [file.name for file in files] == sorted(f"{s['number']}.png" for s in expected)
    assert {file.read_bytes() for file in files} == {strip["image"] for strip in expected}
