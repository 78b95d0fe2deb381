"""Backbones: shapes, preparation of pixels, weights by path, gradients, saving."""

from __future__ import annotations

import urllib.error
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from modules.common.models import backbones, squeezenet
from modules.common.models.backbone_specs import BACKBONES
from modules.common.models.backbones import RANDOM, build_backbone, unfreeze
from modules.common.runtime.errors import DataError, TaskError

ROOT = Path(__file__).resolve().parents[4]
SQUEEZENET = (
    ROOT.parent / "shared/data/pretrained/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
PX = 96
PHOTO = np.random.default_rng(1).integers(0, 256, (2, PX, PX, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A frozen graph, as inception5h is one, and what its last stage gives for `PHOTO`."""
    first = tf.Variable(tf.random.stateless_normal([3, 3, 3, 4], [1, 2], stddev=0.1))
    second = tf.Variable(tf.random.stateless_normal([1, 1, 4, 5], [3, 4]))

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32, name="input")])
    def network(pixels: tf.Tensor) -> tf.Tensor:
        hidden = tf.nn.relu(tf.nn.conv2d(pixels, first, 2, "SAME", name="stem/conv"))
        wide = tf.nn.conv2d(hidden, second, 1, "SAME", name="wide")
        return tf.concat([hidden, wide], axis=3, name="mixed")

    frozen = convert_variables_to_constants_v2(network.get_concrete_function())
    path = tmp_path_factory.mktemp("graph") / "network.pb"
    path.write_bytes(frozen.graph.as_graph_def().SerializeToString())
    return path, network(tf.constant(PHOTO - 117)).numpy()


def weights_for(name: str, graph: tuple[Path, np.ndarray]) -> str:
    return {"tiny": "", "frozen_graph": str(graph[0])}.get(name, RANDOM)


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_is_as_its_spec_says(name: str, graph: tuple[Path, np.ndarray]) -> None:
    spec = BACKBONES[name]
    backbone = build_backbone(name, weights_for(name, graph), seed=1)
    stages = backbone(PHOTO)
    if spec.stages:
        assert tuple(stages) == spec.stages
        assert tuple(values.shape[-1] for values in stages.values()) == spec.units
        assert spec.feature_units == spec.units[-1]
    heights = [values.shape[1] for values in stages.values()]
    assert heights == sorted(heights, reverse=True)
    for values in stages.values():
        assert np.isfinite(values).all() and np.std(values) > 0
    assert bool(backbone.trainable_weights) == (name == "tiny")
    other = backbone(np.zeros((1, spec.min_px, spec.min_px + 9, 3), np.float32))
    assert all(min(values.shape) > 0 for values in other.values())


@pytest.mark.parametrize("name", BACKBONES)
def test_gradients_reach_the_picture(name: str, graph: tuple[Path, np.ndarray]) -> None:
    backbone = build_backbone(name, weights_for(name, graph), seed=1)
    photo = tf.constant(PHOTO[:1])

    @tf.function
    def gradients(pixels: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(pixels)
            stages = backbone(pixels, training=False)
            means = [tf.reduce_mean(values**2) for values in stages.values()]
        return [tape.gradient(mean, pixels) for mean in means]

    for gradient in gradients(photo):
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


@pytest.mark.parametrize("name", ["squeezenet", "mobilenet_v2", "tiny", "frozen_graph"])
def test_a_backbone_is_saved_with_what_holds_it(
    name: str, graph: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    holder = tf.Module()
    holder.backbone = build_backbone(name, weights_for(name, graph), seed=1)
    spec = tf.TensorSpec([None, None, None, 3], tf.float32)
    serve = tf.function(lambda image: holder.backbone(image, training=False))
    traced = serve.get_concrete_function(spec)
    tf.saved_model.save(holder, str(tmp_path), signatures={"serve": traced})
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serve"](tf.constant(PHOTO))
    for stage, values in holder.backbone(PHOTO, training=False).items():
        np.testing.assert_allclose(loaded[stage], values, rtol=1e-4, atol=1e-4)


def test_a_frozen_graph_computes_what_was_frozen(graph: tuple[Path, np.ndarray]) -> None:
    path, wanted = graph
    stages = build_backbone("frozen_graph", str(path), seed=1)(PHOTO)
    assert list(stages) == ["stem_conv", "Relu", "wide", "mixed"]
    np.testing.assert_allclose(stages["mixed"], wanted, rtol=1e-5, atol=1e-4)


def test_what_is_no_frozen_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.pb").write_text("this is no graph")
    with pytest.raises(DataError, match="expected a frozen TensorFlow graph"):
        build_backbone("frozen_graph", str(tmp_path / "notes.pb"), seed=1)
    with tf.Graph().as_default() as empty:
        tf.constant(1.0)
    (tmp_path / "empty.pb").write_bytes(empty.as_graph_def().SerializeToString())
    with pytest.raises(DataError, match="expected one placeholder .* found none"):
        build_backbone("frozen_graph", str(tmp_path / "empty.pb"), seed=1)


@pytest.mark.parametrize("name", ["mobilenet_v2", "tiny"])
def test_weights_are_loaded_by_path(name: str, tmp_path: Path) -> None:
    saved = build_backbone(name, RANDOM, seed=1)
    path = str(tmp_path / "network.weights.h5")
    saved.save_weights(path)
    loaded, other = build_backbone(name, path, seed=2), build_backbone(name, RANDOM, seed=2)
    last = BACKBONES[name].stages[-1]
    np.testing.assert_allclose(saved(PHOTO)[last], loaded(PHOTO)[last], rtol=1e-5, atol=1e-5)
    assert not np.allclose(saved(PHOTO)[last], other(PHOTO)[last])
    with pytest.raises(DataError, match="does not fit squeezenet|does not hold SqueezeNet"):
        build_backbone("squeezenet", path, seed=1)


def write_keras2(path: Path, arrays: dict[str, list[np.ndarray]]) -> None:
    """Writes weights as Keras 2 does."""
    with h5py.File(path, "w") as file:
        for layer, values in arrays.items():
            group = file.create_group(layer)
            names = [f"{layer}_{number}".encode() for number in range(len(values))]
            group.attrs["weight_names"] = names
            for name, value in zip(names, values, strict=True):
                group[name] = value


def test_a_keras_2_file_is_read_layer_by_layer(tmp_path: Path) -> None:
    drawn = build_backbone("squeezenet", RANDOM, seed=3)
    convolutions = [layer for layer in drawn.layers if isinstance(layer, keras.layers.Conv2D)]
    arrays = {layer.name.replace("_", "/"): layer.get_weights() for layer in convolutions}
    assert sum(len(values) for values in arrays.values()) == 50
    write_keras2(tmp_path / "squeezenet.h5", arrays)
    loaded = build_backbone("squeezenet", str(tmp_path / "squeezenet.h5"), seed=4)
    np.testing.assert_array_equal(loaded(PHOTO)["fire9"], drawn(PHOTO)["fire9"])
    del arrays["fire5/expand3x3"]
    write_keras2(tmp_path / "short.h5", arrays)
    with pytest.raises(DataError, match="does not hold SqueezeNet v1.1"):
        build_backbone("squeezenet", str(tmp_path / "short.h5"), seed=4)


@pytest.mark.skipif(not SQUEEZENET.is_file(), reason="the shared weights are not here")
def test_squeezenet_computes_what_its_arrays_say() -> None:
    """A slow reading of the first layers: BGR less the means, convolution, pooling, fire2."""
    with h5py.File(SQUEEZENET) as file:

        def arrays(name: str) -> list[np.ndarray]:
            return [np.asarray(file[name][key]) for key in file[name].attrs["weight_names"]]

        weights = {name: arrays(name) for name in ("conv1", "fire2/squeeze1x1", "fire2/expand1x1")}
    photo = PHOTO[0, :32, :32, ::-1] - np.array([103.939, 116.779, 123.68])
    kernel, bias = weights["conv1"]
    hidden = np.array(
        [
            [
                np.tensordot(photo[2 * y : 2 * y + 3, 2 * x : 2 * x + 3], kernel, 3) + bias
                for x in range(15)
            ]
            for y in range(15)
        ]
    ).clip(0)
    pooled = np.array(
        [
            [hidden[2 * y : 2 * y + 3, 2 * x : 2 * x + 3].max((0, 1)) for x in range(7)]
            for y in range(7)
        ]
    )
    for name in ("fire2/squeeze1x1", "fire2/expand1x1"):
        kernel, bias = weights[name]
        pooled = (pooled @ kernel[0, 0] + bias).clip(0)
    stages = build_backbone("squeezenet", str(SQUEEZENET), seed=1)(PHOTO[:1, :32, :32])
    np.testing.assert_allclose(stages["conv1"][0], hidden, rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(stages["fire2"][0, ..., :64], pooled, rtol=1e-3, atol=1e-2)


def test_mobilenet_prepares_pixels_as_its_makers_do() -> None:
    backbone = build_backbone("mobilenet_v2", RANDOM, seed=1)
    plain = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(None, None, 3)
    )
    plain.set_weights(backbone.get_weights())
    prepared = keras.applications.mobilenet_v2.preprocess_input(PHOTO.copy())
    np.testing.assert_allclose(
        plain(prepared, training=False), backbone(PHOTO)["out_relu"], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("name", ["mobilenet_v2", "inception_v3"])
def test_offline_says_how_to_get_the_weights(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*arguments: object, **options: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(keras.utils, "get_file", offline)
    with pytest.raises(DataError) as caught:
        build_backbone(name, "", seed=1)
    for part in ("no network", "https://", "~/.keras/models/", "--set weights=PATH", ".h5"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("name", "weights", "said"),
    [
        ("squeezenets", "", "did you mean 'squeezenet'"),
        ("squeezenet", "", "needs its weights"),
        ("frozen_graph", "", "needs its weights"),
        ("frozen_graph", RANDOM, "needs its weights"),
        ("mobilenet_v2", "nowhere.h5", "nowhere.h5, found no such file"),
    ],
)
def test_a_mistake_says_what_to_do(name: str, weights: str, said: str) -> None:
    with pytest.raises((TaskError, DataError), match=said):
        build_backbone(name, weights, seed=1)


def test_the_deepest_stages_can_be_unfrozen() -> None:
    backbone = build_backbone("squeezenet", RANDOM, seed=1)
    unfreeze(backbone, 0)
    assert not backbone.trainable_weights
    unfreeze(backbone, 2)
    trained = {layer.name for layer in backbone.layers if layer.trainable_weights}
    assert {name.partition("_")[0] for name in trained} == {"fire8", "fire9"}
    unfreeze(backbone, len(BACKBONES["squeezenet"].stages))
    assert len(backbone.trainable_weights) == 50
    with pytest.raises(TaskError, match="has 9 stages, found fine_tune_stages=10"):
        unfreeze(backbone, 10)
    mobile = build_backbone("mobilenet_v2", RANDOM, seed=1)
    unfreeze(mobile, 1)
    names = {weight.path for weight in mobile.trainable_weights}
    assert names and not [name for name in names if "BN" in name or "bn" in name]


def test_squeezenet_is_drawn_by_its_seed() -> None:
    first, same, other = (build_backbone("squeezenet", RANDOM, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.get_weights()[0], same.get_weights()[0])
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


def test_specs_and_builders_agree() -> None:
    assert {spec.name for spec in BACKBONES.values()} == set(BACKBONES)
    assert set(backbones._KERAS_FILES) < set(BACKBONES)
    assert squeezenet._ARRAYS == 50
