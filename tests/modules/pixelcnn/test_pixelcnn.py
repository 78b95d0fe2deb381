"""pixelcnn: data, baseline, bits per dimension, and what a person asks and gets."""

from __future__ import annotations

import io
import random
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from asked import read_request, show
from PIL import Image
from pixelcnn_tiny import tiny_model, tiny_settings
from scipy.special import log_softmax

from modules.common.declaring.settings import change
from modules.common.runtime.errors import DataError, TaskError
from modules.pixelcnn import histogram
from modules.pixelcnn.ask import lay_out
from modules.pixelcnn.labels import label_from_folder
from modules.pixelcnn.model import bits_per_dim
from modules.pixelcnn.sample.drawing import draw, draw_picture
from modules.pixelcnn.sample.maker import write_sample
from modules.pixelcnn.task import TASK


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.png", ""),
        ("dress/a.png", "dress"),
        ("train/a.png", ""),
        ("test/a.png", ""),
        ("train/dress/a.png", "dress"),
        ("validation/t-shirt/a.png", "t-shirt"),
        ("train/test/a.png", "test"),
    ],
)
def test_a_class_is_a_folder_that_is_no_split(path: str, name: str) -> None:
    assert label_from_folder(path, TASK.settings()) == {"class": name}


def test_sizes_and_channels_are_checked_and_make_the_features() -> None:
    settings = TASK.resolve({"size_px": "64", "channels": "3"})
    assert TASK.features_for(settings)[0].shape == (64, 64, 3)
    for wrong in ({"size_px": 7}, {"size_px": 65}, {"channels": 2}, {"kernel": 4}):
        with pytest.raises(
            TaskError, match="takes (a whole number, 8 to 64|one of 1, 3|one of 3, 5, 7), "
        ):
            TASK.resolve(wrong)


def test_drawing_is_a_function_of_seed_and_index() -> None:
    settings = tiny_settings(size_px=20)
    first = [draw(index, settings) for index in range(40)]
    random.seed(5)
    assert [draw(index, settings) for index in reversed(range(40))] == first[::-1]
    assert len({drawn["image"] for drawn in first}) == 40
    assert draw(0, change(settings, seed=1)) != first[0]
    assert {drawn["class"] for drawn in first} == set("0123456789")


@pytest.mark.parametrize(("size", "channels"), [(8, 1), (28, 1), (64, 3)])
def test_a_digit_is_light_on_black_and_all_in_the_picture(size: int, channels: int) -> None:
    settings = tiny_settings(size_px=size, channels=channels)
    for index in range(60):
        _, picture = draw_picture(index, settings)
        pixels = np.asarray(picture).reshape(size, size, channels)
        assert 80 < pixels.max() and np.median(pixels) < 60
        ink = pixels.max(axis=-1) > 60
        assert not (ink[0].any() or ink[-1].any()) or size == 8
        assert 0.02 < ink.mean() < 0.6


def test_a_sample_is_a_folder_for_each_digit(tmp_path: Path) -> None:
    write_sample(tmp_path, tiny_settings(seed=3, size_px=16, sample_digits=30))
    files = sorted(tmp_path.glob("*/*.png"))
    assert len(files) == 30 and {path.parent.name for path in files} <= set("0123456789")
    _, wanted = draw_picture(7, tiny_settings(size_px=16, seed=3))
    [seventh] = tmp_path.glob("*/000007.png")
    np.testing.assert_array_equal(np.asarray(Image.open(seventh)), np.asarray(wanted))


def test_bits_per_dim_equals_its_definition() -> None:
    model = tiny_model(channels=3)
    rng = np.random.default_rng(6)
    image = rng.integers(0, 256, [4, 8, 8, 3])
    logits = model({"image": image.astype(np.uint8), "class_id": np.array([0, 1, 2, 0])})
    found = bits_per_dim(image, logits)
    shares = log_softmax(np.asarray(logits, np.float64), axis=-1)
    wanted = -np.take_along_axis(shares, image[..., None], axis=-1).mean(axis=(1, 2, 3, 4))
    np.testing.assert_allclose(found, wanted / np.log(2), rtol=1e-5)


