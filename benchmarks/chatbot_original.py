"""How fast seq2seq_chatbot trains, beside a port of the original model, on the same pairs.

    python benchmarks/chatbot_original.py ../shared/data/dialogue
    python benchmarks/chatbot_original.py ../shared/data/dialogue --rounds 5 --seconds 60

The original way, written anew from its description: TensorFlow's translation tutorial of 2016. One
static graph for each bucket, every step of it unrolled, all sharing their weights; every batch
filled up to its bucket, a placeholder for each step; three layers of 256 GRU units; the question
reversed, its filling before it and unmasked; additive attention, asked by the states of all
layers, fed to the next step; sampled softmax of 512; clipping at 5; plain gradient descent.

Both train in turns in one process, on batches as each of them makes them. A step is a batch: 64
pairs for the original, `batch_size` for the task. Characters are those of the replies, no filling
and no end among them; they are also given for a second of the processor's time, of which all cores'
seconds are the sum and other work takes none. The original leaves out pairs that fit no bucket.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import keras
import numpy as np
import tensorflow as tf
from told import tell_figure

from components.example_gen.dialogue.example_gen import Executor
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record
from modules.common.training import precision
from modules.common.training.input_pipeline import Split
from modules.seq2seq_chatbot.model import build_model
from modules.seq2seq_chatbot.task import TASK, Settings

v1 = tf.compat.v1
BUCKETS = ((5, 10), (10, 15), (20, 25), (40, 50))
BATCH, UNITS, LAYERS, SAMPLED, VOCABULARY = 64, 256, 3, 512, 5000
LEARNING_RATE, CLIP_NORM = 0.5, 5.0
PAD, GO, END, UNKNOWN = range(4)

Pairs = list[tuple[str, str]]


class Cell:
    """A GRU, as it was then: one product for both gates, one for the candidate."""

    def __init__(self, name: str) -> None:
        """Makes the weights."""
        self._gates = dense(f"{name}_gates", 2 * UNITS, UNITS * 2, bias=1.0)
        self._candidate = dense(f"{name}_candidate", 2 * UNITS, UNITS)

    def __call__(self, inputs: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        """Gives the next state, float32 `[batch, units]`."""
        reset, update = tf.split(tf.sigmoid(self._gates(tf.concat([inputs, state], 1))), 2, 1)
        candidate = tf.tanh(self._candidate(tf.concat([inputs, reset * state], 1)))
        return update * state + (1 - update) * candidate


def dense(
    name: str, inputs: int, outputs: int, bias: float = 0.0
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Makes a linear layer."""
    kernel = v1.get_variable(f"{name}_kernel", [inputs, outputs])
    offset = v1.get_variable(f"{name}_bias", initializer=tf.fill([outputs], bias))
    return lambda values: tf.matmul(values, kernel) + offset


