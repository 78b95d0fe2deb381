"""music_rbm: the strongest simple model, against loops and all states of a pitch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from music_rbm_tiny import consistent_music, split

from modules.music_rbm import metre

STEPS, PITCHES = 20, 78
FIRST = np.array([0, 16, 21, 0], np.int64)
MUSIC = consistent_music(4, STEPS)
TABLE = metre.fit(split(MUSIC, FIRST))


def states_of(window: np.ndarray) -> np.ndarray:
    """0 silent, 1 held, 2 struck: `[steps, PITCHES]`."""
    return window[:, :PITCHES].astype(int) + window[:, PITCHES:]


def log_chances(states: np.ndarray, first_step: int, pitch: int) -> float:
    """Log-likelihood of what one pitch does in a window."""
    before, total = 0 if first_step == 0 else 3, 0.0
    for step, state in enumerate(states[:, pitch]):
        total += float(TABLE[before, (first_step + step) % 16, pitch, state])
        before = state
    return total


def cost(given: str) -> Any:
    return metre.cost(tf.constant(TABLE), tf.constant(MUSIC), tf.constant(FIRST), given).numpy()


def test_states_are_counted_by_place_and_pitch() -> None:
    wanted = np.zeros((4, 16, PITCHES, 3), int)
    for window, first in zip(MUSIC, FIRST, strict=True):
        states = states_of(window)
        for pitch in range(PITCHES):
            before = 0 if first == 0 else 3
            for step in range(STEPS):
                now = states[step, pitch]
                wanted[before, (first + step) % 16, pitch, now] += 1
                before = now
    np.testing.assert_array_equal(metre.count(split(MUSIC, FIRST)), wanted)


def test_chances_are_those_of_the_counts_where_there_are_many_and_else_of_place_and_pitch() -> None:
    np.testing.assert_allclose(np.exp(TABLE).sum(axis=-1), 1, rtol=1e-5)
    # A pitch that is struck in one place only, always there.
    music = np.zeros((400, 16, 156), np.uint8)
    music[:, 4, [30, 78 + 30]] = 1
    table = np.exp(metre.fit(split(music)))
    assert table[0, 4, 30, 2] > 0.95 and table[0, 5, 30, 2] < 0.01 and table[0, 4, 31, 2] < 0.01
    # It is never silent before step 6 after it was struck: what is not seen follows the state.
    assert 0 < table[2, 9, 30, 2] < 0.1


def test_likelihood_is_that_of_a_chain_of_states() -> None:
    wanted = [
        -sum(log_chances(states_of(window), int(first), pitch) for pitch in range(PITCHES))
        for window, first in zip(MUSIC, FIRST, strict=True)
    ]
    np.testing.assert_allclose(cost("before"), wanted, rtol=1e-5)


@pytest.mark.parametrize("given", ["step", "all"])
def test_pseudo_likelihood_is_that_of_each_unit_given_others(given: str) -> None:
    found = cost(given)
    for number in (0, 2):
        window, first = MUSIC[number], int(FIRST[number])
        wanted = 0.0
        for pitch in range(PITCHES):
            for step in range(STEPS):
                for kind in range(2):
                    changed = window.copy()
                    changed[step, pitch + kind * PITCHES] ^= 1
                    if changed[step, pitch] < changed[step, pitch + PITCHES]:
                        # Struck without sounding has no chance at all.
                        continue
                    end = step + 1 if given == "step" else STEPS
                    own, other = (
                        log_chances(states_of(each)[:end], first, pitch)
                        for each in (window, changed)
                    )
                    wanted += np.logaddexp(0, other - own)
        assert float(found[number]) == pytest.approx(wanted, rel=1e-4)
    assert (found < cost("before")).all()
