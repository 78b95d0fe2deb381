"""chinese_asr's decoding, against every alignment there is and TensorFlow's own beam search."""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from modules.chinese_asr import beam
from modules.chinese_asr.decoding import decode
from modules.common.models import ctc
from modules.common.models.trigram import Trigram, fit_trigram, log_probability


def random_trigram(symbols: int, seed: int = 5) -> Trigram:
    rng = np.random.default_rng(seed)
    return fit_trigram(np.minimum(rng.geometric(0.4, [30, 6]), symbols - 2), symbols)


def random_logits(*shape: int, seed: int = 0, scale: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)


@functools.cache
def searcher(symbols: int) -> Callable[..., tf.Tensor]:
    """`beam.search`, traced once for any batch, as the served graph has it."""
    trigram = random_trigram(symbols)

    def traced(
        logits: tf.Tensor, n_frames: tf.Tensor, width: tf.Tensor, lm: tf.Tensor, bonus: tf.Tensor
    ) -> tf.Tensor:
        return beam.search(logits, n_frames, width, lm, trigram, bonus)

    batched = [tf.TensorSpec([None], dtype) for dtype in (tf.int64, tf.int64, tf.float32)]
    specs = [tf.TensorSpec([None, None, symbols]), *batched, tf.TensorSpec([])]
    return tf.function(traced, specs, autograph=False)


def search(
    logits: np.ndarray,
    width: int | list[int],
    weight: float | list[float] = 0.0,
    n_frames: list[int] | None = None,
    bonus: float = 0.0,
) -> list[list[int]]:
    batch, frames, symbols = logits.shape
    ids = searcher(symbols)(
        tf.constant(logits),
        tf.constant(n_frames or [frames] * batch, tf.int64),
        tf.constant(np.broadcast_to(width, [batch]), tf.int64),
        tf.constant(np.broadcast_to(np.float32(weight), [batch])),
        bonus,
    )
    return [[one for one in row if one] for row in ids.numpy().tolist()]


def every_text(logits: np.ndarray) -> dict[tuple[int, ...], float]:
    """The log-probability of each text there is, by the sum over all alignments."""
    probabilities = tf.nn.softmax(logits.astype(np.float64)).numpy()
    frames, symbols = logits.shape
    sums: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(symbols), repeat=frames):
        text = tuple(symbol for symbol, _ in itertools.groupby(path) if symbol)
        sums[text] += float(np.prod(probabilities[np.arange(frames), path]))
    return {text: np.log(total) for text, total in sums.items()}


def worth_by_lm(trigram: Trigram, text: tuple[int, ...], bonus: float) -> float:
    said = np.array([0, 0, *text, 0])
    three = (tf.constant(said[place : len(said) - 2 + place]) for place in range(3))
    return float(tf.reduce_sum(log_probability(trigram, *three))) + bonus * len(text)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.5])
@pytest.mark.parametrize(("frames", "symbols"), [(1, 4), (3, 4), (5, 3)])
def test_a_beam_that_holds_all_texts_finds_the_best_of_all(
    frames: int, symbols: int, weight: float
) -> None:
    logits = random_logits(25, frames, symbols, seed=frames)
    trigram = random_trigram(symbols)
    found = search(logits, 64, weight, bonus=0.4)
    for row, text in zip(logits, found, strict=True):
        worth = {
            text: log_p + weight * worth_by_lm(trigram, text, 0.4)
            for text, log_p in every_text(row).items()
        }
        assert worth[tuple(text)] == pytest.approx(max(worth.values()), abs=1e-4)


def test_the_language_model_changes_answers() -> None:
    logits = random_logits(40, 5, 3, seed=9, scale=1.0)
    assert search(logits, 64, 0.0) != search(logits, 64, 1.0) != search(logits, 64, 1.0, bonus=3.0)


def slow_search(
    logits: np.ndarray, width: int, weight: float, trigram: Trigram, bonus: float
) -> list[int]:
    """The paper's algorithm with a dictionary of prefixes: [ends in blank, ends in character]."""
    symbols = logits.shape[-1]
    three = np.unravel_index(np.arange(symbols**3), [symbols] * 3)
    lm = log_probability(trigram, *map(tf.constant, three)).numpy().reshape([symbols] * 3)

    def worth(prefix: tuple[int, ...], log_p: float) -> float:
        triples = zip([0, 0, *prefix], [0, *prefix], prefix, strict=False)
        return log_p + weight * sum(lm[triple] + bonus for triple in triples)

    beams: dict = {(): (0.0, -np.inf)}
    for log_p in tf.nn.log_softmax(logits.astype(np.float64)).numpy():
        grown: dict = defaultdict(lambda: [-np.inf, -np.inf])
        for prefix, (blank, sound) in beams.items():
            total = np.logaddexp(blank, sound)
            grown[prefix][0] = np.logaddexp(grown[prefix][0], total + log_p[0])
            for one in range(1, symbols):
                repeats = prefix[-1:] == (one,)
                if repeats:
                    grown[prefix][1] = np.logaddexp(grown[prefix][1], sound + log_p[one])
                way = (blank if repeats else total) + log_p[one]
                longer = (*prefix, one)
                grown[longer][1] = np.logaddexp(grown[longer][1], way)
        ranked = sorted(grown, key=lambda one: -worth(one, np.logaddexp(*grown[one])))
        beams = {prefix: grown[prefix] for prefix in ranked[:width]}
    ends = {
        one: worth(one, np.logaddexp(*beams[one])) + weight * lm[(*(0, 0, *one)[-2:], 0)]
        for one in beams
    }
    return [*max(ends, key=ends.__getitem__)]


