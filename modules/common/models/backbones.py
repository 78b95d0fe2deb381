"""Backbones: networks that turn a picture into feature maps, most of them trained by others.

`build_backbone` gives any of `models.backbone_specs.BACKBONES` in one shape: pixels in, a
dictionary of feature maps out; what each network wants done to the pixels is inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from modules.common.models import squeezenet
from modules.common.models.backbone_specs import BACKBONES
from modules.common.models.frozen_graph import FrozenGraph, apply, frozen_graph
from modules.common.models.tiny_backbone import tiny
from modules.common.runtime.errors import DataError, TaskError, did_you_mean

RANDOM = "random"
"""In place of a path: a network with weights drawn at random, for tests."""

_KERAS_CACHE = "~/.keras/models"
_KERAS_FILES = {
    "mobilenet_v2": "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
    "inception_v3": "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
}
_KERAS_URL = "https://storage.googleapis.com/tensorflow/keras-applications"
# What does not do in place of a path.
_NO_WEIGHTS = {"squeezenet": ("",), "frozen_graph": ("", RANDOM)}


def build_backbone(name: str, weights: str, seed: int) -> keras.Model:
    """Builds a backbone.

    Args:
        name: One of `BACKBONES`.
        weights: Path of its weights. Empty: none for `tiny`, which is trained by the pipeline;
            for the networks of keras.applications, their cache or a download. `random` draws the
            weights of all but `frozen_graph`, for tests.
        seed: Of weights that are drawn.

    Returns:
        Red, green and blue, float32 `[batch, h, w, 3]` in 0..255, h and w at least the spec's
        `min_px`, to a dictionary of stage name to feature map, float32 `[batch, h', w', c]`,
        shallow to deep. `tiny` is trainable; the others are frozen.

    Raises:
        TaskError: If there is no such backbone, or it needs a path and got none.
        DataError: If the weights are not there, cannot be downloaded or do not fit.
    """
    if name not in BACKBONES:
        raise TaskError(f"there is no backbone {name!r}; {did_you_mean(name, BACKBONES)}")
    if weights not in ("", RANDOM) and not tf.io.gfile.exists(weights):
        raise DataError(
            f"expected the weights of {name} at {weights}, found no such file; give the path of "
            f"{_require_file(name)} by --set weights=PATH"
        )
    if weights in _NO_WEIGHTS.get(name, ()):
        raise TaskError(
            f"{name} needs its weights: give the path of {_require_file(name)} "
            "by --set weights=PATH, or take --set backbone=tiny, which needs none"
        )
    image = keras.Input((None, None, 3), dtype="float32", name="image")
    if name in _KERAS_FILES:
        stages = _BUILDERS[name](image, weights)
    elif name == "frozen_graph":
        stages = frozen_graph(image, weights)
    elif name == "tiny":
        stages = tiny(image, seed)
    else:
        stages = squeezenet.squeezenet(image)
    model = keras.Model(image, stages, name=name)
    if name == "squeezenet" and weights != RANDOM:
        squeezenet.load_weights(model, weights)
    if name == "tiny" and weights not in ("", RANDOM):
        _load(model, name, weights)
    if weights == RANDOM:
        _draw(model, seed)
    model.trainable = name == "tiny"
    return model


def unfreeze(backbone: keras.Model, stages: int) -> None:
    """Makes the deepest stages of a backbone trainable, batch normalization aside.

    Args:
        backbone: What `build_backbone` gave; changed in place.
        stages: How many, from the last; 0 leaves all frozen.

    Raises:
        TaskError: If the backbone does not have as many, or none that can be trained.
    """
    names = list(backbone.output)
    if not 0 <= stages <= len(names):
        raise TaskError(f"{backbone.name} has {len(names)} stages, found fine_tune_stages={stages}")
    if stages == 0:
        return
    if not backbone.weights:
        raise TaskError(f"{backbone.name} is a frozen graph, which cannot be fine-tuned")
    order = [operation.name for operation in backbone.operations]
    ends = {
        name: order.index(backbone.output[name]._keras_history.operation.name) for name in names
    }
    begin = ends[names[-stages - 1]] + 1 if stages < len(names) else 0
    kept = set(order[:begin])
    backbone.trainable = True
    for layer in backbone.layers:
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = layer.name not in kept and not is_norm


def choose_stages(backbone: keras.Model, stages: Sequence[str]) -> keras.Model:
    """Gives a backbone that computes some of its stages, and no more than they need.

    Args:
        backbone: What `build_backbone` gave; its weights stay shared.
        stages: Names of stages, at least one.

    Returns:
        The same, with these feature maps alone.
    """
    graphs = [layer for layer in backbone.layers if isinstance(layer, FrozenGraph)]
    image = backbone.inputs[0]
    if graphs:
        image = keras.Input(image.shape[1:], dtype=image.dtype, name="image")
        maps = apply(FrozenGraph(graphs[0].file, stages), image)
    else:
        maps = {stage: backbone.output[stage] for stage in stages}
    return keras.Model(image, maps, name=f"{backbone.name}_part")


def _mobilenet_v2(image: keras.KerasTensor, weights: str) -> dict[str, keras.KerasTensor]:
    pixels = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(image)
    network = _application(keras.applications.MobileNetV2, "mobilenet_v2", pixels, weights)
    return {stage: network.get_layer(stage).output for stage in BACKBONES["mobilenet_v2"].stages}


def _inception_v3(image: keras.KerasTensor, weights: str) -> dict[str, keras.KerasTensor]:
    pixels = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(image)
    network = _application(keras.applications.InceptionV3, "inception_v3", pixels, weights)
    # Their names count on from network to network.
    stem = [layer for layer in network.layers if isinstance(layer, keras.layers.Activation)][:5]
    mixed = [stage for stage in BACKBONES["inception_v3"].stages if stage.startswith("mixed")]
    return {
        "stem1": stem[2].output,
        "stem2": stem[4].output,
        **{stage: network.get_layer(stage).output for stage in mixed},
    }


_BUILDERS = {"mobilenet_v2": _mobilenet_v2, "inception_v3": _inception_v3}


def _application(
    make: Callable[..., keras.Model], name: str, pixels: keras.KerasTensor, weights: str
) -> keras.Model:
    """Makes a network of keras.applications on prepared pixels."""
    network = make(include_top=False, weights=None, input_tensor=pixels)
    if weights != RANDOM:
        _load(network, name, weights or _find_or_download(name))
    return network


def _find_or_download(name: str) -> str:
    file = _KERAS_FILES[name]
    origin = f"{_KERAS_URL}/{name}/{file}"
    try:
        return str(keras.utils.get_file(file, origin, cache_subdir="models"))
    except Exception as error:  # keras raises Exception itself
        raise DataError(
            f"the weights of {name} are not in Keras' cache and could not be downloaded "
            f"({error}). Where there is a network, fetch {origin}; then put it at "
            f"{_KERAS_CACHE}/{file}, or name it by --set weights=PATH; "
            "--set backbone=tiny needs no weights"
        ) from error


def _draw(model: keras.Model, seed: int) -> None:
    """Draws every convolution's kernel, by He et al.: the layers' own draws know no seed."""
    initial = keras.initializers.HeNormal(keras.random.SeedGenerator(seed))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            layer.kernel.assign(initial(layer.kernel.shape))


def _load(model: keras.Model, name: str, path: str) -> None:
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{path} does not fit {name}: expected {_require_file(name)}; found: {error}"
        ) from error


def _require_file(name: str) -> str:
    if name in _KERAS_FILES:
        return f"{_KERAS_FILES[name]}, from {_KERAS_URL}/{name}"
    return {
        "squeezenet": "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "frozen_graph": "a frozen .pb graph, such as inception5h's",
    }.get(name, "a .weights.h5 file of the same network")
