"""pixelcnn: orders as the server gets them."""

from __future__ import annotations

import io
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from PIL import Image
from pixelcnn_tiny import tiny_model, tiny_settings
from scipy.special import log_softmax
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from modules.common.declaring.settings import as_dict
from modules.common.export import saved_model
from modules.pixelcnn import features
from modules.pixelcnn.signatures import PixelcnnServable
from modules.pixelcnn.task import TASK

_CLASSES = ("dress", "hat")
_SIZE = 8


def png(seed: int, height: int = _SIZE, width: int = _SIZE) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, [height, width, 3]).astype(np.uint8)
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def transformed(folder: str, names: tuple[str, ...]) -> tft.TFTransformOutput:
    settings = tiny_settings(channels=3)
    spec = {name: tf.io.FixedLenFeature([1], tf.string) for name in ("image", "class")}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [{"image": [png(1)], "class": [name.encode()]} for name in names]
    with beam.Pipeline("FnApiRunner") as pipeline, tft_beam.Context(f"{folder}/temporary"):
        function = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: features.preprocessing_fn(inputs, {"settings": as_dict(settings)})
        )
        function | tft_beam.WriteTransformFn(f"{folder}/out")
    metadata_io.write_metadata(metadata, f"{folder}/out/metadata")
    return tft.TFTransformOutput(f"{folder}/out")


def made(output: tft.TFTransformOutput, **changes: Any) -> PixelcnnServable:
    images = np.random.default_rng(3).integers(0, 256, [20, _SIZE, _SIZE, 3]).astype(np.uint8)
    train: Any = {"image": images}
    settings = tiny_settings(channels=3, **changes)
    baselines = PixelcnnServable.fit_baselines(train, train, settings)
    model = tiny_model(channels=3, classes=1 + len(features.class_names(output)))
    return PixelcnnServable(TASK, settings, model, output, baselines)


@pytest.fixture(scope="module")
def with_classes(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    return transformed(str(tmp_path_factory.mktemp("classes")), (*_CLASSES, "hat", ""))


@pytest.fixture(scope="module")
def servable(with_classes: tft.TFTransformOutput) -> PixelcnnServable:
    return made(with_classes)


@pytest.fixture(scope="module")
def serve(servable: PixelcnnServable) -> Any:
    traced = saved_model.signatures(servable)["serving_default"]

    def ask(**order: list) -> np.ndarray:
        given = {
            entry.name: tf.constant(
                order.get(entry.name, [entry.default]), saved_model.DTYPES[entry.dtype]
            )
            for entry in TASK.serving.inputs
        }
        return traced(**saved_model.as_arguments(given))["images"].numpy()

    return ask


def pixels(encoded: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(encoded)))


def test_an_order_gets_as_many_pictures_as_it_asked_for(serve: Any) -> None:
    images = serve(num_images=[2, 5, 1])
    assert images.shape == (3, 5)
    assert [[bool(one) for one in row] for row in images] == [
        [True] * 2 + [False] * 3,
        [True] * 5,
        [True] + [False] * 4,
    ]
    assert pixels(images[0, 0]).shape == (_SIZE, _SIZE, 3)
    # The same seed: the same pictures, as far as they go.
    assert images[0, :2].tolist() == images[1, :2].tolist() and images[2, 0] == images[1, 0]
    assert len(set(images[1])) == 5
    assert serve().shape == (1, 4)


def test_a_picture_is_the_same_whatever_else_is_asked_for(serve: Any) -> None:
    wanted = {"num_images": [3], "seed": [11], "class": ["hat"], "temperature": [0.8]}
    alone = serve(**wanted)
    beside = serve(
        num_images=[9, 3, 7],
        seed=[1, 11, 2],
        **{"class": ["", "hat", "dress"]},
        temperature=[1.0, 0.8, 0.0],
        upper_half=[png(5), b"", b""],
    )
    assert beside[1, :3].tolist() == alone[0].tolist()


