from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sacrebleu
import tensorflow as tf
import tensorflow_model_analysis as tfma
from combining import compute
from google.protobuf import text_format
from nltk.translate.bleu_score import corpus_bleu as nltk_corpus_bleu
from tensorflow_metadata.proto.v0 import schema_pb2

from modules.common.declaring.task import Gate, Metric, Task
from modules.common.evaluating import evaluation, grouping, ngrams
from modules.common.evaluating.slices import slice_values
from modules.common.evaluating.text_metrics import CorpusBleu, DistinctNgrams

_REPLIES = ["我很好", "", "好", "今天天气很好，我们出去玩吧。", "不知道不知道", "谢谢你", "好好好"]
_REFERENCES = ["我很好啊", "你好", "好", "今天天气不好，我们在家吧。", "不知道", "不客气", "是"]


def drawn(seed: int, count: int, shortest: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    alphabet = list("的一是了我不人在他有")
    return ["".join(rng.choice(alphabet, rng.integers(shortest, 15))) for _ in range(count)]


def bleu(replies: list[str], references: list[str], max_order: int = 2) -> float:
    ids = [ngrams.code_points(tf.constant(texts, tf.string)) for texts in (replies, references)]
    sums = ngrams.bleu_sums(*ids, max_order).numpy()
    return compute(CorpusBleu(name="bleu", sums="sums"), {"sums": sums})


def sacrebleu_of(replies: list[str], references: list[str], max_order: int = 2) -> float:
    spaced = [[" ".join(text) for text in texts] for texts in (replies, references)]
    reference = sacrebleu.BLEU(
        tokenize="none", max_ngram_order=max_order, smooth_method="none", force=True
    )
    return reference.corpus_score(spaced[0], [spaced[1]]).score / 100


def distinct(replies: list[str], order: int) -> float:
    keys = ngrams.ngram_keys(ngrams.code_points(tf.constant(replies, tf.string)), order).numpy()
    return compute(DistinctNgrams(name="distinct", keys="keys"), {"keys": keys})


def brute_distinct(replies: list[str], order: int) -> float:
    found = [text[i : i + order] for text in replies for i in range(len(text) - order + 1)]
    return len(set(found)) / len(found) if found else math.nan


@pytest.mark.parametrize("max_order", [1, 2, 3])
@pytest.mark.parametrize(
    ("replies", "references"),
    [
        (_REPLIES, _REFERENCES),
        (_REFERENCES, _REPLIES),
        (drawn(1, 60), drawn(2, 60)),
        ([text[:9] for text in drawn(3, 60)], [text + "吗" for text in drawn(3, 60)]),
        (drawn(4, 30), drawn(4, 30)),
    ],
)
def test_bleu_is_sacrebleu_s(replies: list[str], references: list[str], max_order: int) -> None:
    expected = sacrebleu_of(replies, references, max_order)
    assert expected > 0.05
    assert bleu(replies, references, max_order) == pytest.approx(expected, rel=1e-6)


def test_bleu_is_nltk_s_where_every_reply_has_a_bigram() -> None:
    # nltk counts a bigram in a reply of one character.
    replies, references = drawn(5, 80, shortest=2), drawn(6, 80, shortest=1)
    pairs = zip(replies, references, strict=True)
    expected = nltk_corpus_bleu([[list(wanted)] for _, wanted in pairs], replies, (0.5, 0.5))
    assert bleu(replies, references) == pytest.approx(expected, rel=1e-6)


def test_short_replies_are_penalised_over_the_whole_corpus() -> None:
    # One reply too short and one as much too long are no shorter together.
    assert bleu(["我们", "我们在家吧"], ["我们在", "我们在家"]) == pytest.approx(
        math.sqrt(6 / 7 * 4 / 5), rel=1e-6
    )


@pytest.mark.parametrize(
    ("replies", "references"), [(["", ""], ["你好", "吗"]), (["好"], ["好"]), (["吗吗"], ["你好"])]
)
def test_bleu_without_a_match_of_some_order_is_zero(
    replies: list[str], references: list[str]
) -> None:
    assert sacrebleu_of(replies, references) == 0
    assert bleu(replies, references) == 0


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_nothing_has_no_bleu_and_no_distinct_n_grams(texts: list[str]) -> None:
    assert math.isnan(bleu(texts, texts))
    assert math.isnan(distinct(texts, 1))


def test_examples_of_zeros_count_for_nothing() -> None:
    replies, references = [*_REPLIES, "", ""], [*_REFERENCES, "", ""]
    assert bleu(replies, references) == bleu(_REPLIES, _REFERENCES)
    assert distinct(replies, 2) == distinct(_REPLIES, 2)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("replies", [_REPLIES, drawn(7, 100), ["好"] * 50, ["", "好", "我"]])
def test_distinct_is_that_of_a_set(replies: list[str], order: int) -> None:
    expected = brute_distinct(replies, order)
    assert distinct(replies, order) == pytest.approx(expected, nan_ok=True)


class Parrot(tf.Module):
    """Answers each question with its first characters; what `evaluate` gives of that."""

    def __init__(self, chars: int) -> None:
        super().__init__()
        self._chars = chars

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def evaluate(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {name: tf.io.FixedLenFeature([], tf.string) for name in ("question", "reply")}
        texts = tf.io.parse_example(inputs, spec)
        answers = tf.strings.substr(texts["question"], 0, self._chars, unit="UTF8_CHAR")
        ids, wanted = (ngrams.code_points(given) for given in (answers, texts["reply"]))
        return {
            "bleu_2__sums": ngrams.bleu_sums(ids, wanted),
            "distinct_2__keys": ngrams.ngram_keys(ids, 2),
            "exact__score": tf.cast(answers == texts["reply"], tf.float32),
            "exact__weight": tf.ones(tf.shape(answers)),
        }


def write_examples(questions: list[str], replies: list[str], path: Path) -> None:
    def feature(text: str) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))

    with tf.io.TFRecordWriter(str(path)) as writer:
        for question, reply in zip(questions, replies, strict=True):
            values = {"question": question, "reply": reply, "band": band(reply)}
            features = {name: feature(text) for name, text in values.items()}
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())


