"""Seconds to draw pictures: by the cached sampler, and by a whole pass for every value.

    python benchmarks/pixelcnn_sampling.py
    python benchmarks/pixelcnn_sampling.py --size 32 --batches 1 --values 3072 --likelihood mixture

Both draw from the same Keras model with the same noise, in one run. The original exercise called
its network for every value, 12,288 times for 64x64 in colour; here that pass is compiled as one
function, which it was not. It draws the first values of each picture only, and its time for all is
extrapolated: every pass costs the same. What both drew must agree value for value. The weights are
random: they change what is drawn, not how long it takes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import keras
import numpy as np
import tensorflow as tf
from told import tell_figure

from modules.common.declaring.registry import load_task
from modules.pixelcnn import naive, sampling
from modules.pixelcnn.model import build
from modules.pixelcnn.noise import noise_of_row


def random_model(size_px: int, channels: int, likelihood: str) -> keras.Model:
    """A model of the default shape, whose logits are about as far from even as trained ones."""
    keras.utils.set_random_seed(1)
    settings = load_task("pixelcnn").resolve(
        {"size_px": size_px, "channels": channels, "likelihood": likelihood}
    )
    model = build(settings, classes=11)
    rng = np.random.default_rng(2)
    for weights in model.trainable_weights:
        if len(weights.shape) == 1 or "embedding" in weights.path:
            weights.assign(rng.normal(size=tuple(weights.shape)) * 0.5)
    return model


def seconds(draw: Callable[[], tf.Tensor], rounds: int) -> tuple[np.ndarray, float]:
    """Draws several times; gives what was drawn and the median of the times."""
    times = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        image = draw().numpy()
        times.append(time.perf_counter() - began_s)
    return image, statistics.median(times)


def compare(model: keras.Model, batch: int, values: int, rounds: int) -> None:
    """Prints both ways' seconds and their ratio; raises where they drew differently."""
    _, size, _, channels = model.input["image"].shape
    class_id = tf.range(batch, dtype=tf.int64) % 11
    of_row = noise_of_row(
        seed=tf.fill([batch], tf.constant(7, tf.int64)),
        number=tf.range(batch, dtype=tf.int64),
        temperature=tf.ones([batch]),
        known=tf.zeros([batch, size, size, channels], tf.uint8),
        known_rows=tf.zeros([batch], tf.int32),
    )
    cached = tf.function(lambda: sampling.sample(model, class_id, of_row), autograph=False)
    slow = naive.sampler(model, class_id, of_row)
    cached()
    slow(1)
    fast_image, fast_s = seconds(cached, rounds)
    slow_image, slow_s = seconds(lambda: slow(values), 1)
    drawn = [image.reshape(batch, -1)[:, :values] for image in (fast_image, slow_image)]
    np.testing.assert_array_equal(*drawn)
    dims = size * size * channels
    whole_s = slow_s * dims / values
    print(
        f"{size}x{size}x{channels}, {batch:2} at a time: {values * batch:,} values identical; "
        f"cached {fast_s:.2f} s; a pass for each value {slow_s:.1f} s for {values:,} of {dims:,}, "
        f"so {whole_s:,.0f} s"
    )
    tell_figure(f"{batch} at a time", whole_s / fast_s)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=64, help="pixels a side")
    parser.add_argument("--channels", type=int, default=3, choices=(1, 3))
    parser.add_argument("--likelihood", default="softmax", choices=("softmax", "mixture"))
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16], help="pictures at once")
    parser.add_argument("--values", type=int, default=1000, help="that the slow way draws of each")
    parser.add_argument("--rounds", type=int, default=3, help="turns of the cached sampler")
    arguments = parser.parse_args()
    model = random_model(arguments.size, arguments.channels, arguments.likelihood)
    for batch in arguments.batches:
        values = max(1, arguments.values // batch)
        compare(model, batch, values, arguments.rounds)


if __name__ == "__main__":
    main()
