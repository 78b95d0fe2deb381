"""colorization: pictures of any size and kind come back in colour, with the luma that they had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from asked import read_request, show
from colorization_tiny import encoded, pixels_of, scene, tiny_model, tiny_settings
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from modules.colorization import bins, colour, features
from modules.colorization.report import sheet, write_report
from modules.colorization.signatures import ColorizationServable, row_places, rows_between
from modules.colorization.task import TASK
from modules.common.declaring.settings import as_dict
from modules.common.export import saved_model
from modules.common.pictures.image_files import MAX_PIXELS
from modules.common.training.callbacks import REPORT_FILE

_HELD_OUT = [scene(seed) for seed in range(10)]


class Pictures:
    """A split, as far as baselines and the report see it."""

    def __init__(self, images: list[Image.Image]) -> None:
        self._images = np.stack([np.asarray(image) for image in images])
        self.examples = len(images)

    def batches(self, batch_size: int) -> tf.data.Dataset:
        dataset = tf.data.Dataset.from_tensor_slices(self._images).batch(batch_size)
        return dataset.map(lambda image: ({"image": image}, image))


@pytest.fixture(scope="module")
def transform_output(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    folder = str(tmp_path_factory.mktemp("transform"))
    spec = {"image": tf.io.FixedLenFeature([1], tf.string)}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [{"image": [encoded(picture)]} for picture in _HELD_OUT]
    with beam.Pipeline("FnApiRunner") as pipeline, tft_beam.Context(f"{folder}/temporary"):
        function = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: features.preprocessing_fn(inputs, {"settings": as_dict(tiny_settings())})
        )
        function | tft_beam.WriteTransformFn(f"{folder}/out")
    metadata_io.write_metadata(metadata, f"{folder}/out/metadata")
    return tft.TFTransformOutput(f"{folder}/out")


def made(output: tft.TFTransformOutput, **changes: Any) -> ColorizationServable:
    settings = tiny_settings(max_px=96, **changes)
    train: Any = Pictures(_HELD_OUT[:7])
    baselines = ColorizationServable.fit_baselines(train, train, settings)
    return ColorizationServable(TASK, settings, tiny_model(**changes), output, baselines)


@pytest.fixture(scope="module", params=["regression", "classification"])
def servable(
    request: pytest.FixtureRequest, transform_output: tft.TFTransformOutput
) -> Iterator[ColorizationServable]:
    yield made(transform_output, loss=request.param)


@pytest.fixture(scope="module")
def serve(servable: ColorizationServable) -> Any:
    traced = saved_model.signatures(servable)["serving_default"]
    return lambda *contents: traced(image=tf.constant(list(contents)))


def test_transform_counts_the_colours(transform_output: tft.TFTransformOutput) -> None:
    found = features.chroma_shares(transform_output)
    pixels = np.stack([np.asarray(picture)[::8, ::8] for picture in _HELD_OUT])
    counts = np.bincount(bins.nearest(colour.chroma(pixels)).numpy().ravel())
    lines = [f"{count} {number}".encode() for number, count in enumerate(counts)]
    np.testing.assert_allclose(found, bins.shares(lines), rtol=1e-5)


def luma_of(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).convert("L"), int)


@pytest.mark.parametrize(
    "size", [(1, 1), (57, 31), (3, 200), (96, 96), (97, 64), (1500, 3), (640, 480)]
)
def test_a_picture_of_any_size_comes_back_with_its_luma(serve: Any, size: tuple[int, int]) -> None:
    picture = scene(3, *size) if min(size) > 3 else scene(3, 640, 640).resize(size)
    [content] = serve(encoded(picture))["image"].numpy()
    found = pixels_of(content)
    assert found.shape == (size[1], size[0], 3)
    assert np.abs(luma_of(found) - np.asarray(picture.convert("L"), int)).max() <= 1
    if min(size) > 3:
        assert np.ptp(found.astype(int), axis=-1).max() > 10


def test_a_large_photo_comes_back_with_its_luma(serve: Any, shared_data: Path) -> None:
    path = sorted(shared_data.glob("images/test/*/*.jpg"))[0]
    photo = Image.open(path).convert("RGB").resize((2000, 1500))
    [content] = serve(encoded(photo))["image"].numpy()
    found = pixels_of(content)
    assert found.shape == (1500, 2000, 3)
    assert np.abs(luma_of(found) - luma_of(np.asarray(photo))).max() <= 1


def test_pictures_of_other_kinds_in_one_request(serve: Any) -> None:
    grey = scene(4, 80, 64).convert("L")
    as_rgb = encoded(grey.convert("RGB"))
    palette = encoded(scene(5, 64, 70).quantize(32), "GIF")
    answers = serve(encoded(grey), as_rgb, palette, encoded(scene(6), "JPEG"))
    images = [pixels_of(content) for content in answers["image"].numpy()]
    assert [image.shape for image in images] == [(64, 80, 3)] * 2 + [(70, 64, 3), (64, 64, 3)]
    np.testing.assert_array_equal(images[0], images[1])
    assert np.ptp(images[0].astype(int), axis=-1).max() > 10
    for image, value in zip(images, answers["colourfulness"].numpy(), strict=True):
        assert value == pytest.approx(float(colour.colourfulness(image[None])[0]), rel=1e-4)


def test_colour_that_was_there_is_not_seen(serve: Any) -> None:
    picture = scene(7, 90, 60)
    grey = np.repeat(colour.grey(np.asarray(picture)).numpy(), 3, axis=-1)
    inverse = 255 - np.asarray(picture)
    answers = serve(encoded(picture), encoded(Image.fromarray(grey)))["image"].numpy()
    first, second = (pixels_of(content).astype(int) for content in answers)
    # The luma is rounded in the grey one, so that the answers differ by rounding.
    assert np.abs(first - second).max() <= 2
    other = pixels_of(serve(encoded(Image.fromarray(inverse)))["image"].numpy()[0]).astype(int)
    assert np.abs(first - other).max() > 50


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected PNG, JPEG, GIF or BMP bytes"),
        (b"no picture", "expected PNG, JPEG, GIF or BMP bytes"),
        (encoded(scene(1))[:300], ""),
        (encoded(scene(1), "JPEG")[:20], "header does not decode"),
        (encoded(Image.new("1", (8192, MAX_PIXELS // 8192 + 1))), "expected at most"),
    ],
)
def test_what_is_no_picture_is_refused(serve: Any, content: bytes, said: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        serve(encoded(scene(1)), content)


def test_rows_are_enlarged_as_tensorflow_enlarges_pictures() -> None:
    small = np.random.default_rng(1).normal(size=[13, 7, 2]).astype(np.float32)
    for height in (13, 14, 50, 333):
        wanted = tf.image.resize(small, [height, 7])
        places = row_places(tf.constant(height), tf.constant(13))
        np.testing.assert_allclose(rows_between(tf.constant(small), places), wanted, atol=1e-5)


Totals = dict[tuple[int, int, int], np.ndarray]


def add_up(train: np.ndarray) -> Totals:
    """Adds up the chroma of 16 x 8 x 8 kinds of pixels, and their number, one by one."""
    chroma = colour.chroma(train).numpy().astype(float)
    totals: Totals = {}
    for index in np.ndindex(train.shape[:3]):
        kind = kind_of(train[index], index[1:])
        totals[kind] = totals.get(kind, np.zeros(3)) + (*chroma[index], 1)
    return totals


def usual_chroma(totals: Totals, mean: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Looks the mean chroma of a picture's pixels up."""
    found = np.zeros([64, 64, 2], np.float32)
    for index in np.ndindex(64, 64):
        *total, count = totals.get(kind_of(picture[index], index), np.zeros(3))
        # As if in 20 more pictures all 64 pixels of this place were of this kind, and the mean.
        found[index] = (np.array(total) + 20 * 64 * mean) / (count + 20 * 64)
    return found