@pytest.mark.parametrize("weight", [0.0, 0.8])
@pytest.mark.parametrize("width", [1, 2, 7, 20])
def test_answers_are_those_of_the_algorithm_with_a_dictionary(width: int, weight: float) -> None:
    logits = random_logits(25, 16, 7, seed=13, scale=1.0)
    wanted = [slow_search(row, width, weight, random_trigram(7), 0.5) for row in logits]
    assert search(logits, width, weight, bonus=0.5) == wanted


@pytest.mark.parametrize("width", [2, 8, 64])
def test_answers_are_as_likely_as_those_of_the_decoder_of_tensorflow(width: int) -> None:
    logits = random_logits(100, 40, 12, seed=3)
    n_frames = np.random.default_rng(4).integers(1, 41, 100).tolist()
    found = search(logits, width, n_frames=n_frames)
    turned = np.concatenate([logits[..., 1:], logits[..., :1]], axis=-1).transpose(1, 0, 2)
    [theirs], _ = tf.nn.ctc_beam_search_decoder(turned, n_frames, width, top_paths=1)
    theirs = tf.sparse.to_dense(theirs, default_value=-1) + 1
    ours = tf.ragged.constant(found, dtype=tf.int32).to_tensor()
    likely = [
        ctc.text_log_probability(tf.constant(logits), ids, tf.constant(n_frames)).numpy()
        for ids in (ours, theirs)
    ]
    assert np.mean(np.isclose(*likely, atol=1e-3)) >= 0.9
    assert np.mean(likely[0]) == pytest.approx(np.mean(likely[1]), abs=0.1)


def test_wider_beams_find_likelier_texts_than_the_best_path() -> None:
    logits = tf.constant(random_logits(60, 30, 8, seed=6, scale=1.0))
    lengths = tf.fill([60], 30)
    mean_by_width = []
    for width in (1, 4, 16, 64):
        ids, confidence = decode(
            logits, lengths, tf.fill([60], width), tf.zeros([60]), random_trigram(8), 0.0
        )
        assert 0 < float(tf.reduce_min(confidence)) <= float(tf.reduce_max(confidence)) <= 1
        mean_by_width.append(float(tf.reduce_mean(ctc.text_log_probability(logits, ids, lengths))))
    assert mean_by_width == sorted(mean_by_width)
    assert mean_by_width[-1] > mean_by_width[0] + 0.5


def test_the_answer_depends_on_ones_own_frames_width_and_weight_alone() -> None:
    logits = random_logits(10, 25, 9, seed=7, scale=1.0)
    widths = [1, 2, 3, 5, 8, 13, 21, 34, 55, 64]
    weights = [0.0, 0.0, 0.5, 0.0, 1.0, 0.2, 0.0, 0.7, 0.0, 2.0]
    n_frames = [25, 1, 20, 13, 25, 7, 24, 2, 16, 25]
    together = search(logits, widths, weights, n_frames)
    for row, text in enumerate(together):
        alone = logits[row : row + 1, : n_frames[row]]
        assert search(alone, widths[row], weights[row]) == [text]
    beyond = np.where(
        np.arange(25)[None, :, None] < np.array(n_frames)[:, None, None],
        logits,
        random_logits(10, 25, 9, seed=8, scale=50),
    )
    assert search(beyond, widths, weights, n_frames) == together


def test_repeats_need_a_blank_between_them() -> None:
    path = [1, 1, 0, 1, 2, 2, 0, 0, 2, 0]
    logits = 20 * np.eye(4, dtype=np.float32)[path][None]
    assert search(logits, 8) == [[1, 1, 2, 2]]


def test_frames_that_are_surely_blank_leave_the_empty_text() -> None:
    logits = np.zeros([2, 300, 6], np.float32)
    logits[..., 1:] = -1e9
    assert search(logits, 64, 1.0) == [[], []]


def test_a_width_of_one_without_a_language_model_is_the_best_path() -> None:
    logits = random_logits(20, 30, 6, seed=10, scale=1.0)
    wanted, _ = ctc.collapse(tf.constant(logits))
    ids, confidence = decode(
        tf.constant(logits),
        tf.fill([20], 30),
        tf.constant([1, 30] * 10),
        tf.zeros([20]),
        random_trigram(6),
        0.0,
    )
    assert ids.dtype == tf.int64
    longest = wanted.shape[1]
    assert (ids.numpy()[::2, :longest] == wanted.numpy()[::2]).all()
    assert (ids.numpy()[::2, longest:] == 0).all()
    assert (ids.numpy()[1::2, :longest] != wanted.numpy()[1::2]).any()


def test_confidence_is_the_geometric_mean_of_a_character() -> None:
    logits = random_logits(3, 5, 3, seed=11)
    ids, confidence = decode(
        tf.constant(logits),
        tf.fill([3], 5),
        tf.fill([3], 64),
        tf.zeros([3]),
        random_trigram(3),
        0.0,
    )
    for row in range(3):
        text = tuple(one for one in ids[row].numpy().tolist() if one)
        wanted = np.exp(every_text(logits[row])[text] / max(len(text), 1))
        assert confidence[row].numpy() == pytest.approx(wanted, rel=1e-4)


def test_the_memory_of_a_search_does_not_grow_with_symbols_times_beams() -> None:
    logits = random_logits(1, 600, 5002, seed=12)
    search(logits[:, :2], 64, 0.5)
    try:
        # The kernel counts the peak anew.
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pytest.skip("needs a kernel that tells a process's peak of memory")
    before_kb = kb_of("VmRSS")
    assert len(search(logits, 64, 0.5)[0]) > 10
    # All symbols for every prefix of every frame would take 770 MB.
    assert kb_of("VmHWM") - before_kb < 150_000


def kb_of(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{name}:")[1].split()[0])
