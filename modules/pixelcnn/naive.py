"""pixelcnn: draws pictures the obvious way, a whole pass through the network for every value.

The original exercise sampled so. It is what `modules.pixelcnn.sampling` is checked against and
measured against; nothing is served by it.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from modules.pixelcnn.model import level_logits
from modules.pixelcnn.noise import NoiseOfRow


def sampler(
    model: keras.Model, class_id: tf.Tensor, noise_of_row: NoiseOfRow
) -> Callable[[int | None], tf.Tensor]:
    """Prepares to draw pictures.

    Args:
        model: What `modules.pixelcnn.model.build` gave.
        class_id: int64 `[batch]`, 0 for any class.
        noise_of_row: See `modules.pixelcnn.noise.NoiseOfRow`.

    Returns:
        A function of how many values of each picture to draw, in the order of reading, `None`
        being all, to uint8 `[batch, size, size, channels]`, 0 where nothing was drawn.
    """
    _, size, _, channels = model.input["image"].shape

    @tf.function(autograph=False)
    def step(image: tf.Tensor, noise: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
        row, column, channel = tf.unstack(place)
        outputs = model({"image": image, "class_id": class_id}, training=False)
        logits = level_logits(image[:, row, column], outputs[:, row, column])
        noisy = tf.gather(logits, channel, axis=1) + noise[column, channel]
        value = tf.cast(tf.argmax(noisy, axis=1), tf.uint8)
        is_here = tf.scatter_nd(place[None], [True], [size, size, channels])
        return tf.where(is_here, value[:, None, None, None], image)

    def sample(values: int | None = None) -> tf.Tensor:
        image = tf.zeros([tf.shape(class_id)[0], size, size, channels], tf.uint8)
        for index in range(size * size * channels if values is None else values):
            pixel, channel = divmod(index, channels)
            row, column = divmod(pixel, size)
            if not column and not channel:
                noise = noise_of_row(tf.constant(row))
            image = step(image, noise, tf.constant([row, column, channel]))
        return image

    return sample