def kind_of(pixel: np.ndarray, place: tuple[int, ...]) -> tuple[int, int, int]:
    brightness = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]
    return min(int(brightness / 16), 15), place[0] // 8, place[1] // 8


def test_scores_are_those_of_the_answer(servable: ColorizationServable, serve: Any) -> None:
    contents = [encoded(picture) for picture in _HELD_OUT]
    scores = servable.score({"image": tf.constant(contents)[:, None]})
    found = {name: values.numpy() for name, values in scores.items()}
    answers = serve(*contents)
    mean = servable.baselines["mean"].numpy()
    train = np.stack([np.asarray(picture) for picture in _HELD_OUT[:7]])
    np.testing.assert_allclose(mean, colour.chroma(train).numpy().mean((0, 1, 2)), atol=1e-3)
    totals = add_up(train)
    for number, picture in enumerate(_HELD_OUT):
        true = np.asarray(picture)
        grey = np.repeat(np.round(colour.luma(true)), 3, axis=-1).astype(np.uint8)
        tinted = colour.join(colour.luma(true), tf.broadcast_to(mean, [64, 64, 2])).numpy()
        answer = pixels_of(answers["image"].numpy()[number])
        usual = colour.join(colour.luma(true), usual_chroma(totals, mean, true)).numpy()
        ways = (("score", answer), ("grey", grey), ("mean", tinted), ("usual", usual))
        for name, image in ways:
            error = found[f"psnr__{name}"][number] / found["psnr__weight"][number]
            wanted = peak_signal_noise_ratio(true, image, data_range=255)
            assert -10 * np.log10(error) == pytest.approx(wanted, abs=1e-3)
            difference = colour.chroma(image).numpy() - colour.chroma(true).numpy()
            wanted = float((difference.astype(float) ** 2).sum())
            assert found[f"chroma_rmse__{name}"][number] == pytest.approx(wanted, rel=1e-4)
        assert found["colourfulness__score"][number] == pytest.approx(
            answers["colourfulness"].numpy()[number], rel=1e-4
        )
        assert found["colourfulness__truth"][number] == pytest.approx(
            float(colour.colourfulness(true[None])[0]), rel=1e-4
        )
    np.testing.assert_array_equal(found["chroma_rmse__weight"], 2 * 64 * 64)


