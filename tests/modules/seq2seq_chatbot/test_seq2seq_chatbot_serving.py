"""seq2seq_chatbot as it is served: what is asked and refused, and scores against NumPy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import apache_beam as beam
import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from seq2seq_chatbot_tiny import log_softmax, logits_of, padded
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from modules.common.declaring.settings import as_dict, change
from modules.common.export import saved_model
from modules.common.graph.tensors import unpack
from modules.common.models import trigram
from modules.common.models.bigram import fit_bigram, fit_unigram, log_probability
from modules.common.training.callbacks import SAID_FILE
from modules.seq2seq_chatbot import features
from modules.seq2seq_chatbot.model import build_model
from modules.seq2seq_chatbot.report import EXCHANGES, write_report
from modules.seq2seq_chatbot.signatures import Seq2seqChatbotServable
from modules.seq2seq_chatbot.task import TASK

_LINES = [
    "你好",
    "你好 吗",
    "我很好",
    "你 在 吗",
    "我在",
    "吃了吗",
    "我吃了",
    "好吃吗",
    "很好吃",
    "走吧",
]
_PAIRS = [*zip(_LINES, _LINES[1:], strict=False)] * 3
_SETTINGS = TASK.resolve({"units": 16, "layers": 2, "max_chars": 8, "answered_share": 1.0})


@pytest.fixture(scope="module")
def transform_output(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    folder = str(tmp_path_factory.mktemp("transform"))
    names = ("question", "reply", "question_length")
    spec = {name: tf.io.FixedLenFeature([1], tf.string) for name in names}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    # One pair that is seen too seldom for its characters to be learnt.
    rows = [
        {"question": [q.encode()], "reply": [r.encode()], "question_length": [b"1-5"]}
        for q, r in [*_PAIRS, ("罕见", "罕")]
    ]
    with beam.Pipeline("FnApiRunner") as pipeline, tft_beam.Context(f"{folder}/temporary"):
        function = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: features.preprocessing_fn(inputs, {"settings": as_dict(_SETTINGS)})
        )
        function | tft_beam.WriteTransformFn(f"{folder}/out")
    metadata_io.write_metadata(metadata, f"{folder}/out/metadata")
    return tft.TFTransformOutput(f"{folder}/out")


def made(transform_output: tft.TFTransformOutput, **changes: Any) -> Seq2seqChatbotServable:
    settings = change(_SETTINGS, **changes)
    keras.utils.set_random_seed(2)
    model = build_model(settings, transform_output)
    rng = np.random.default_rng(2)
    model.set_weights([w + 0.4 * rng.normal(size=w.shape) for w in model.get_weights()])
    train: Any = ids_of(transform_output, _PAIRS)
    baselines = Seq2seqChatbotServable.fit_baselines(train, train, settings)
    return Seq2seqChatbotServable(TASK, settings, model, transform_output, baselines)


def ids_of(
    transform_output: tft.TFTransformOutput, pairs: list[tuple[str, str]]
) -> dict[str, np.ndarray]:
    layer = transform_output.transform_features_layer()
    found = unpack(layer(raw(pairs)), TASK.features_for(_SETTINGS))
    return {name: values.numpy() for name, values in found.items()}


def raw(pairs: list[tuple[str, str]]) -> dict[str, tf.Tensor]:
    columns = zip(*pairs, strict=True)
    named = {
        name: tf.constant([[text] for text in column])
        for name, column in zip(("question", "reply"), columns, strict=True)
    }
    return {**named, "question_length": tf.fill([len(pairs), 1], "1-5")}


@pytest.fixture(scope="module")
def servable(transform_output: tft.TFTransformOutput) -> Seq2seqChatbotServable:
    return made(transform_output)


@pytest.fixture(scope="module")
def serve(servable: Seq2seqChatbotServable) -> Any:
    # As an export leaves them.
    servable.traced = list(saved_model.signatures(servable).values())
    traced = servable.traced[0]

    def served(**request: list) -> dict[str, np.ndarray]:
        inputs = {
            entry.name: tf.constant(
                request.get(entry.name, [entry.default]), saved_model.DTYPES[entry.dtype]
            )
            for entry in TASK.serving.inputs
        }
        return {name: values.numpy() for name, values in traced(**inputs).items()}

    return served


def test_ids_are_by_frequency_and_white_space_is_one_space(
    transform_output: tft.TFTransformOutput,
) -> None:
    pairs = [("你好", " 你\u3000\t好 "), ("", "罕好"), (" \r\n", "\U0001f600")]
    found = ids_of(transform_output, pairs)
    symbols = features.symbols_of(transform_output)
    counts = Counter("".join(text for pair in _PAIRS for text in pair))
    # A space is a character as any; what was seen once or twice is the last, unknown.
    assert set(symbols[1:-1]) == set(counts)
    ranked = [counts[symbol] for symbol in symbols[1:-1]]
    assert ranked == sorted(ranked, reverse=True)
    you, good, space = (symbols.index(character) for character in "你好 ")
    unknown = len(symbols) - 1
    np.testing.assert_array_equal(
        found["reply"], padded([[you, space, good], [unknown, good], [unknown]])
    )
    np.testing.assert_array_equal(found["question"], padded([[you, good], [], []]))


def test_replies_are_text_best_first_as_many_as_asked_for(serve: Any) -> None:
    likeliest = {"temperature": [0.0], "mmi_lambda": [0.0]}
    answer = serve(text=["你好", "  走 吧  ", "罕见的"], beam_width=[4, 1, 2], **likeliest)
    assert answer["replies"].shape == answer["scores"].shape == (3, 4)
    for replies, scores, width in zip(answer["replies"], answer["scores"], (4, 1, 2), strict=True):
        said = [reply.decode() for reply in replies if reply]
        assert 1 <= len(said) == len(set(said)) <= width
        assert all(1 <= len(text) <= 8 and set(text) <= set("".join(_LINES)) for text in said)
        assert list(scores[: len(said)]) == sorted(scores[: len(said)], reverse=True)
        assert (scores[: len(said)] < 0).all() and not scores[len(said) :].any()


@pytest.mark.parametrize("temperature", [0.0, 1.2])
def test_an_answer_depends_on_its_own_request_alone(serve: Any, temperature: float) -> None:
    texts = [*_LINES, "你好" * 40, "见", "罕", *"你好我很在吃了吗走吧"]
    common = {"temperature": [temperature], "top_p": [0.95]}
    together = serve(
        text=texts, beam_width=[3] * len(texts), seed=list(range(len(texts))), **common
    )
    for row in (0, 3, 10, len(texts) - 1):
        alone = serve(text=[texts[row]], beam_width=[3], seed=[row], **common)
        assert list(alone["replies"][0]) == list(together["replies"][row])
        np.testing.assert_allclose(alone["scores"][0], together["scores"][row], atol=1e-5)
    tidied = serve(text=["  你 \u3000 在\t吗\r\n"], beam_width=[3], seed=[3], **common)
    assert list(tidied["replies"][0]) == list(together["replies"][3])


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_what_is_likely_to_be_said_to_anything_counts_against_a_reply(
    serve: Any, transform_output: tft.TFTransformOutput, temperature: float
) -> None:
    """The same replies, worth less by what the trigram model says of them alone."""

    def replies(mmi_lambda: float) -> dict[str, float]:
        answer = serve(text=["你好"], temperature=[temperature], mmi_lambda=[mmi_lambda])
        pairs = zip(answer["replies"][0], answer["scores"][0], strict=True)
        return {reply.decode(): float(score) for reply, score in pairs if reply}

    plain, informed = replies(0.0), replies(0.8)
    assert set(plain) == set(informed) and len(plain) > 2
    known = ids_of(transform_output, _PAIRS)["reply"]
    symbols = features.symbols_of(transform_output)
    triples = trigram.fit_trigram(known, len(symbols))
    for reply, score in plain.items():
        line = [0, 0, *(symbols.index(character) for character in reply), 0]
        sides = (tf.constant(line[i : len(line) - 2 + i], tf.int64) for i in range(3))
        alone = trigram.log_probability(triples, *sides).numpy().sum()
        wanted = score - 0.8 * alone / (len(reply) + 1)
        assert informed[reply] == pytest.approx(wanted, abs=1e-4)
    assert list(informed.values()) == sorted(informed.values(), reverse=True)


def test_held_out_questions_are_answered_in_a_line(
    serve: Any,
    servable: Seq2seqChatbotServable,
    transform_output: tft.TFTransformOutput,
    tmp_path: Path,
) -> None:
    held_out: Any = ids_of(transform_output, [*_PAIRS, ("罕见", "罕"), ("", "好")])
    write_report(servable, held_out, str(tmp_path))
    exchanges = (tmp_path / SAID_FILE).read_text(encoding="utf-8").split("; ")
    assert len(exchanges) == EXCHANGES
    for exchange in exchanges:
        question, reply = exchange.split(" → ")
        assert question in _LINES and 1 <= len(reply) <= 8
    nothing: Any = {"question": padded([[], [len(servable.symbols) - 1]])}
    write_report(servable, nothing, str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_a_seed_gives_its_replies_again_and_another_gives_others(serve: Any) -> None:
    def replies(seed: int) -> list[bytes]:
        return list(
            serve(text=["你好"], beam_width=[8], temperature=[1.0], seed=[seed])["replies"][0]
        )

    assert replies(7) == replies(7)
    assert replies(-7) != replies(7) != replies(8)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": [""]}, "text: expected 1 to 500 characters besides .*, found 0"),
        ({"text": [" \u3000"]}, "text: expected 1 to 500 characters besides .*, found 0"),
        ({"text": ["长" * 501]}, "text: expected 1 to 500 characters besides .*, found 501"),
        ({"beam_width": [0]}, "beam_width: expected 1 to 32, found 0"),
        ({"beam_width": [33]}, "beam_width: expected 1 to 32, found 33"),
        ({"temperature": [-1.0]}, "temperature: expected 0 or more, found -1"),
        ({"temperature": [np.nan]}, "temperature: expected 0 or more, found nan"),
        ({"temperature": [np.inf]}, "temperature: expected 0 or more, found inf"),
        ({"mmi_lambda": [1.5]}, "mmi_lambda: expected 0 to 1, found 1.5"),
        ({"no_repeat": [9]}, "no_repeat: expected 0 to 8, found 9"),
        ({"top_p": [0.0]}, "top_p: expected more than 0, up to 1, found 0"),
        ({"top_p": [1.5]}, "top_p: expected more than 0, up to 1, found 1.5"),
        ({"top_p": [np.nan]}, "top_p: expected more than 0, up to 1, found nan"),
    ],
)
def test_a_wrong_request_is_told_what_is_expected(serve: Any, wrong: dict, said: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        serve(**({"text": ["你好"]} | wrong))


def test_scores_are_those_of_the_probabilities(
    servable: Seq2seqChatbotServable, transform_output: tft.TFTransformOutput
) -> None:
    pairs = [*_PAIRS[:9], ("罕见", "罕好"), ("你好", "好" * 12)]
    scores = {name: values.numpy() for name, values in servable.score(raw(pairs)).items()}
    ids, known = ids_of(transform_output, pairs), ids_of(transform_output, _PAIRS)["reply"]
    symbols = len(features.symbols_of(transform_output))
    log_p = log_softmax(logits_of(servable.model, ids["question"], ids["reply"]))
    bigram, unigram = fit_bigram(known, symbols), fit_unigram(known, symbols)
    triples = trigram.fit_trigram(known, symbols)
    for row, line in enumerate(ids["reply"]):
        after = [*line[line > 0], 0]
        before = [0, *after[:-1]]
        wanted = -sum(log_p[row, place, symbol] for place, symbol in enumerate(after))
        assert scores["perplexity__score"][row] == pytest.approx(wanted, rel=1e-4)
        assert scores["perplexity__weight"][row] == len(pairs[row][1]) + 1
        assert scores["perplexity__unigram"][row] == pytest.approx(-unigram[after].sum(), rel=1e-4)
        pairs_of_line = (tf.constant(side, tf.int64) for side in (before, after))
        by_pairs = -log_probability(bigram, *pairs_of_line).numpy().sum()
        assert scores["perplexity__bigram"][row] == pytest.approx(by_pairs, rel=1e-4)
        sides = (tf.constant(side, tf.int64) for side in ([0, *before[:-1]], before, after))
        by_triples = -trigram.log_probability(triples, *sides).numpy().sum()
        assert scores["perplexity__trigram"][row] == pytest.approx(by_triples, rel=1e-4)


def test_replies_to_the_share_of_questions_are_compared(
    servable: Seq2seqChatbotServable, transform_output: tft.TFTransformOutput, serve: Any
) -> None:
    pairs = _PAIRS[:9]
    found = servable.score(raw(pairs))
    answers = serve(text=[question for question, _ in pairs], beam_width=[5] * 9)["replies"][:, 0]
    for row, (answer, (_, reply)) in enumerate(zip(answers, pairs, strict=True)):
        said = answer.decode()
        matches, pair_matches, *_ = found["bleu_2__sums"].numpy()[row]
        assert matches == (Counter(said) & Counter(reply)).total()
        twos = [Counter(zip(text, text[1:], strict=False)) for text in (said, reply)]
        assert pair_matches == (twos[0] & twos[1]).total()
        for order in (1, 2):
            keys = found[f"distinct_{order}__keys"].numpy()[row]
            assert np.count_nonzero(keys != -1) == len(said) + 1 - order
    some = made(transform_output, answered_share=0.5)
    sums = some.score(raw(pairs))["bleu_2__sums"].numpy()
    is_chosen = sums.any(axis=1)
    assert 0 < is_chosen.sum() < 9
    np.testing.assert_allclose(sums[is_chosen], found["bleu_2__sums"].numpy()[is_chosen])
    none = made(transform_output, answered_share=0.0).score(raw(pairs))
    assert not none["bleu_2__sums"].numpy().any()
    assert (none["distinct_1__keys"].numpy() == -1).all()
