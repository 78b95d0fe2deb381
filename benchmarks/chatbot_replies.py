"""What a pushed seq2seq_chatbot replies to held-out questions, by each way of decoding, as a table.

    python benchmarks/chatbot_replies.py lianxi_runs/smoke
    python benchmarks/chatbot_replies.py lianxi_runs --questions 500

BLEU-2 with the standard error of 200 bootstraps, distinct-1 and -2, length, and how many of the
best replies are different. Questions are the same for all ways, and so are the seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import numpy as np
import tensorflow as tf

from modules.common.evaluating import ngrams
from modules.common.evaluating.text_metrics import corpus_bleu
from modules.common.export.saved_model import DTYPES
from modules.seq2seq_chatbot.task import TASK

_AT_ONCE = 64
_BOOTSTRAPS = 200
_AS_IT_IS = {"no_repeat": 0, "may_echo": True, "mmi_lambda": 0.0}
_BEAM, _ONE = {"temperature": 0.0}, {"beam_width": 1}
WAYS: dict[str, dict[str, Any]] = {
    "greedy, whatever it says": {**_BEAM, **_ONE, **_AS_IT_IS},
    "beam, whatever it says": {**_BEAM, **_AS_IT_IS},
    "greedy": {**_BEAM, **_ONE},
    "beam": {**_BEAM, "mmi_lambda": 0.0},
    "beam, by mutual information": _BEAM,
    "one draw": _ONE,
    "draws, the likeliest": {"mmi_lambda": 0.0},
    "draws, `mmi_lambda` 0.3": {"mmi_lambda": 0.3},
    "draws, by mutual information (the defaults)": {},
    "draws, `mmi_lambda` 0.7": {"mmi_lambda": 0.7},
    "draws, `mmi_lambda` 1": {"mmi_lambda": 1.0},
    "draws at `temperature` 1": {"temperature": 1.0},
}


def latest(paths: list[Path]) -> Path:
    """Gives the path whose name is the highest number."""
    return max(paths, key=lambda path: int(path.name))


def read_pairs(pipeline: Path, count: int) -> list[tuple[str, str]]:
    """Reads held-out questions with their replies, each question once, at random but the same."""
    files = latest(list((pipeline / "ExampleGen/examples").iterdir())) / "Split-eval"
    found: dict[str, str] = {}
    records = tf.data.TFRecordDataset([str(path) for path in files.iterdir()], "GZIP")
    for record in records.as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        question, reply = (features[name].bytes_list.value[0] for name in ("question", "reply"))
        found[question.decode()] = max(reply.decode(), found.get(question.decode(), ""))
    pairs = sorted(found.items())
    order = np.random.default_rng(0).permutation(len(pairs))[:count]
    return [pairs[row] for row in order]


def ask(answer: Callable[..., Any], questions: list[str], way: dict[str, Any]) -> list[str]:
    """Gives the best reply to each question, the seed of which is its number."""
    given = {entry.name: entry.default for entry in TASK.serving.inputs} | way
    replies: list[str] = []
    for begin in range(0, len(questions), _AT_ONCE):
        some = questions[begin : begin + _AT_ONCE]
        request = {
            entry.name: tf.fill([len(some)], tf.constant(given[entry.name], DTYPES[entry.dtype]))
            for entry in TASK.serving.inputs
            if entry.name not in ("text", "seed")
        }
        seeds = tf.range(begin, begin + len(some), dtype=tf.int64)
        best = answer(text=tf.constant(some), seed=seeds, **request)["replies"][:, 0]
        replies += [reply.decode() for reply in best.numpy()]
    return replies


def measure(replies: list[str], references: list[str]) -> str:
    """Gives the cells of a row."""
    together = ngrams.code_points(tf.constant([*replies, *references]))
    ids, reference = together[: len(replies)], together[len(replies) :]
    sums = ngrams.bleu_sums(ids, reference, 2).numpy()
    rng = np.random.default_rng(0)
    drawn = [
        corpus_bleu(sums[rng.integers(0, len(sums), len(sums))].sum(axis=0))
        for _ in range(_BOOTSTRAPS)
    ]
    cells = [f"{corpus_bleu(sums.sum(axis=0)):.4f} ± {np.std(drawn):.4f}"]
    for order in (1, 2):
        keys = ngrams.ngram_keys(ids, order).numpy()
        keys = keys[keys != ngrams.NO_NGRAM]
        cells.append(f"{len(np.unique(keys)) / len(keys):.4f}")
    cells.append(f"{np.mean([len(reply) for reply in replies]):.1f}")
    cells.append(f"{len(set(replies)) / len(replies):.0%}")
    return " | ".join(cells)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "root", type=Path, help="folder of an environment, such as lianxi_runs/smoke"
    )
    parser.add_argument("--questions", type=int, default=1000)
    given = parser.parse_args()
    pairs = read_pairs(given.root / "pipelines" / TASK.name, given.questions)
    questions, references = ([pair[side] for pair in pairs] for side in (0, 1))
    pushed = latest(list((given.root / "models" / TASK.name).glob("[0-9]*")))
    model = tf.saved_model.load(str(pushed))
    print(f"{len(pairs)} questions\n")
    print("| way | BLEU-2 | distinct-1 | distinct-2 | characters | different |")
    print("|---|---|---|---|---|---|")
    for name, way in WAYS.items():
        replies = ask(model.signatures["serving_default"], questions, way)
        print(f"| {name} | {measure(replies, references)} |", flush=True)
    print(f"| what people say | {measure(references, references)} |")


if __name__ == "__main__":
    main()