def test_the_report_shows_grey_told_and_true(servable: ColorizationServable, tmp_path: Any) -> None:
    evaluation: Any = Pictures(_HELD_OUT)
    write_report(servable, evaluation, str(tmp_path))
    page = np.asarray(Image.open(tmp_path / REPORT_FILE))
    assert page.shape[2] == 3
    rows = [
        [np.full([4, 4, 3], 10 * row + place, np.uint8) for place in range(3)] for row in (1, 2)
    ]
    small = np.asarray(sheet(rows, 1, 4))
    assert small.shape == (12, 20, 3)
    assert small[0, ::8, 0].tolist() == [10, 11, 12] and small[8, ::8, 0].tolist() == [20, 21, 22]
    grey, told, true = page[:64, :64], page[:64, 164:228], page[:64, 328:392]
    np.testing.assert_array_equal(true, np.asarray(_HELD_OUT[0]))
    assert np.ptp(grey, axis=-1).max() == 0 and np.ptp(told, axis=-1).max() > 10
    assert np.abs(luma_of(told) - luma_of(true)).max() <= 1


def test_predict_writes_the_picture_and_says_how_colourful(serve: Any, tmp_path: Path) -> None:
    path, out = tmp_path / "photo.webp", tmp_path / "coloured.png"
    scene(8, 90, 70).save(path)
    signature, request = read_request(TASK, str(path))
    answer = {name: values.numpy() for name, values in serve(*request["image"]).items()}
    said = show(TASK, request, answer, out)
    assert signature == "serving_default"
    assert said.startswith(f"{out}\t90 x 70, colourfulness ") and said.endswith(" colourful)")
    assert out.read_bytes() == answer["image"][0]