def band(reply: str) -> str:
    return "long" if len(reply) > 7 else "short"


def analyse(task: Task, folder: Path, previous: bool, in_groups: bool = True) -> str:
    """Runs TFMA as Evaluator does, the candidate beside a blessed model or not."""
    config = tfma.utils.update_eval_config_with_defaults(
        evaluation.eval_config(task), has_baseline=previous, rubber_stamp=True
    )
    names = [tfma.CANDIDATE_KEY, tfma.BASELINE_KEY] if previous else [""]
    models = [
        tfma.default_eval_shared_model(f"{folder}/{path}", model_name=name, eval_config=config)
        for name, path in zip(names, ("candidate", "blessed"), strict=False)
    ]
    schema = text_format.Parse(
        "".join(
            f'feature {{ name: "{name}" type: BYTES presence {{ min_fraction: 1 }} '
            "shape { dim { size: 1 } } }"
            for name in ("question", "reply", "band")
        ),
        schema_pb2.Schema(),
    )
    model = models if previous else models[0]
    extract = grouping.custom_extractors if in_groups else tfma.default_extractors
    tfma.run_model_analysis(
        eval_shared_model=model,
        eval_config=config,
        extractors=extract(eval_shared_model=model, eval_config=config),
        data_location=f"{folder}/examples",
        output_path=f"{folder}/evaluation",
        schema=schema,
    )
    return f"{folder}/evaluation"


@pytest.mark.parametrize(("previous", "in_groups"), [(False, True), (True, True), (True, False)])
def test_tfma_measures_them_by_slices_and_beside_a_blessed_model(
    declare: Callable[..., Task], tmp_path: Path, previous: bool, in_groups: bool
) -> None:
    task = declare(
        metrics=(
            Metric(name="bleu_2", doc="", kind="bleu", percent=True, gate=Gate(floor=0.9)),
            Metric(name="distinct_2", doc="", kind="distinct", gate=Gate(max_drop=0.01)),
            Metric(name="exact", doc=""),
        ),
        slices=("band",),
    )
    questions, replies = drawn(8, 90, shortest=1), drawn(8, 90, shortest=1)
    replies = [text if i % 3 else text[::-1] for i, text in enumerate(replies)]
    write_examples(questions, replies, tmp_path / "examples")
    for name, chars in (("candidate", 4), ("blessed", 2)):
        model = Parrot(chars)
        tf.saved_model.save(model, f"{tmp_path}/{name}", signatures={"evaluate": model.evaluate})
    folder = analyse(task, tmp_path, previous, in_groups)
    answers = [question[:4] for question in questions]
    slices = slice_values(folder)
    assert set(slices) == {"overall", "band=short", "band=long"}
    for name, values in slices.items():
        chosen = [i for i, text in enumerate(replies) if name in ("overall", f"band={band(text)}")]
        some = [answers[i] for i in chosen]
        assert values["example_count"] == len(chosen)
        expected = sacrebleu_of(some, [replies[i] for i in chosen])
        assert values["bleu_2"] == pytest.approx(expected, rel=1e-6)
        assert values["distinct_2"] == pytest.approx(brute_distinct(some, 2))
    bleu_2, distinct_2, exact = evaluation.figures(task, folder)
    assert 0 < bleu_2.value < 0.9 and bleu_2.passed is False and bleu_2.gate == ">= 90.00%"
    # The blessed model's replies of two characters repeat less.
    drop = brute_distinct([text[:2] for text in questions], 2) - distinct_2.value
    assert drop > 0.01 and distinct_2.passed is not previous
    assert exact.passed is None
