"""audio_style_transfer: the random network as a Keras model, with nothing in it to be trained."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_transform as tft

from modules.audio_style_transfer import network as networks
from modules.audio_style_transfer.network import CONTENT_SECONDS, WIDTH_FRAMES, Network
from modules.audio_style_transfer.task import Settings, excerpt_samples
from modules.audio_style_transfer.transfer import Sizes, frames_of
from modules.common.runtime.errors import TaskError


class RandomFilters(keras.layers.Layer):
    """Samples to features.

    The filters are no weights: they are drawn anew in the graph, which takes a second, where their
    file would take hundreds of megabytes.
    """

    def __init__(self, sizes: Sizes, filters: int, seed: int, rate_hz: int) -> None:
        """Draws nothing yet.

        Args:
            sizes: How sounds are cut up.
            filters: How many.
            seed: Of the filters.
            rate_hz: Sample rate of what will be seen.
        """
        super().__init__(name="filters", dtype="float32")
        self.sizes = sizes
        self.filters = filters
        self.filter_seed = seed
        self.rate_hz = rate_hz

    def network(self, dtype: tf.DType = tf.float32) -> Network:
        """Draws the filters.

        Args:
            dtype: What to compute in: float32 or bfloat16.
        """
        bins = self.sizes.n_fft // 2 + 1
        return Network(
            kernel=networks.draw_kernel(bins, self.filters, self.filter_seed, dtype),
            hop=self.sizes.hop,
            content_frames=CONTENT_SECONDS * self.rate_hz / self.sizes.hop,
        )

    def call(self, samples: tf.Tensor) -> tf.Tensor:
        """Computes features: float32 `[batch, n]` to `[batch, frames, filters]`."""
        network = self.network()
        return tf.map_fn(
            lambda one: networks.features(network, frames_of(one, self.sizes)),
            samples,
            fn_output_signature=tf.TensorSpec([None, self.filters], tf.float32),
        )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Says the shape of `call`'s result."""
        batch, samples = input_shape
        frames = None if samples is None else samples // self.sizes.hop + 2 - WIDTH_FRAMES
        return (batch, frames, self.filters)


def build_model(settings: Settings, transform_output: tft.TFTransformOutput | None) -> keras.Model:
    """Builds the model.

    Args:
        settings: Resolved settings.
        transform_output: Not used: nothing depends on the data.

    Returns:
        `excerpt`, float32 `[batch, n]`, to its features, float32 `[batch, frames, filters]`.

    Raises:
        TaskError: If sounds cannot be cut up so.
    """
    check_sizes(settings)
    sizes = Sizes.of(settings)
    layer = RandomFilters(sizes, settings.filters, settings.seed, settings.sample_rate_hz)
    excerpt = keras.Input((excerpt_samples(settings),), name="excerpt")
    return keras.Model({"excerpt": excerpt}, layer(excerpt), name="audio_style_transfer")


def check_sizes(settings: Settings) -> None:
    """Raises `TaskError` where sounds cannot be cut up as the settings say."""
    sizes = Sizes.of(settings)
    least_s = WIDTH_FRAMES * sizes.hop / settings.sample_rate_hz
    for name in ("piece_seconds", "eval_seconds"):
        if getattr(settings, name) < least_s:
            raise TaskError(
                f"{name} takes as long as a filter spans, {least_s:.2f} s, or more, found "
                f"{getattr(settings, name)}"
            )
    # Frames are whole, so that an overlap that is a little shorter may be as long.
    if sizes.overlap_frames >= sizes.piece_frames:
        raise TaskError(
            f"overlap_seconds takes a frame less than piece_seconds, {settings.piece_seconds}, "
            f"or less, found {settings.overlap_seconds}"
        )