def stack(
    cells: list[Cell], inputs: tf.Tensor, states: list[tf.Tensor]
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """One step of all layers: what the last gives, and all states."""
    after = []
    for cell, state in zip(cells, states, strict=True):
        inputs = cell(inputs, state)
        after.append(inputs)
    return inputs, after


class SeedModel:
    """The original exercise's model: weights, and a loss and an update for each bucket."""

    def __init__(self, symbols: int) -> None:
        """Builds all buckets in the default graph."""
        self._symbols = symbols
        self._read = v1.get_variable("read", [symbols, UNITS])
        self._said = v1.get_variable("said", [symbols, UNITS])
        self._encoder = [Cell(f"encoder_{layer}") for layer in range(LAYERS)]
        self._decoder = [Cell(f"decoder_{layer}") for layer in range(LAYERS)]
        self._looked_at = v1.get_variable("looked_at", [1, 1, UNITS, UNITS])
        self._fit = v1.get_variable("fit", [UNITS])
        self._asks = dense("asks", LAYERS * UNITS, UNITS)
        self._fed = dense("fed", 2 * UNITS, UNITS)
        self._told = dense("told", 2 * UNITS, UNITS)
        self._outputs = v1.get_variable("outputs", [symbols, UNITS])
        self._bias = v1.get_variable("bias", [symbols])
        longest_question, longest_reply = BUCKETS[-1]
        ids = [v1.placeholder(tf.int32, [BATCH]) for _ in range(longest_question)]
        replies = [v1.placeholder(tf.int32, [BATCH]) for _ in range(longest_reply + 1)]
        weights = [v1.placeholder(tf.float32, [BATCH]) for _ in range(longest_reply)]
        self._placeholders = (ids, replies, weights)
        self._losses = [self._loss(*bucket) for bucket in BUCKETS]
        self._updates = [self._update(loss) for loss in self._losses]

    def _loss(self, question_steps: int, reply_steps: int) -> tf.Tensor:
        ids, replies, weights = self._placeholders
        zeros = tf.zeros([BATCH, UNITS])
        states, memory = [zeros] * LAYERS, []
        for step in ids[:question_steps]:
            told, states = stack(self._encoder, tf.gather(self._read, step), states)
            memory.append(told)
        hidden = tf.stack(memory, axis=1)[:, :, None]
        features = tf.nn.conv2d(hidden, self._looked_at, strides=1, padding="SAME")
        seen, costs = zeros, []
        for place, step in enumerate(replies[:reply_steps]):
            fed = self._fed(tf.concat([tf.gather(self._said, step), seen], 1))
            told, states = stack(self._decoder, fed, states)
            asked = self._asks(tf.concat(states, 1))[:, None, None]
            fit = tf.reduce_sum(self._fit * tf.tanh(features + asked), [2, 3])
            seen = tf.reduce_sum(tf.nn.softmax(fit)[:, :, None, None] * hidden, [1, 2])
            output = self._told(tf.concat([told, seen], 1))
            wanted = tf.cast(replies[place + 1], tf.int64)[:, None]
            cost = tf.nn.sampled_softmax_loss(
                self._outputs, self._bias, wanted, output, SAMPLED, self._symbols
            )
            costs.append(cost * weights[place])
        return tf.reduce_mean(tf.add_n(costs) / (tf.add_n(weights[:reply_steps]) + 1e-12))

    def _update(self, loss: tf.Tensor) -> tf.Operation:
        variables = v1.trainable_variables()
        slopes, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), CLIP_NORM)
        optimizer = v1.train.GradientDescentOptimizer(LEARNING_RATE)
        return optimizer.apply_gradients(zip(slopes, variables, strict=True))

    def step(self, session: v1.Session, bucket: int, batch: list[tuple[list[int], ...]]) -> float:
        """Trains on a batch of a bucket; gives the loss."""
        question_steps, reply_steps = BUCKETS[bucket]
        questions = np.full([question_steps, BATCH], PAD)
        replies = np.full([reply_steps + 1, BATCH], PAD)
        for column, (question, reply) in enumerate(batch):
            questions[question_steps - len(question) :, column] = question[::-1]
            replies[: len(reply) + 2, column] = [GO, *reply, END]
        weights = replies[1:] != PAD
        feed: dict[tf.Tensor, np.ndarray] = {}
        for steps, rows in zip(self._placeholders, (questions, replies, weights), strict=True):
            feed.update(zip(steps, rows, strict=False))
        _, loss = session.run([self._updates[bucket], self._losses[bucket]], feed)
        return float(loss)


Step = Callable[[], tuple[int, int]]
"""Trains on a batch; gives how many pairs and characters it had."""


def seeds_way(pairs: Pairs, known: dict[str, int]) -> tuple[Step, list[Step]]:
    """Builds the port; gives what trains on a batch of a bucket of chance, and of each bucket."""
    filled: list[list[tuple[list[int], ...]]] = [[] for _ in BUCKETS]
    for pair in pairs:
        question, reply = ([known.get(char, UNKNOWN) for char in line] for line in pair)
        for place, (question_steps, reply_steps) in enumerate(BUCKETS):
            if len(question) <= question_steps and len(reply) + 1 <= reply_steps:
                filled[place].append((question, reply))
                break
    print("pairs in buckets:", ", ".join(f"{len(bucket):,}" for bucket in filled))
    with tf.Graph().as_default():
        began = time.perf_counter()
        model, session = SeedModel(len(known) + 4), v1.Session()
        session.run(v1.global_variables_initializer())
        print(f"graphs of {len(BUCKETS)} buckets: {time.perf_counter() - began:.0f} s")
    rng = np.random.default_rng(1)
    shares = np.array([len(bucket) for bucket in filled]) / sum(map(len, filled))

    def step(bucket: int | None = None) -> tuple[int, int]:
        place = int(rng.choice(len(BUCKETS), p=shares)) if bucket is None else bucket
        batch = [filled[place][n] for n in rng.integers(len(filled[place]), size=BATCH)]
        model.step(session, place, batch)
        return BATCH, sum(len(reply) for _, reply in batch)

    return step, [lambda place=place: step(place) for place in range(len(BUCKETS))]


