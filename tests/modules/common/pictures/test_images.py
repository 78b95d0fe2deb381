"""Pictures in the graph, against Pillow and NumPy."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from pictures import HEIGHT, WIDTH, file_of, interlaced, over_white, smooth, transparent
from PIL import Image

from modules.common.pictures import images


@tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])
def grey(contents: tf.Tensor) -> tf.Tensor:
    return images.decode(contents, HEIGHT, WIDTH)


@tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])
def colour(contents: tf.Tensor) -> tf.Tensor:
    return images.decode(contents, HEIGHT, WIDTH, channels=3)


_PICTURES = {
    "grey": (smooth("L"), "PNG"),
    "1 bit": (smooth("L").convert("1"), "PNG"),
    "rgb": (smooth("RGB"), "PNG"),
    "rgba": (smooth("RGBA"), "PNG"),
    "grey and alpha": (smooth("LA"), "PNG"),
    "palette": (smooth("RGB").quantize(13), "PNG"),
    "transparent palette": (transparent(smooth("RGB")), "PNG"),
    "gif": (smooth("RGB").quantize(64), "GIF"),
    "bmp": (smooth("RGB"), "BMP"),
    "grey bmp": (smooth("L"), "BMP"),
    "32-bit bmp": (smooth("RGBA"), "BMP"),
}


@pytest.mark.parametrize("name", _PICTURES)
def test_pictures_of_the_wanted_size_are_exact(name: str) -> None:
    image, kind = _PICTURES[name]
    contents = file_of(image, kind)
    with Image.open(io.BytesIO(contents)) as opened:
        # The fourth byte of this BMP is no alpha.
        wanted = opened.convert("RGB") if kind == "BMP" else over_white(opened)
    found = colour([contents])[0].numpy()
    assert found.dtype == np.uint8
    np.testing.assert_allclose(found.astype(int), np.asarray(wanted), atol=1)
    found = grey([contents])[0, :, :, 0].numpy().astype(int)
    np.testing.assert_allclose(found, np.asarray(wanted.convert("L")), atol=1)
    if image.mode in ("L", "RGB", "1", "P") and "transparency" not in image.info:
        np.testing.assert_array_equal(found, np.asarray(wanted.convert("L")))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}], ids=str)
def test_jpeg(mode: str, options: dict[str, Any]) -> None:
    contents = file_of(smooth(mode), "JPEG", quality=90, **options)
    wanted = Image.open(io.BytesIO(contents)).convert("L")
    found = grey([contents])[0, :, :, 0].numpy().astype(int)
    np.testing.assert_allclose(found, np.asarray(wanted), atol=2)


@pytest.mark.parametrize(("depth", "colour_type"), [(8, 0), (16, 0), (8, 2), (16, 2)])
def test_interlaced_and_16_bit_png(depth: int, colour_type: int) -> None:
    rng = np.random.default_rng(1)
    shape = (HEIGHT, WIDTH, 3) if colour_type else (HEIGHT, WIDTH)
    pixels = rng.integers(0, 2**depth, shape)
    found = colour([interlaced(pixels, depth, colour_type)])[0].numpy().astype(int)
    wanted = pixels >> (depth - 8)
    if not colour_type:
        wanted = np.repeat(wanted[:, :, None], 3, axis=2)
    # Pillow reads the interlacing too, where it has a mode for the depth.
    if depth == 8:
        opened = Image.open(io.BytesIO(interlaced(pixels, depth, colour_type)))
        np.testing.assert_array_equal(np.asarray(opened.convert("RGB")), wanted)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("size", [(60, 160), (31, 47), (7, 9), (200, 36), (20, 300), (1, 1)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_other_sizes_are_resized_as_pillow_does(size: tuple[int, int], mode: str) -> None:
    image = smooth(mode, *size)
    wanted = image.convert("L").resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    found = grey([file_of(image, "PNG")])[0, :, :, 0].numpy().astype(int)
    np.testing.assert_allclose(found, np.asarray(wanted), atol=2)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_colour_that_stands_for_transparent_is_white(mode: str) -> None:
    image = smooth(mode)
    pixels = np.asarray(image).reshape(HEIGHT, WIDTH, -1)
    key = tuple(int(value) for value in pixels[3, 3])
    contents = file_of(image, "PNG", transparency=key if mode == "RGB" else key[0])
    wanted = np.where((pixels == key).all(axis=2, keepdims=True), 255, pixels)
    np.testing.assert_array_equal(colour([contents])[0], np.broadcast_to(wanted, (20, 36, 3)))


def test_an_animation_gives_its_first_frame() -> None:
    frames = [smooth("L"), smooth("RGB").convert("L"), Image.new("L", (WIDTH, HEIGHT))]
    contents = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert Image.open(io.BytesIO(contents)).n_frames == 3
    np.testing.assert_array_equal(grey([contents])[0, :, :, 0], np.asarray(frames[0]))


def test_a_batch_of_mixed_kinds_and_sizes_and_an_empty_one() -> None:
    files = [
        file_of(smooth("RGB", 50, 70), "JPEG"),
        file_of(smooth("RGBA"), "PNG"),
        file_of(smooth("L", 9, 9), "BMP"),
        file_of(smooth("RGB", 33, 20).quantize(), "GIF"),
    ]
    found = grey(files)
    assert found.shape == (4, HEIGHT, WIDTH, 1)
    for number, contents in enumerate(files):
        np.testing.assert_array_equal(found[number], grey([contents])[0])
    assert grey(tf.zeros([0], tf.string)).shape == (0, HEIGHT, WIDTH, 1)
    assert images.decode(tf.zeros([0], tf.string), 3, 4).shape == (0, 3, 4, 1)


def test_it_is_saved_and_loaded(tmp_path: Path) -> None:
    module = tf.Module()
    module.grey = grey
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": grey})
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    contents = file_of(smooth("RGB", 50, 70), "PNG")
    [found] = loaded(tf.constant([contents])).values()
    np.testing.assert_array_equal(found, grey([contents]))


@pytest.mark.e2e
def test_it_runs_in_transform(tmp_path: Path) -> None:
    def preprocess(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        pixels = images.decode(tf.reshape(inputs["image"], [-1]), HEIGHT, WIDTH)
        return {"image": tf.cast(pixels, tf.int64)}

    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

    spec = {"image": tf.io.FixedLenFeature([], tf.string)}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    contents = file_of(smooth("RGB", 50, 70), "PNG")
    with tft_beam.Context(temp_dir=str(tmp_path)):
        (rows, _), graph = ([{"image": contents}], metadata) | tft_beam.AnalyzeAndTransformDataset(
            preprocess
        )
        graph | tft_beam.WriteTransformFn(str(tmp_path / "out"))
    np.testing.assert_array_equal(rows[0]["image"], grey([contents])[0])
    layer = tft.TFTransformOutput(str(tmp_path / "out")).transform_features_layer()
    np.testing.assert_array_equal(
        layer({"image": tf.constant([contents])})["image"], grey([contents])
    )


def test_a_crop_keeps_the_proportions() -> None:
    tall = np.zeros((120, 40, 3), np.uint8)
    tall[40:80] = (200, 10, 60)
    [found] = images.decode(
        tf.constant([file_of(Image.fromarray(tall), "PNG")]), 20, 20, channels=3, fit="crop"
    ).numpy()
    np.testing.assert_array_equal(found, np.broadcast_to((200, 10, 60), (20, 20, 3)))


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (90, 1), (33, 57)])
def test_the_middle_is_never_empty(size: tuple[int, int]) -> None:
    pixels = images.middle(tf.zeros([*size, 3], tf.uint8), (24, 36))
    height, width = pixels.shape[:2]
    assert 1 <= height <= size[0] and 1 <= width <= size[1]
    assert height == size[0] or width == size[1]


def test_a_picture_at_its_own_size_is_what_pillow_reads() -> None:
    picture = smooth("RGB").resize((31, 17))
    found = images.decode_one(tf.constant(file_of(picture, "PNG")))
    np.testing.assert_array_equal(found, np.asarray(picture))
