"""image_retrain: settings, bottlenecks, baselines, distortions, and what a person is shown."""

from __future__ import annotations

import io
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from asked import read_request, show
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from unchecked import set_unchecked

from modules.common.declaring.settings import change
from modules.common.declaring.task import Value
from modules.common.models.backbone_specs import BACKBONES
from modules.common.models.backbones import RANDOM, build_backbone
from modules.common.models.pooling import pool
from modules.common.runtime.errors import DataError, TaskError
from modules.image_retrain import baselines, example
from modules.image_retrain.bottlenecks import bottleneck, thumbnail
from modules.image_retrain.labels import label_from_folder
from modules.image_retrain.model import Standardization, build_model, distort
from modules.image_retrain.sample.maker import write_sample
from modules.image_retrain.settings import Settings, bottleneck_units, features, input_px
from modules.image_retrain.task import TASK


def choose(**given: Value) -> Settings:
    return TASK.resolve(given)


def names(**given: Value) -> list[str]:
    return [feature.name for feature in features(choose(**given))]


def test_a_frozen_backbone_is_run_in_transform_and_any_other_in_training() -> None:
    assert names(backbone="squeezenet")[0] == "bottleneck"
    assert names(backbone="tiny")[0] == "image"
    assert names(backbone="squeezenet", fine_tune_stages=1)[0] == "image"
    assert names(backbone="squeezenet", distortions=True)[0] == "image"


def test_sizes_follow_the_backbone() -> None:
    assert input_px(choose(backbone="squeezenet")) == 227
    assert input_px(choose(backbone="inception_v3", input_px=128)) == 128
    with pytest.raises(TaskError, match="takes pictures of 75 px or more, found input_px=64"):
        input_px(choose(backbone="inception_v3", input_px=64))
    with pytest.raises(TaskError, match="has 9 stages, found bottleneck_stages=10"):
        features(choose(backbone="squeezenet", bottleneck_stages=10))
    with pytest.raises(TaskError, match="its file alone knows.*bottleneck_units"):
        features(choose(backbone="frozen_graph"))


@pytest.mark.parametrize("pooling", ["mean", "mean+max", "quarters"])
@pytest.mark.parametrize("name", ["tiny", "squeezenet"])
def test_a_bottleneck_is_as_long_as_declared(name: str, pooling: str) -> None:
    settings = choose(backbone=name, pooling=pooling, bottleneck_stages=2)
    backbone = build_backbone(name, RANDOM, seed=1)
    pixels = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), np.uint8)
    values = bottleneck(backbone, tf.constant(pixels), settings)
    assert values.shape == (2, bottleneck_units(settings))
    turned = bottleneck(backbone, tf.constant(pixels[:, :, ::-1]), settings)
    if pooling != "quarters":
        np.testing.assert_allclose(values, turned, rtol=1e-4, atol=1e-3)
    once = bottleneck(backbone, tf.constant(pixels), change(settings, mirrored=False))
    assert not np.allclose(values, once)


def test_a_wrong_length_is_answered_with_the_right_one() -> None:
    backbone = build_backbone("tiny", "", seed=1)
    settings = choose(backbone="frozen_graph", bottleneck_units=7, pooling="mean")
    with pytest.raises(TaskError, match="bottleneck_units=224$"):
        bottleneck(backbone, tf.zeros([1, 64, 64, 3], tf.uint8), settings)


