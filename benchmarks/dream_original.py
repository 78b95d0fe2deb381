"""deep_dream as the served graph does it, and as the original exercise did, on the same picture.

    python benchmarks/dream_original.py
    python benchmarks/dream_original.py --backbone inception_v3 --side 512 --rounds 1

The original way, written anew from its description: a frozen graph; at each step NumPy shifts the
picture at random and cuts it into tiles of 512 pixels, whose gradients a session computes, one call
for each; NumPy takes the step. Both have the same network with random weights, objective, start,
iterations and size of a step, at one size, whose side is whole tiles: where it is not, the original
leaves out what is less than half a tile. Tiles begin at the same places, so that both arrive at the
same picture but for rounding, which is looked at. They run in turns.
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
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from told import tell_figure

from modules.common.models.backbone_specs import BACKBONES
from modules.common.models.backbones import build_backbone, choose_stages
from modules.deep_dream import dream
from modules.deep_dream.layers import choose_layers, parse_layers
from modules.deep_dream.task import STEP, TASK

# Mean of the pixels, in grey levels, of 255.
_MOST_GAP = 0.05

Way = Callable[[np.ndarray], np.ndarray]


def choose_network(backbone: str) -> tuple[keras.Model, list[float]]:
    """Builds a backbone with random weights, up to the layers that are usual; and their weights."""
    network = build_backbone(backbone, "random", seed=1)
    usual = choose_layers(TASK.resolve({"backbone": backbone}))
    names = list(network.output)
    chosen = dict(zip(names, parse_layers(usual, names), strict=True))
    chosen = {name: weight for name, weight in chosen.items() if weight}
    return choose_stages(network, list(chosen)), list(chosen.values())


def seeds_way(network: keras.Model, layer_weights: list[float], iterations: int) -> Way:
    """Prepares the original way.

    Args:
        network: Pictures to feature maps.
        layer_weights: Of the maps, in order.
        iterations: Steps.

    Returns:
        What dreams a picture, float32 `[side, side, 3]`.
    """
    v1 = tf.compat.v1

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([1, None, None, 3])])
    def maps(pictures: tf.Tensor) -> list[tf.Tensor]:
        return list(network(pictures, training=False).values())

    frozen = convert_variables_to_constants_v2(maps.get_concrete_function())
    graph = tf.Graph()
    with graph.as_default():
        given = v1.placeholder(tf.float32, [1, None, None, 3])
        found = tf.import_graph_def(
            frozen.graph.as_graph_def(),
            {frozen.inputs[0].op.name: given},
            [output.name for output in frozen.outputs],
        )
        score = tf.add_n(
            [
                weight * tf.reduce_mean(tf.square(values))
                for weight, values in zip(layer_weights, found, strict=True)
            ]
        )
        [slope] = tf.gradients(score, given)
    session = v1.Session(graph=graph)

    def dreamt(picture: np.ndarray) -> np.ndarray:
        for number in range(iterations):
            # As the served graph draws them, so that both see the same tiles.
            place = tf.random.stateless_uniform([2], [0, number]).numpy()
            shift = -(place * len(picture)).astype(int)
            shifted = np.roll(picture, shift, (0, 1))
            gradient = np.zeros_like(shifted)
            for top in range(0, len(shifted), dream.TILE_PX):
                for left in range(0, len(shifted), dream.TILE_PX):
                    place = np.s_[top : top + dream.TILE_PX, left : left + dream.TILE_PX]
                    gradient[place] = session.run(slope, {given: shifted[place][None]})[0]
            gradient = np.roll(gradient, -shift, (0, 1))
            picture = np.clip(picture + STEP * gradient / (np.abs(gradient).mean() + 1e-7), 0, 255)
        return picture

    return dreamt


def graphs_way(
    network: keras.Model, layer_weights: list[float], iterations: int, min_px: int
) -> Way:
    """Prepares what is served; see `seeds_way`."""
    recipe = dream.Recipe(
        layer_weights=tf.constant(layer_weights),
        channel=tf.constant(-1, tf.int64),
        octaves=tf.constant(1, tf.int64),
        octave_scale=tf.constant(1.4),
        iterations=tf.constant(iterations, tf.int64),
        step=tf.constant(STEP),
        seed=tf.constant(0, tf.int64),
    )

    def rise_of(tiles: tf.Tensor) -> dream.Rise:
        return dream.rise(
            lambda seen: network(seen, training=False), tiles, recipe.layer_weights, recipe.channel
        )

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, None, 3])])
    def dreamt(picture: tf.Tensor) -> tf.Tensor:
        return dream.dream(rise_of, picture, recipe, min_px)[0]

    return lambda picture: dreamt(tf.constant(picture)).numpy()


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="squeezenet")
    parser.add_argument("--side", type=int, default=1024, help="pixels, whole tiles of 512")
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if given.side % dream.TILE_PX:
        parser.error(f"--side: expected a multiple of {dream.TILE_PX}, found {given.side}")
    network, weights = choose_network(given.backbone)
    min_px = BACKBONES[given.backbone].min_px
    picture = tf.random.stateless_uniform([given.side] * 2 + [3], (0, 0), 0.0, 255.0).numpy()
    ways = {
        "graph": graphs_way(network, weights, given.iterations, min_px),
        "seed": seeds_way(network, weights, given.iterations),
    }
    for way in ways.values():
        way(picture[: dream.TILE_PX, : dream.TILE_PX])
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    answers = {}
    for _ in range(given.rounds):
        for name, way in ways.items():
            began = time.perf_counter(), time.process_time()
            answers[name] = way(picture)
            took = time.perf_counter() - began[0], time.process_time() - began[1]
            spent[name].append(took)
    gap = np.abs(answers["graph"] - answers["seed"]).mean()
    if gap > _MOST_GAP:
        raise SystemExit(f"expected the same picture of both, found {gap:.3g} grey levels between")
    print(f"mean difference of the pictures: {gap:.2g} grey levels")
    print("way    seconds  processor")
    for name, took in spent.items():
        elapsed_s, processor_s = (statistics.median(each) for each in zip(*took, strict=True))
        print(f"{name:6} {elapsed_s:7.2f}  {processor_s:9.2f}")
    for place, name in enumerate(("elapsed", "processor")):
        ratios = [
            seed[place] / graph[place]
            for seed, graph in zip(spent["seed"], spent["graph"], strict=True)
        ]
        tell_figure(name, statistics.median(ratios))


if __name__ == "__main__":
    main()
