"""Style transfer as the served graph does it, and as the original exercise did, on the same clips.

    python benchmarks/style_original.py CONTENT STYLE
    python benchmarks/style_original.py CONTENT STYLE --seconds 3 --filters 512 --iterations 50

The original way, written anew from its description: ten seconds; one session for the features of
both clips and a second one for the loss, `conv2d` over `[1, 11, bins, filters]`, gradients by
differentiation; SciPy's L-BFGS, which takes and gives NumPy arrays of doubles at every step, from
the content, on log magnitudes that may be negative; phases by librosa's Griffin-Lim, 500 rounds.
Both take the same filters, content weight, start and iterations. Losses
are those of the sound, in parentheses over that of the content as it was.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import NamedTuple

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import librosa
import numpy as np
import scipy.optimize
import tensorflow as tf
from told import tell_figure

from modules.audio_style_transfer import network as networks
from modules.audio_style_transfer import transfer
from modules.audio_style_transfer.model import build_model
from modules.audio_style_transfer.network import WIDTH_FRAMES, Network
from modules.audio_style_transfer.task import CONTENT_WEIGHT, TASK
from modules.common.training import precision

SEED_PHASE_ROUNDS = 500


class Outcome(NamedTuple):
    """What one way gave.

    Attributes:
        samples: The sound, float32 `[n]`.
        seconds: All of it.
        optimizing_s: Of these, until magnitudes were there, or nan where that is not told apart.
        evaluations: Of loss and gradient, or 0 likewise.
    """

    samples: np.ndarray
    seconds: float
    optimizing_s: float
    evaluations: int


def seeds_way(content: np.ndarray, style: np.ndarray, network: Network, iterations: int) -> Outcome:
    """Transfers as the original did.

    Args:
        content: Samples, float32 `[n]`.
        style: Likewise, as many.
        network: Filters, float32.
        iterations: Of L-BFGS.
    """
    v1, hop = tf.compat.v1, network.hop
    bins, filters = network.bins, network.filters
    kernel = network.kernel.numpy().reshape(1, WIDTH_FRAMES, bins, filters)
    began = time.perf_counter()
    seen = [
        np.log1p(np.abs(librosa.stft(sound, n_fft=2 * (bins - 1), hop_length=hop))).T[None, None]
        for sound in (content, style)
    ]
    with tf.Graph().as_default(), v1.Session() as session:
        given = v1.placeholder(tf.float32, seen[0].shape)
        values = tf.nn.relu(tf.nn.conv2d(given, kernel, strides=1, padding="VALID"))
        wanted, of_style = (session.run(values, {given: each}) for each in seen)
    rows = of_style.reshape(-1, filters)
    gram = rows.T @ rows / len(rows)
    counter = [0]
    with tf.Graph().as_default(), v1.Session() as session:
        given = v1.placeholder(tf.float32, seen[0].shape)
        values = tf.nn.relu(tf.nn.conv2d(given, kernel, strides=1, padding="VALID"))
        flat = tf.reshape(values, [-1, filters])
        found = tf.matmul(flat, flat, transpose_a=True) / len(rows)
        share = network.content_frames / len(rows)
        loss = tf.reduce_sum(tf.square(found - gram))
        loss += CONTENT_WEIGHT * share * tf.reduce_sum(tf.square(values - wanted))
        [slope] = tf.gradients(loss, given)

        def evaluate(point: np.ndarray) -> tuple[float, np.ndarray]:
            counter[0] += 1
            value, gradient = session.run([loss, slope], {given: point.reshape(seen[0].shape)})
            return float(value), gradient.ravel().astype(np.float64)

        start = seen[0].ravel().astype(np.float64)
        least, _, _ = scipy.optimize.fmin_l_bfgs_b(
            evaluate, start, maxiter=iterations, maxfun=100 * iterations
        )
    optimizing_s = time.perf_counter() - began
    magnitudes = np.expm1(np.maximum(least.reshape(seen[0].shape)[0, 0], 0)).T
    samples = librosa.griffinlim(
        magnitudes, n_iter=SEED_PHASE_ROUNDS, hop_length=hop, length=len(content), random_state=0
    )
    return Outcome(
        samples.astype(np.float32), time.perf_counter() - began, optimizing_s, counter[0]
    )


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("content", help="path of a recording")
    parser.add_argument("style", help="path of another")
    parser.add_argument("--seconds", type=float, default=10.0, help="of the middle of each")
    parser.add_argument("--filters", type=int, default=4096)
    parser.add_argument("--n-fft", type=int, default=2048)
    parser.add_argument("--iterations", type=int, nargs="+", default=[300])
    parser.add_argument("--skip-seed", action="store_true", help="the graph's way alone")
    given = parser.parse_args()
    settings = TASK.resolve({"filters": given.filters, "n_fft": given.n_fft})
    layer = build_model(settings, None).get_layer("filters")
    sizes, rate_hz = transfer.Sizes.of(settings), settings.sample_rate_hz
    content, style = (middle(path, given.seconds, rate_hz) for path in (given.content, given.style))
    fine = layer.network()
    target = transfer.style_of(fine, sizes, tf.constant(style))

    def read_heard(samples: np.ndarray) -> networks.Losses:
        return transfer.measure_losses(
            fine, sizes, tf.constant(samples), target, tf.constant(content)
        )

    before, style_clip = read_heard(content), read_heard(style)
    print(f"content as it is: style loss {float(before.style):.4g}")
    print(f"the style clip:   content loss {float(style_clip.content):.4g}")
    print("way         iterations   seconds  style loss heard   content loss heard")
    is_mixed = precision.training_policy(settings) == "mixed_bfloat16"
    dtype = tf.bfloat16 if is_mixed else tf.float32

    @tf.function(autograph=False)
    def graphs_way(sound: tf.Tensor, other: tf.Tensor, iterations: tf.Tensor) -> tf.Tensor:
        network = layer.network(dtype)
        target = transfer.style_of(network, sizes, other)
        weight = tf.constant(CONTENT_WEIGHT)
        return transfer.apply_style(network, sizes, sound, target, weight, iterations)

    graphs_way(tf.constant(content), tf.constant(style), tf.constant(1))
    for iterations in given.iterations:
        began = time.perf_counter()
        samples = graphs_way(
            tf.constant(content), tf.constant(style), tf.constant(iterations)
        ).numpy()
        seconds = time.perf_counter() - began
        tell("graph", iterations, seconds, read_heard(samples), before)
        if not given.skip_seed:
            outcome = seeds_way(content, style, fine, iterations)
            tell("seed", iterations, outcome.seconds, read_heard(outcome.samples), before)
            print(
                f"            {outcome.evaluations} evaluations, {outcome.optimizing_s:.1f} s "
                f"until the phases"
            )
            tell_figure(f"{iterations} iterations", outcome.seconds / seconds)
        sys.stdout.flush()


def middle(path: str, seconds: float, rate_hz: int) -> np.ndarray:
    """Reads the middle of a recording; float32 `[n]`."""
    samples, _ = librosa.load(path, sr=rate_hz)
    count = min(int(seconds * rate_hz), len(samples))
    begin = (len(samples) - count) // 2
    return samples[begin : begin + count]


def tell(
    way: str, iterations: int, seconds: float, found: networks.Losses, before: networks.Losses
) -> None:
    """Prints a line of the table."""
    style, content = float(found.style), float(found.content)
    ratio = style / float(before.style)
    print(f"{way:11} {iterations:10} {seconds:9.1f}  {style:8.4g} ({ratio:.3f})  {content:12.4g}")


if __name__ == "__main__":
    main()