@pytest.mark.parametrize("size", [(4, 6), (3, 5), (1, 1)])
def test_pooling_equals_its_definition(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    first, last = (rng.normal(size=(2, *size, c)).astype(np.float32) for c in (3, 2))
    stages = [tf.constant(first), tf.constant(last)]
    means = np.concatenate([first.mean((1, 2)), last.mean((1, 2))], 1)
    np.testing.assert_allclose(pool(stages, "mean"), means, rtol=1e-5, atol=1e-6)
    maxima = np.concatenate([of((1, 2)) for x in (first, last) for of in (x.mean, x.max)], 1)
    np.testing.assert_allclose(pool(stages, "mean+max"), maxima, rtol=1e-5, atol=1e-6)
    high, wide = -(-size[0] // 2), -(-size[1] // 2)
    corners = [
        values[:, rows, columns].mean((1, 2))
        for values in (first, last)
        for rows in (slice(high), slice(size[0] - high, None))
        for columns in (slice(wide), slice(size[1] - wide, None))
    ]
    quarters = np.concatenate(corners, 1)
    np.testing.assert_allclose(pool(stages, "quarters"), quarters, rtol=1e-5, atol=1e-6)


def test_a_thumbnail_is_means_of_colours() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (2, 64, 64, 3), np.uint8)
    small = thumbnail(tf.constant(pixels))
    wanted = pixels.reshape(2, 8, 8, 8, 8, 3).mean((2, 4)) / 255
    np.testing.assert_allclose(small, wanted.reshape(2, -1), atol=1e-5)
    colour = baselines.mean_colour(small)
    np.testing.assert_allclose(colour, pixels.mean((1, 2)) / 255, atol=1e-5)


@pytest.mark.parametrize("classes", [2, 4])
def test_a_baseline_is_scikit_learns_regression(classes: int) -> None:
    rng = np.random.default_rng(4)
    labels = np.arange(200) % classes
    values = (rng.normal(size=(200, 6)) * [1, 2, 3, 4, 5, 60] + labels[:, None]).astype(np.float32)
    fitted = baselines.fit(values, labels, seed=1)
    found = tf.nn.softmax(baselines.logits(tf.constant(values), fitted)).numpy()
    agreeing = []
    for penalty in baselines._INVERSE_PENALTIES:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=500))
        wanted = model.fit(values, labels).predict_proba(values)
        agreeing.append(np.abs(found - wanted).max() < 2e-3)
    assert any(agreeing)


def test_one_class_is_no_task() -> None:
    with pytest.raises(DataError, match="one class only"):
        baselines.fit(np.ones((5, 3), np.float32), np.zeros(5, np.int64), seed=1)


def test_a_class_with_one_picture_is_no_trouble() -> None:
    values = np.random.default_rng(5).normal(size=(9, 3)).astype(np.float32)
    kernel, bias = baselines.fit(values, np.array([0] * 8 + [1]), seed=1)
    assert np.isfinite(kernel).all() and np.isfinite(bias).all()


class Vocabulary:
    """What the model asks of Transform's output."""

    def vocabulary_size_by_name(self, name: str) -> int:
        assert name == "classes"
        return 3


def test_the_head_of_a_frozen_backbone_is_all_that_is_trained() -> None:
    model = build_model(choose(backbone="squeezenet", hidden_units=256), Vocabulary())
    units = bottleneck_units(choose(backbone="squeezenet"))
    shapes = [tuple(weight.shape) for weight in model.trainable_weights]
    assert shapes == [(units, 256), (256,), (256, 3), (3,)]
    settings = set_unchecked(choose(backbone="squeezenet", fine_tune_stages=2), weights=RANDOM)
    tuned = build_model(settings, Vocabulary())
    assert len(tuned.trainable_weights) == 2 + 2 * 6


def test_a_class_that_is_not_known_does_not_spoil_the_loss() -> None:
    model = build_model(choose(backbone="squeezenet"), Vocabulary())
    units = bottleneck_units(choose(backbone="squeezenet"))
    inputs = {"bottleneck": np.ones((2, units), np.float32), "thumbnail": np.ones((2, 192))}
    found = model.evaluate(inputs, np.array([-1, 2]), verbose=0, return_dict=True)
    assert np.isfinite(found["loss"])


