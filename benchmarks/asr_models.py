"""How well chinese_asr's network and a Conformer read after the same processor time.

    python benchmarks/asr_models.py lianxi_runs/smoke --seconds 60
    python benchmarks/asr_models.py lianxi_runs --seconds 600 --model conformer --rate 0.002

The data are of a run's; the learning rate rises over the first 5 % of the time and falls to zero as
a cosine. What is evaluated is a tenth of the sentences of the training split, that are not trained
on, and read along the likeliest path: to choose by.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import conformer
import keras
import tensorflow as tf
import tensorflow_transform as tft
from equal_time import TimeLimit, latest

from modules.chinese_asr import model as wavenet
from modules.chinese_asr.augment import spec_augment
from modules.chinese_asr.features import VOCABULARY
from modules.chinese_asr.task import TASK, Settings
from modules.common.graph.tensors import Tensors
from modules.common.training import precision
from modules.common.training.input_pipeline import Split

_FOLDS = 10
_RATES = {"wavenet": 4e-3, "conformer": 1e-3}


def fold(batches: tf.data.Dataset, is_trained_on: bool) -> tf.data.Dataset:
    """Gives the examples of each batch that are trained on, or the rest, by their sentence."""

    def part(features: Tensors, characters: tf.Tensor) -> tuple[Tensors, tf.Tensor]:
        own = tf.ragged.boolean_mask(characters, characters > 0)
        text = tf.strings.reduce_join(tf.strings.as_string(own), axis=1, separator=" ")
        is_in = (tf.strings.to_hash_bucket_fast(text, _FOLDS) != 0) == is_trained_on
        kept = {name: tf.boolean_mask(values, is_in) for name, values in features.items()}
        return kept, tf.boolean_mask(characters, is_in)

    parts = batches.map(part, num_parallel_calls=1, deterministic=True)
    return parts.filter(lambda _, characters: tf.shape(characters)[0] > 0)


def build(name: str, settings: Settings, classes: int, rate: float) -> keras.Model:
    """Builds and compiles a model by its name."""
    if name == "wavenet":
        model = wavenet.build(settings, classes)
    else:
        units = settings.channels
        model = conformer.build(settings, classes, units, blocks=2 * settings.blocks)
    model.compile(
        optimizer=keras.optimizers.Adam(rate, clipnorm=settings.clip_norm),
        loss=wavenet.ctc_loss,
        metrics=[keras.metrics.MeanMetricWrapper(wavenet.greedy_cer, name="cer")],
        jit_compile=False,
    )
    return model


def measure(name: str, transform: Path, settings: Settings, rate: float, seconds: float) -> str:
    """Trains a model, and says how well it reads."""
    output = tft.TFTransformOutput(str(latest(transform / "transform_graph")))
    examples = latest(transform / "transformed_examples") / "Split-train" / "*"
    split = Split([str(examples)], output, TASK, settings)
    keras.utils.set_random_seed(settings.seed)
    with precision.dtype_policy(precision.training_policy(settings)):
        model = build(name, settings, output.vocabulary_size_by_name(VOCABULARY) + 2, rate)
    limit = TimeLimit(rate, seconds)
    batches = fold(split.batches(settings.batch_size, settings.seed), is_trained_on=True)
    heard = batches.map(lambda features, label: spec_augment(features, label, settings))
    model.fit(heard.repeat(), epochs=1, verbose=0, callbacks=[limit])
    held_out = fold(split.batches(settings.eval_batch_size), is_trained_on=False)
    told = model.evaluate(held_out, verbose=0, return_dict=True)
    epochs = limit.steps * settings.batch_size / split.examples
    return (
        f"{model.count_params():,} weights, {100 * told['cer']:.2f} % of characters wrong, "
        f"loss {told['loss']:.4f}, after {epochs:.1f} epochs"
    )


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "root", type=Path, help="folder of the runs: lianxi_runs, or lianxi_runs/smoke"
    )
    parser.add_argument("--seconds", type=float, default=60, help="of processor time, each")
    parser.add_argument("--model", choices=tuple(_RATES), action="append")
    parser.add_argument("--rate", type=float, help="highest learning rate; else each one's own")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    settings = TASK.resolve(
        dict(each.split("=", 1) for each in given.set), smoke=given.root.name == "smoke"
    )
    transform = given.root / "pipelines" / TASK.name / "Transform"
    for name in given.model or _RATES:
        rate = given.rate or _RATES[name]
        told = measure(name, transform, settings, rate, given.seconds)
        print(f"{name}, learning rate {rate:g}: {told}", flush=True)


if __name__ == "__main__":
    main()
