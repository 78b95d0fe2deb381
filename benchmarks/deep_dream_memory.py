"""Memory and time that deep_dream takes, by the size of the picture, in tiles and without.

    python benchmarks/deep_dream_memory.py
    python benchmarks/deep_dream_memory.py --backbone squeezenet --weights FILE.h5
    python benchmarks/deep_dream_memory.py --one 2000x1500 --tile-px 512

Each size is dreamt in a process of its own, whose peak of resident memory is taken before, when a
picture of one small tile has been dreamt, and after. `--one` measures one, as a line of JSON.
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

SIZES = ("500x375", "1000x750", "2000x1500")
WHOLE_PX = 100_000


def measure(size: str, backbone: str, weights: str, tile_px: int, steps: int) -> dict[str, float]:
    """Dreams one picture at its own size.

    Args:
        size: `WIDTHxHEIGHT`, in pixels.
        backbone: As `build_backbone` takes it.
        weights: Likewise.
        tile_px: Longest side of a tile.
        steps: How many.

    Returns:
        `mb`, by how much the peak of resident memory grew; `picture_mb`, what the picture takes as
        floats; and `seconds` of a step.
    """
    import tensorflow as tf

    from modules.common.models.backbone_specs import BACKBONES
    from modules.common.models.backbones import build_backbone, choose_stages
    from modules.deep_dream import dream
    from modules.deep_dream.layers import choose_layers, parse_layers
    from modules.deep_dream.task import TASK

    network = build_backbone(backbone, weights, seed=1)
    usual = choose_layers(TASK.resolve({"backbone": backbone}))
    names = list(network.output)
    chosen = dict(zip(names, parse_layers(usual, names), strict=True))
    chosen = {name: weight for name, weight in chosen.items() if weight}
    network = choose_stages(network, list(chosen))
    recipe = dream.Recipe(
        layer_weights=tf.constant(list(chosen.values())),
        channel=tf.constant(-1, tf.int64),
        octaves=tf.constant(1, tf.int64),
        octave_scale=tf.constant(1.4),
        iterations=tf.constant(steps, tf.int64),
        step=tf.constant(1.5),
        seed=tf.constant(0, tf.int64),
    )

    def rise_of(tiles: tf.Tensor) -> dream.Rise:
        return dream.rise(
            lambda seen: network(seen, training=False), tiles, recipe.layer_weights, recipe.channel
        )

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, None, 3])])
    def dreamt(picture: tf.Tensor) -> tf.Tensor:
        return dream.dream(rise_of, picture, recipe, BACKBONES[backbone].min_px, tile_px)[0]

    width, height = (int(side) for side in size.split("x"))
    dreamt(tf.random.stateless_uniform([96, 96, 3], (0, 0), 0.0, 255.0))
    before = _peak_mb()
    picture = tf.random.stateless_uniform([height, width, 3], (0, 0), 0.0, 255.0)
    began = time.perf_counter()
    dreamt(picture).numpy()
    return {
        "mb": _peak_mb() - before,
        "picture_mb": height * width * 3 * 4 / 1e6,
        "seconds": (time.perf_counter() - began) / steps,
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def measure_apart(size: str, backbone: str, weights: str, tile_px: int) -> dict[str, float]:
    """Measures in a process of its own; see `measure`."""
    options = ["--backbone", backbone, "--weights", weights, "--tile-px", str(tile_px)]
    process = subprocess.run(
        [sys.executable, __file__, "--one", size, *options],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="tiny")
    parser.add_argument("--weights", default="", help="path, or `random`")
    parser.add_argument("--tile-px", type=int, default=512)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--one", metavar="WIDTHxHEIGHT", help="measure this size alone")
    given = parser.parse_args()
    if given.one:
        options = (given.backbone, given.weights, given.tile_px, given.steps)
        print(json.dumps(measure(given.one, *options)))
        return
    print("size        tiles    memory   picture   a step")
    for size in SIZES:
        for name, tile_px in ((f"{given.tile_px} px", given.tile_px), ("whole", WHOLE_PX)):
            found = measure_apart(size, given.backbone, given.weights, tile_px)
            print(
                f"{size:11} {name:7} {found['mb']:5.0f} MB  {found['picture_mb']:5.0f} MB  "
                f"{found['seconds']:5.2f} s"
            )


if __name__ == "__main__":
    main()