def test_distortions_change_pictures_within_bounds() -> None:
    keras.utils.set_random_seed(1)
    image = np.zeros((64, 48, 48, 3), np.uint8)
    image[:, :, :24] = 200
    given = {"image": tf.constant(image), "thumbnail": tf.zeros([64, 192])}
    label = tf.range(64)
    plain, _ = distort(given, label, choose())
    assert plain["image"] is given["image"]
    features, same = distort(given, label, choose(distortions=True))
    changed = features["image"].numpy()
    np.testing.assert_array_equal(same, label)
    assert features["image"].dtype == tf.uint8 and changed.shape == image.shape
    left, right = changed[:, 24, 2, 0].astype(int), changed[:, 24, -3, 0].astype(int)
    brightness = np.maximum(left, right) / 200
    assert ((left == 0) != (right == 0)).all()
    assert 0.2 < (right > 0).mean() < 0.8
    assert brightness.min() >= 0.84 and brightness.max() <= 1.16 and np.ptp(brightness) > 0.1
    light = (changed[:, 24, :, 0] > 20).sum(1)
    assert light.min() >= 10 and light.max() <= 38 and len(set(light)) > 4


def test_what_is_left_of_no_distortion_is_the_picture() -> None:
    image = np.random.default_rng(6).integers(0, 256, (3, 32, 32, 3), np.uint8)
    still = choose(
        distortions=True, crop_percent=0, scale_percent=0, brightness_percent=0, mirrors=False
    )
    features, _ = distort({"image": tf.constant(image)}, tf.range(3), still)
    np.testing.assert_array_equal(features["image"], image)


def test_the_class_is_the_folder() -> None:
    assert label_from_folder("test/t-shirt/1.jpg", {}) == {"label": "t-shirt"}
    assert label_from_folder("狗/1.jpg", {}) == {"label": "狗"}
    with pytest.raises(ValueError, match="folder named after the picture's class"):
        label_from_folder("1.jpg", {})


def test_a_request_and_its_answer(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(example.JPEG)
    signature, request = read_request(TASK, str(path))
    assert signature == "serving_default" and set(request) == {"image"}
    assert read_request(TASK, str(path), top_k="3")[1]["top_k"] == [3]
    for wrong in ("0", "-1", "two", "1.5"):
        with pytest.raises(DataError, match="top_k: expected .*1 or more, found"):
            read_request(TASK, str(path), top_k=wrong)
    answer = {
        "labels": np.array([["hat", "dress", ""]]),
        "probabilities": np.array([[0.9, 0.05, 0.0]]),
    }
    assert show(TASK, request, answer, None) == " 90.0%  hat\n  5.0%  dress"


def test_sample_and_example_are_pictures_that_the_task_takes(tmp_path: Path) -> None:
    assert Image.open(io.BytesIO(example.JPEG)).mode == "RGB"
    write_sample(tmp_path, choose(seed=1, sample_images=10))
    paths = sorted(tmp_path.rglob("*.jpg"))
    assert len(paths) == 10 and len({path.parent for path in paths}) == 5
    for path in paths:
        picture = Image.open(path)
        assert picture.mode == "RGB" and min(picture.size) >= TASK.settings().min_side_px


def test_every_backbone_can_be_chosen() -> None:
    for name in BACKBONES:
        assert names(backbone=name, bottleneck_units=8)[1:] == ["thumbnail", "label"]


def test_standardization_knows_all_that_it_was_trained_on() -> None:
    rng = np.random.default_rng(7)
    values = (rng.normal(size=(100, 4)) * [1, 2, 30, 0.5] + [0, 5, -100, 1]).astype(np.float32)
    layer = Standardization()
    for _ in range(3):
        for start in range(0, 100, 32):
            layer(values[start : start + 32], training=True)
    wanted = StandardScaler().fit_transform(values)
    np.testing.assert_allclose(layer(values), wanted, rtol=1e-2, atol=1e-2)
    np.testing.assert_allclose(layer(values[:1]), wanted[:1], rtol=1e-2, atol=1e-2)
