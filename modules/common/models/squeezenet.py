"""SqueezeNet v1.1 without its classifier, and its weights out of a Keras 2 file.

Source: F. Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and
<0.5MB model size" (2016), and the layers of its release v1.1.
"""

from __future__ import annotations

import h5py
import keras
import numpy as np
from keras import layers, ops

from modules.common.runtime.errors import DataError

_SQUEEZE = {2: 16, 3: 16, 4: 32, 5: 32, 6: 48, 7: 48, 8: 64, 9: 64}
_POOLED_BEFORE = (2, 4, 6)
_ARRAYS = 50
# Means of ImageNet's blue, green and red, as in the Caffe release that the weights come from.
_MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)


def squeezenet(image: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    """Applies the network.

    Args:
        image: Red, green and blue, float32 `[batch, h, w, 3]` in 0..255, at least 32x32.

    Returns:
        Stage name to feature map, `[batch, h', w', c]`: `conv1` 64 channels at half the size;
        `fire2`, `fire3` 128 at a quarter; `fire4`, `fire5` 256 at an eighth; `fire6`, `fire7` 384,
        `fire8`, `fire9` 512 at a sixteenth.
    """
    # A slice with steps takes five times as long, there and back.
    hidden = ops.flip(image, axis=-1) - _MEAN_BGR
    hidden = layers.Conv2D(64, 3, strides=2, activation="relu", name="conv1")(hidden)
    stages = {"conv1": hidden}
    for number, squeezed in _SQUEEZE.items():
        if number in _POOLED_BEFORE:
            hidden = layers.MaxPooling2D(3, strides=2)(hidden)
        hidden = _fire(hidden, f"fire{number}", squeezed)
        stages[f"fire{number}"] = hidden
    return stages


def _fire(hidden: keras.KerasTensor, name: str, squeezed: int) -> keras.KerasTensor:
    """Squeezes to few channels, then expands to eight times as many by 1x1 and 3x3."""

    def convolution(size: int, filters: int, part: str) -> layers.Conv2D:
        return layers.Conv2D(
            filters, size, padding="same", activation="relu", name=f"{name}_{part}"
        )

    hidden = convolution(1, squeezed, "squeeze1x1")(hidden)
    wide = [convolution(size, 4 * squeezed, f"expand{size}x{size}")(hidden) for size in (1, 3)]
    return layers.Concatenate(name=name)(wide)


def load_weights(model: keras.Model, path: str) -> None:
    """Loads the weights of a Keras 2 `.h5` file, layer by layer.

    Args:
        model: Holds the layers of `squeezenet`; changed in place.
        path: The file: `conv1`, and `fire2/squeeze1x1` and so on, a kernel and a bias each.

    Raises:
        DataError: If the file is not of this network.
    """
    wanted = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    try:
        with h5py.File(path, "r") as file:
            for layer in wanted:
                group = file[layer.name.replace("_", "/")]
                names = group.attrs["weight_names"]
                layer.set_weights([np.asarray(group[name]) for name in names])
    except (OSError, KeyError, ValueError) as error:
        raise DataError(
            f"{path} does not hold SqueezeNet v1.1: expected a Keras 2 .h5 file without the "
            f"classifier, {_ARRAYS} arrays in layers conv1, fire2/squeeze1x1, ..., "
            f"fire9/expand3x3; found: {error}"
        ) from error
