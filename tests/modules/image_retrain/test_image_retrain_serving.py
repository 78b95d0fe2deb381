"""image_retrain: bottlenecks through Transform's graph, and answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils
from unchecked import set_unchecked

from modules.common.declaring.settings import as_dict
from modules.common.drawn.scenes import write_scenes
from modules.common.export.request_checks import prepare_request
from modules.common.models.backbones import RANDOM, build_backbone
from modules.common.pictures import images
from modules.common.runtime.errors import TaskError
from modules.image_retrain.bottlenecks import bottleneck
from modules.image_retrain.features import preprocessing_fn
from modules.image_retrain.settings import CLASSES, bottleneck_units
from modules.image_retrain.signatures import ImageRetrainServable
from modules.image_retrain.task import TASK


def test_the_backbone_travels_in_transforms_graph(tmp_path: Path) -> None:
    weights = tmp_path / "network.weights.h5"
    backbone = build_backbone("mobilenet_v2", RANDOM, seed=1)
    backbone.save_weights(weights)
    settings = TASK.resolve({"backbone": "mobilenet_v2", "weights": str(weights), "input_px": 64})
    write_scenes(tmp_path / "scenes", seed=1, count=8, size_px=80)
    paths = sorted((tmp_path / "scenes").rglob("*.jpg"))
    rows = [{"image": [path.read_bytes()], "label": [path.parent.name.encode()]} for path in paths]
    spec = {name: tf.io.FixedLenFeature([1], tf.string) for name in ("image", "label")}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    with tft_beam.Context(temp_dir=str(tmp_path / "temp"), force_tf_compat_v1=False):
        transform_fn = (rows, metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: preprocessing_fn(inputs, {"settings": as_dict(settings)})
        )
        transform_fn | tft_beam.WriteTransformFn(str(tmp_path / "graph"))
    weights.unlink()
    output = tft.TFTransformOutput(str(tmp_path / "graph"))
    assert set(output.vocabulary_by_name(CLASSES)) == {row["label"][0] for row in rows}

    layer = output.transform_features_layer()
    pictures = tf.constant([row["image"] for row in rows])
    found = layer({"image": pictures})
    pixels = images.decode(pictures[:, 0], 64, 64, channels=3)
    wanted = bottleneck(backbone, pixels, settings)
    assert wanted.shape == (8, bottleneck_units(settings))
    np.testing.assert_allclose(found["bottleneck"], wanted, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        layer({"image": pictures[:1]})["bottleneck"], wanted[:1], rtol=1e-3, atol=1e-3
    )
    unseen = layer({"image": pictures[:1], "label": tf.constant([["volcano"]])})
    assert unseen["label"].numpy().tolist() == [-1]


@pytest.fixture
def servable() -> ImageRetrainServable:
    """One that answers for logits; what it would get them from is left out."""
    made = object.__new__(ImageRetrainServable)
    tf.Module.__init__(made)
    made.settings = TASK.settings()
    made._names = [b"hat", b"dress", b"shoes"]
    made.transform = lambda raw: {"bottleneck": tf.strings.to_number(raw["image"])[:, None]}
    made._logits = lambda features: features["bottleneck"] * tf.constant([[2.0, 3.0, 1.0]])
    return made


def test_each_picture_gets_as_many_classes_as_it_asked_for(servable: ImageRetrainServable) -> None:
    answer = servable.answer(
        {"image": tf.constant(["1", "-1"]), "top_k": tf.constant([2, 1], tf.int64)}
    )
    assert answer["labels"].numpy().tolist() == [[b"dress", b"hat"], [b"shoes", b""]]
    shares = np.exp(np.array([3.0, 2.0, 1.0]) / TASK.settings().temperature)
    wanted = shares[:2] / shares.sum()
    np.testing.assert_allclose(answer["probabilities"][0], wanted, rtol=1e-5)
    assert answer["probabilities"].numpy()[1, 1] == 0


def test_there_are_no_more_classes_than_there_are(servable: ImageRetrainServable) -> None:
    answer = servable.answer({"image": tf.constant(["1"]), "top_k": tf.constant([9], tf.int64)})
    assert answer["labels"].shape == (1, 3)
    np.testing.assert_allclose(tf.reduce_sum(answer["probabilities"]), 1, rtol=1e-5)


def test_no_class_at_all_is_no_question() -> None:
    asked = {"image": tf.constant(["1"]), "top_k": tf.constant([0], tf.int64)}
    with pytest.raises(tf.errors.InvalidArgumentError, match="top_k: expected 1 or more, found 0"):
        prepare_request(asked, TASK.serving)


def test_a_temperature_of_zero_is_refused(servable: ImageRetrainServable) -> None:
    servable.settings = set_unchecked(TASK.settings(), temperature=0.0)
    with pytest.raises(TaskError, match="temperature must be above 0, found 0.0"):
        servable.prepare(None)
