"""pixelcnn: a mixture of logistic distributions in place of a softmax over the levels.

A softmax has to learn of each of the 256 levels by itself; here neighbouring levels are alike from
the start. A logistic distribution over the real line gives a level what falls between it and half
a step to either side, and level 0 and 255 all beyond them too. All channels of a pixel belong to
one component of the mixture; within it the mean of a channel moves linearly with the channels
before it.

Source: T. Salimans et al., "PixelCNN++: Improving the PixelCNN with Discretized Logistic Mixture
Likelihood and Other Modifications" (2017). There a pixel is drawn component first, then level by
level; here each channel's 256 probabilities are computed, given the channels before it, so that
both likelihoods are drawn from in one way.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from modules.pixelcnn.task import LEVELS

# Half a step between levels, which are brought to -1 to 1.
_HALF_STEP = 1 / (LEVELS - 1)
# As in the source: a deviation of about a tenth of a step and a half.
_LEAST_LOG_SCALE = -7.0
# Of a level; zero has no logarithm.
_LEAST_SHARE = 1e-37


class Mixture(NamedTuple):
    """The mixtures of pixels, of `k` components each, for `c` channels.

    Attributes:
        log_weights: `[..., k]`; of the components, up to a constant.
        means: `[..., k]` for each channel; where those before it are 0.
        log_scales: `[..., k]` for each channel.
        slopes: `[..., k]` for each pair of an earlier and a later channel, by which the latter's
            mean moves with the former's value.
    """

    log_weights: keras.KerasTensor
    means: list[keras.KerasTensor]
    log_scales: list[keras.KerasTensor]
    slopes: dict[tuple[int, int], keras.KerasTensor]


def count_parameters(channels: int, components: int) -> int:
    """Says how many numbers make the mixture of a pixel."""
    return components * (1 + 2 * channels + channels * (channels - 1) // 2)


def initial_bias(channels: int, components: int) -> np.ndarray:
    """Gives parameters whose components lie evenly over all levels, float32 `[parameters]`."""
    bias = np.zeros([count_parameters(channels, components) // components, components])
    bias[1 : 1 + channels] = np.linspace(-1, 1, components)
    bias[1 + channels : 1 + 2 * channels] = math.log(1 / components)
    return bias.reshape(-1).astype(np.float32)


def split(parameters: keras.KerasTensor, channels: int) -> Mixture:
    """Takes the parameters of pixels apart.

    Args:
        parameters: float32 `[..., parameters]`, see `count_parameters`.
        channels: Of a pixel.
    """
    components = parameters.shape[-1] // count_parameters(channels, 1)
    parts = ops.split(parameters, parameters.shape[-1] // components, axis=-1)
    pairs = [(before, later) for later in range(channels) for before in range(later)]
    return Mixture(
        log_weights=parts[0],
        means=parts[1 : 1 + channels],
        log_scales=[
            ops.maximum(part, _LEAST_LOG_SCALE) for part in parts[1 + channels : 1 + 2 * channels]
        ],
        slopes={
            pair: ops.tanh(part)
            for pair, part in zip(pairs, parts[1 + 2 * channels :], strict=True)
        },
    )


def log_likelihood(parameters: keras.KerasTensor, image: keras.KerasTensor) -> keras.KerasTensor:
    """Computes how likely the values of pixels are, those of a pixel together.

    Args:
        parameters: float32 `[..., parameters]`.
        image: Integers `[..., channels]`, 0 to 255.

    Returns:
        Nats, float32 `[...]`.
    """
    channels = image.shape[-1]
    mixture = split(parameters, channels)
    values = [ops.cast(image[..., channel], "float32") for channel in range(channels)]
    log_weights = mixture.log_weights
    for channel, value in enumerate(values):
        log_weights = weigh(mixture, log_weights, values[:channel], value)
    return ops.logsumexp(log_weights, axis=-1) - ops.logsumexp(mixture.log_weights, axis=-1)


def weigh(
    mixture: Mixture,
    log_weights: keras.KerasTensor,
    before: list[keras.KerasTensor],
    value: keras.KerasTensor,
) -> keras.KerasTensor:
    """Weighs the components anew once a channel's value is known.

    Args:
        mixture: Of the pixels.
        log_weights: `[..., k]`, given the channels before it.
        before: Values of these, float32 `[...]` each, 0 to 255.
        value: Of this channel, float32 `[...]`.

    Returns:
        `[..., k]`: joint with the value, not normalized.
    """
    mean, log_scale = _condition(mixture, before)
    return log_weights + _log_mass(value[..., None], mean, log_scale)


def level_logits(
    mixture: Mixture, log_weights: keras.KerasTensor, before: list[keras.KerasTensor]
) -> keras.KerasTensor:
    """Computes the logarithms of all levels' probabilities in a channel, given those before it.

    Args:
        mixture: Of the pixels.
        log_weights: `[..., k]`, given the channels before it; see `weigh`.
        before: Values of these, float32 `[...]` each, 0 to 255.

    Returns:
        float32 `[..., 256]`.
    """
    # As `_log_mass`, but in sigmoids and one product of matrices: a sampler does this for every
    # value that it draws, and what is less likely than float32 can say, it never draws.
    mean, log_scale = _condition(mixture, before)
    inverse = ops.exp(-log_scale)[..., None]
    centre = (_scale(ops.arange(LEVELS, dtype="float32")) - mean[..., None]) * inverse
    reach = _HALF_STEP * inverse
    below_upper, above_lower = ops.sigmoid(centre + reach), ops.sigmoid(reach - centre)
    within = below_upper * above_lower * -ops.expm1(-2 * reach)
    masses = ops.concatenate(
        [below_upper[..., :1], within[..., 1:-1], above_lower[..., -1:]], axis=-1
    )  # [..., k, 256]
    weights = ops.softmax(log_weights, axis=-1)[..., None, :]
    return ops.log(ops.maximum(ops.matmul(weights, masses)[..., 0, :], _LEAST_SHARE))


def all_level_logits(parameters: keras.KerasTensor, image: keras.KerasTensor) -> keras.KerasTensor:
    """Computes `level_logits` of every channel, each given the true values of those before it.

    Args:
        parameters: float32 `[..., parameters]`.
        image: Integers `[..., channels]`, 0 to 255.

    Returns:
        float32 `[..., channels, 256]`.
    """
    channels = image.shape[-1]
    mixture = split(parameters, channels)
    values = [ops.cast(image[..., channel], "float32") for channel in range(channels)]
    log_weights, logits = mixture.log_weights, []
    for channel, value in enumerate(values):
        logits.append(level_logits(mixture, log_weights, values[:channel]))
        log_weights = weigh(mixture, log_weights, values[:channel], value)
    return ops.stack(logits, axis=-2)


def _condition(
    mixture: Mixture, before: list[keras.KerasTensor]
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Means and logarithms of scales of the channel after these, `[..., k]` each."""
    channel = len(before)
    mean = mixture.means[channel]
    for earlier, value in enumerate(before):
        mean = mean + mixture.slopes[earlier, channel] * _scale(value)[..., None]
    return mean, mixture.log_scales[channel]


def _log_mass(
    value: keras.KerasTensor, mean: keras.KerasTensor, log_scale: keras.KerasTensor
) -> keras.KerasTensor:
    """Logarithm of what of a logistic distribution falls to a level.

    With `upper` and `lower` the standardized ends of the level, the difference of the distribution
    function at both is sigmoid(upper) sigmoid(-lower) (1 - exp(lower - upper)), no factor of which
    is a difference of numbers that nearly agree. At level 0 only the first factor is left, at level
    255 only the second.
    """
    inverse = ops.exp(-log_scale)
    centre = (_scale(value) - mean) * inverse
    reach = _HALF_STEP * inverse
    below_upper = ops.log_sigmoid(centre + reach)
    above_lower = ops.log_sigmoid(reach - centre)
    between = below_upper + above_lower + ops.log(-ops.expm1(-2 * reach))
    within_and_below = ops.where(value > 0.5, between, below_upper)
    return ops.where(value > LEVELS - 1.5, above_lower, within_and_below)


def _scale(value: keras.KerasTensor) -> keras.KerasTensor:
    return value / 127.5 - 1.0