def test_the_model_learns_what_follows_from_what() -> None:
    """Of noise that is repeated below and in the other channels, it learns all that repeats."""
    rng = np.random.default_rng(7)
    half = rng.choice([0, 90, 255], [256, 4, 8, 1])
    image = np.repeat(np.repeat(half, 2, axis=1), 3, axis=3).astype(np.uint8)
    keras.utils.set_random_seed(2)
    model = tiny_model(channels=3, layers=2, maps=16)
    model.compile(keras.optimizers.Adam(5e-3), loss=bits_per_dim)
    inputs = {"image": image, "class_id": np.zeros(len(image), np.int64)}
    history = model.fit(inputs, image, batch_size=32, epochs=25, verbose=0).history["loss"]
    # One value of six cannot be known, and is one of three.
    entropy = np.log2(3) / 6
    assert entropy - 0.05 < history[-1] < entropy + 0.15


def test_the_histogram_equals_counting() -> None:
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, [600, 2, 2, 3]).astype(np.uint8)
    images[:, 0, 0, 0] = 17
    table = histogram.fit(images)
    constant = histogram.choose_added_constant(counts_of(images), len(images))
    shares = (counts_of(images) + constant) / (600 + 256 * constant)
    np.testing.assert_allclose(table, -np.log2(shares), rtol=1e-5)
    np.testing.assert_allclose(np.exp2(-table.astype(np.float64)).sum(axis=-1), 1, rtol=1e-5)
    wanted = sum(
        table[row, column, channel][images[:5, row, column, channel]]
        for row, column, channel in np.ndindex(2, 2, 3)
    )
    found = histogram.bits(tf.constant(table), tf.constant(images[:5]))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def counts_of(images: np.ndarray) -> np.ndarray:
    return (images[..., None] == np.arange(256)).sum(axis=0)


def test_the_added_constant_is_the_best_by_leaving_one_out() -> None:
    rng = np.random.default_rng(2)
    images = rng.choice(256, [40, 1, 3, 1], p=rng.dirichlet(np.full(256, 0.2))).astype(np.uint8)

    def left_out(constant: float) -> float:
        total = 0.0
        for index in range(len(images)):
            others = counts_of(np.delete(images, index, axis=0))
            shares = (others + constant) / (len(images) - 1 + 256 * constant)
            total += np.log(np.take_along_axis(shares, images[index][..., None], axis=-1)).sum()
        return total

    best = histogram.choose_added_constant(counts_of(images), len(images))
    assert left_out(best) > max(left_out(best / 1.5), left_out(best * 1.5))
    # Of what is the same everywhere nothing has to be added.
    same = np.full([40, 1, 3, 1], 9, np.uint8)
    assert histogram.choose_added_constant(counts_of(same), 40) < 1e-3


def test_an_order_is_read_from_options(tmp_path: Path) -> None:
    _, request = read_request(TASK)
    assert request == {}
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    options = {"num_images": "16", "temperature": "0.9", "seed": "7", "class": "3"}
    _, request = read_request(TASK, **options, upper_half=str(tmp_path / "a.png"))
    assert request["upper_half"] == [(tmp_path / "a.png").read_bytes()]
    assert [request[name] for name in options] == [[16], [0.9], [7], ["3"]]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("photo.png", {}, "takes no input, what is wanted is said by options, found 'photo.png'"),
        ("", {"num_images": "many"}, "num_images: expected a whole number, 1 to 64, found 'many'"),
        ("", {"temperature": "hot"}, "temperature: expected a number, 0 or more, found 'hot'"),
        ("", {"seed": "1.5"}, "seed: expected a whole number, found '1.5'"),
        ("", {"upper_half": "nowhere.png"}, "found no file 'nowhere.png'"),
    ],
)
def test_an_order_that_does_not_parse_is_refused(
    text: str, options: dict[str, str], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        read_request(TASK, text, **options)


def test_show_writes_a_grid(tmp_path: Path) -> None:
    pictures = [Image.fromarray(np.full([8, 8], 20 * number, np.uint8)) for number in range(5)]
    encoded = []
    for picture in pictures:
        file = io.BytesIO()
        picture.save(file, format="PNG")
        encoded.append(file.getvalue())
    out = tmp_path / "grid.png"
    said = show(TASK, {}, {"images": np.array([[*encoded, b""]], object)}, out)
    assert said == f"5 pictures of 8x8 → {out}"
    sheet = np.asarray(Image.open(out))
    np.testing.assert_array_equal(sheet, np.asarray(lay_out(pictures)))
    side = 8 * (600 // 24)
    assert sheet.shape == (2 * side + 2, 3 * side + 4)
    for number in range(5):
        row, column = divmod(number, 3)
        x, y = column * (side + 2), row * (side + 2)
        assert (sheet[y : y + side, x : x + side] == 20 * number).all()