def test_an_upper_half_is_kept_and_the_lower_drawn(serve: Any) -> None:
    given = png(5)
    images = serve(num_images=[2, 2], upper_half=[given, b""], seed=[3, 3])
    for image in images[0]:
        np.testing.assert_array_equal(pixels(image)[: _SIZE // 2], pixels(given)[: _SIZE // 2])
    lower = [pixels(image)[_SIZE // 2 :] for image in (*images[0], images[1, 0])]
    assert (lower[0] != lower[1]).any() and (lower[0] != lower[2]).any()


def test_a_photo_of_any_size_is_cropped_to_the_middle_and_completed(serve: Any) -> None:
    wide = Image.new("RGB", (60, 20), (10, 20, 30))
    wide.paste((200, 100, 50), (0, 0, 20, 20))
    file = io.BytesIO()
    wide.save(file, format="PNG")
    [[image]] = serve(num_images=[1], upper_half=[file.getvalue()])
    assert (pixels(image)[: _SIZE // 2] == (10, 20, 30)).all()


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"num_images": [0]}, "num_images: expected 1 to 64, found 0"),
        ({"num_images": [1, 65]}, "num_images: expected 1 to 64, found 65"),
        ({"temperature": [-0.1]}, "temperature: expected 0 or more, found -0.1"),
        ({"temperature": [float("nan")]}, "temperature: expected 0 or more"),
        ({"temperature": [float("inf")]}, "temperature: expected 0 or more"),
        ({"class": [b"\xff\xfe"]}, "class: expected one of dress, hat, found "),
        ({"class": ["shoe"]}, "class: expected one of dress, hat, found shoe"),
        ({"upper_half": [b"no picture"]}, "expected PNG, JPEG, GIF or BMP bytes"),
        ({"upper_half": [png(5)[:150]]}, "decod|PNG"),
    ],
)
def test_an_order_that_cannot_be_is_refused(serve: Any, order: dict, said: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        serve(**order)


@pytest.mark.parametrize("names", [("", ""), _CLASSES])
def test_a_model_without_classes_says_so(names: tuple[str, ...], tmp_path: Any) -> None:
    output = transformed(str(tmp_path), names)
    unconditional = made(output, conditional=not any(names))
    order = {
        "num_images": tf.constant([1], tf.int64),
        "temperature": tf.constant([1.0]),
        "seed": tf.constant([0], tf.int64),
        "class": tf.constant(["hat"]),
        "upper_half": tf.constant([""]),
    }
    with pytest.raises(tf.errors.InvalidArgumentError, match="this model knows no classes"):
        unconditional.answer(order)
    assert unconditional.answer({**order, "class": tf.constant([""])})["images"].shape == (1, 1)


def test_scores_are_bits_of_the_values(servable: PixelcnnServable) -> None:
    contents, names = [png(seed) for seed in range(20)], ["hat", "", "dress", "new"] * 5
    raw = {"image": tf.constant(contents)[:, None], "class": tf.constant(names)[:, None]}
    scores = {name: values.numpy() for name, values in servable.score(raw).items()}
    images = np.stack([pixels(content) for content in contents])
    ids = np.array([1 + servable._classes.index(name) if name in _CLASSES else 0 for name in names])
    logits = np.asarray(servable.model({"image": images, "class_id": ids}), np.float64)
    shares = np.take_along_axis(log_softmax(logits, axis=-1), images[..., None].astype(int), -1)
    bits = -shares.sum(axis=(1, 2, 3, 4)) / np.log(2)
    np.testing.assert_allclose(scores["bits_per_dim__score"], bits, rtol=1e-4)
    np.testing.assert_array_equal(scores["bits_per_dim__weight"], _SIZE * _SIZE * 3)
    np.testing.assert_array_equal(scores["bits_per_dim__uniform"], 8 * _SIZE * _SIZE * 3)
    found = servable.answer_examples(raw)["bits_per_dim"]
    np.testing.assert_allclose(found, bits / (_SIZE * _SIZE * 3), rtol=1e-4)
