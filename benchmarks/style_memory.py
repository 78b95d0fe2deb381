"""Memory and time that audio_style_transfer takes, by the length of the content, and whole.

    python benchmarks/style_memory.py
    python benchmarks/style_memory.py --one 30 --filters 512 --piece-seconds 10

Each length is worked on in a process of its own, whose peak of resident memory is taken when a
short sound was, and again after. In one piece all frames' features are held at once. `--one`
measures one, as a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

SECONDS = (10, 30, 60)
_SHORT_S = 1.0


def measure(
    seconds: float, filters: int, piece_seconds: float, iterations: int
) -> dict[str, float]:
    """Changes one sound.

    Args:
        seconds: Its length.
        filters: Of the network.
        piece_seconds: Length of a piece.
        iterations: Of L-BFGS, for each piece.

    Returns:
        `before_mb`, the peak of resident memory with a second of sound; `mb`, by how much it grew;
        `seconds`.
    """
    import numpy as np
    import tensorflow as tf

    from modules.audio_style_transfer import transfer
    from modules.audio_style_transfer.model import build_model
    from modules.audio_style_transfer.task import CONTENT_WEIGHT, TASK
    from modules.common.training import precision

    settings = TASK.resolve({"filters": filters, "piece_seconds": piece_seconds})
    layer, sizes = build_model(settings, None).get_layer("filters"), transfer.Sizes.of(settings)
    is_mixed = precision.training_policy(settings) == "mixed_bfloat16"
    dtype = tf.bfloat16 if is_mixed else tf.float32

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None])] * 2)
    def change_style(content: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
        network = layer.network(dtype)
        target = transfer.style_of(network, sizes, style)
        weight, count = tf.constant(CONTENT_WEIGHT), tf.constant(iterations)
        answer = transfer.apply_style(network, sizes, content, target, weight, count)
        found = transfer.measure_losses(network, sizes, answer, target, content)
        with tf.control_dependencies(list(found)):
            return tf.identity(answer)

    rate_hz = settings.sample_rate_hz
    rng = np.random.default_rng(1)
    style = (0.1 * rng.standard_normal(5 * rate_hz)).astype(np.float32)

    def run(length_s: float) -> None:
        time_s = np.arange(int(length_s * rate_hz)) / rate_hz
        sound = np.sin(2 * np.pi * 440 * time_s) * np.exp(-5 * (time_s % 0.25))
        change_style(tf.constant(0.5 * sound, tf.float32), tf.constant(style)).numpy()

    run(_SHORT_S)
    before = _peak_mb()
    began = time.perf_counter()
    run(seconds)
    return {
        "before_mb": before,
        "mb": _peak_mb() - before,
        "seconds": time.perf_counter() - began,
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def measure_apart(
    seconds: float, filters: int, piece_seconds: float, iterations: int
) -> dict[str, float]:
    """Measures in a process of its own; see `measure`."""
    options = ["--filters", filters, "--piece-seconds", piece_seconds, "--iterations", iterations]
    process = subprocess.run(
        [sys.executable, __file__, "--one", str(seconds), *map(str, options)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filters", type=int, default=4096)
    parser.add_argument("--piece-seconds", type=float, default=10.0)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--one", metavar="SECONDS", type=float, help="measure this length alone")
    given = parser.parse_args()
    settings = (given.filters, given.piece_seconds, given.iterations)
    if given.one:
        print(json.dumps(measure(given.one, *settings)))
        return
    print("length   pieces of   before   growth    time")
    for seconds in SECONDS:
        for piece_seconds in (given.piece_seconds, float(seconds)):
            found = measure_apart(seconds, given.filters, piece_seconds, given.iterations)
            print(
                f"{seconds:4} s {piece_seconds:9g} s {found['before_mb']:5.0f} MB "
                f"{found['mb']:5.0f} MB {found['seconds']:5.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
