"""How good seq2seq_chatbot's models are after the same processor time, on the data of a run.

    python benchmarks/chatbot_models.py lianxi_runs/smoke --seconds 20 --set dropout=0.1
    python benchmarks/chatbot_models.py lianxi_runs --seconds 900 --model transformer \
        --set learning_rate=0.001

The learning rate rises over the first 5 % of the time and falls to zero as a cosine. What is
evaluated is a tenth of the questions of the training split, that are not trained on: to choose by.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import keras
import tensorflow as tf
import tensorflow_transform as tft
from equal_time import TimeLimit, latest

from modules.common.graph.tensors import Tensors
from modules.common.training import precision
from modules.common.training.input_pipeline import Split
from modules.seq2seq_chatbot.model import build_model
from modules.seq2seq_chatbot.task import TASK, Settings

_FOLDS = 10


def fold(batches: tf.data.Dataset, is_trained_on: bool) -> tf.data.Dataset:
    """Gives the examples of each batch that are trained on, or the rest, by their question."""

    def part(features: Tensors, reply: tf.Tensor) -> tuple[Tensors, tf.Tensor]:
        ended = tf.pad(features["question"], [(0, 0), (0, 1)])
        text = tf.strings.reduce_join(tf.strings.as_string(ended), axis=1, separator=" ")
        # However much fills the batch up.
        text = tf.strings.regex_replace(text, "( 0)+$", "")
        is_in = (tf.strings.to_hash_bucket_fast(text, _FOLDS) != 0) == is_trained_on
        kept = {name: tf.boolean_mask(values, is_in) for name, values in features.items()}
        return kept, tf.boolean_mask(reply, is_in)

    parts = batches.map(part, num_parallel_calls=1, deterministic=True)
    return parts.filter(lambda _, reply: tf.shape(reply)[0] > 0)


def measure(transform: Path, settings: Settings, seconds: float) -> str:
    """Trains a model, and says how good it is."""
    output = tft.TFTransformOutput(str(latest(transform / "transform_graph")))
    examples = latest(transform / "transformed_examples") / "Split-train" / "*"
    split = Split([str(examples)], output, TASK, settings)
    keras.utils.set_random_seed(settings.seed)
    with precision.dtype_policy(precision.training_policy(settings)):
        model = build_model(settings, output)
    limit = TimeLimit(settings.learning_rate, seconds)
    batches = fold(split.batches(settings.batch_size, settings.seed), is_trained_on=True)
    model.fit(batches.repeat(), epochs=1, verbose=0, callbacks=[limit])
    held_out = fold(split.batches(settings.batch_size), is_trained_on=False)
    told = model.evaluate(held_out, verbose=0, return_dict=True)
    epochs = limit.steps * settings.batch_size / split.examples
    return f"perplexity {told['perplexity']:.3f} after {epochs:.1f} epochs"


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "root", type=Path, help="folder of the runs: lianxi_runs, or lianxi_runs/smoke"
    )
    parser.add_argument("--seconds", type=float, default=60, help="of processor time, each")
    parser.add_argument("--model", choices=("lstm", "transformer"), action="append")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    for model in given.model or ("lstm", "transformer"):
        settings = TASK.resolve(
            {**dict(each.split("=", 1) for each in given.set), "model": model},
            smoke=given.root.name == "smoke",
        )
        transform = given.root / "pipelines" / TASK.name / "Transform"
        print(f"{model}: {measure(transform, settings, given.seconds)}", flush=True)


if __name__ == "__main__":
    main()