class Vocabulary:
    """What the task asks of Transform's output, of so many characters."""

    def __init__(self, size: int) -> None:
        """Takes the number of characters."""
        self._size = size

    def vocabulary_size_by_name(self, name: str) -> int:
        """Characters that have an id of their own."""
        return self._size

    def transformed_feature_spec(self) -> dict[str, Any]:
        """Both lines are packed."""
        return {name: tf.io.FixedLenFeature([], tf.string) for name in ("question", "reply")}


def tasks_way(pairs: Pairs, known: dict[str, int], settings: Settings, folder: str) -> Step:
    """Builds the task's model and its batches, as training does; gives what trains on a batch."""
    path = f"{folder}/examples.gz"
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for pair in pairs:
            example = tf.train.Example()
            for name, line in zip(("question", "reply"), pair, strict=True):
                ids = [1 + known.get(char, len(known)) for char in line]
                packed = np.array(ids, np.int64).tobytes()
                example.features.feature[name].bytes_list.value.append(packed)
            writer.write(example.SerializeToString())
    transformed: Any = Vocabulary(len(known))
    split = Split([path], transformed, TASK, settings)
    keras.utils.set_random_seed(settings.seed)
    with precision.dtype_policy(precision.training_policy(settings)):
        model = build_model(settings, transformed)
    batches: Iterator[Any] = iter(split.batches(settings.batch_size, 1).repeat())

    def step() -> tuple[int, int]:
        features, label = next(batches)
        model.train_on_batch(features, label)
        return len(label), int(tf.math.count_nonzero(label))

    return step


def time_rounds(step: Step, seconds: float) -> np.ndarray:
    """Trains for some seconds; gives steps, pairs, characters, seconds and the processor's."""
    done = np.zeros(5)
    began, began_cpu = time.perf_counter(), time.process_time()
    while done[3] < seconds:
        done[:3] += (1, *step())
        done[3:] = time.perf_counter() - began, time.process_time() - began_cpu
    return done


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of .conv files")
    parser.add_argument("--rounds", type=int, default=4, help="in which both have their turn")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each turn")
    given = parser.parse_args()
    settings = TASK.resolve({})
    config = ReadConfig(
        task_name=TASK.name, source=TASK.sources[0], settings=settings, data_dir=str(given.data)
    )
    pairs = [
        (str(item.features["question"]), str(item.features["reply"]))
        for path in Executor.items(config, config.source.patterns)
        for item in Executor.reader(path, config)
        if isinstance(item, Record)
    ]
    counts = Counter(char for pair in pairs for line in pair for char in line)
    frequent = [char for char, _ in counts.most_common(VOCABULARY - 4)]
    print(f"{len(pairs):,} pairs, {len(frequent):,} characters")
    with tempfile.TemporaryDirectory() as folder:
        theirs, of_buckets = seeds_way(pairs, {char: 4 + n for n, char in enumerate(frequent)})
        ours = tasks_way(pairs, {char: n for n, char in enumerate(frequent)}, settings, folder)
        for step in [*of_buckets, *[ours] * 10]:
            step()
        compare({"seed": theirs, "task": ours}, given.rounds, given.seconds)


def compare(ways: dict[str, Step], rounds: int, seconds: float) -> None:
    """Prints a line for each turn, then the sums and their ratios."""
    print(
        f"{'turn way':14} {'steps/s':>9} {'pairs/s':>9} {'characters/s':>13} {'of processor':>13}"
    )
    sums = {way: np.zeros(5) for way in ways}
    for turn in range(rounds):
        for way, step in ways.items():
            done = time_rounds(step, seconds)
            sums[way] += done
            _tell(f"{turn + 1:4} {way}", _rates(done))
    for way, done in sums.items():
        _tell(f" all {way}", _rates(done))
    seed, task = map(_rates, sums.values())
    _tell("task / seed", task / seed)
    tell_figure("pairs a second", (task / seed)[1])
    tell_figure("characters a second of the processor", (task / seed)[3])


def _rates(done: np.ndarray) -> np.ndarray:
    return np.array([*done[:3] / done[3], done[2] / done[4]])


def _tell(row: str, figures: np.ndarray) -> None:
    print(f"{row:14} {'{:9.2f} {:9.2f} {:13.2f} {:13.2f}'.format(*figures)}", flush=True)


if __name__ == "__main__":
    main()
