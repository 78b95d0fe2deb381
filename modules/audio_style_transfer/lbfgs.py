"""audio_style_transfer: L-BFGS in the graph, that evaluates about once an iteration.

TensorFlow Probability's own searches along each direction for the minimum itself, which takes three
evaluations; here, as in SciPy, a step is taken that is long enough and goes down far enough: nearly
always the first that is tried. With thousands of filters an evaluation is all that costs anything.

Source: J. Nocedal & S. Wright, "Numerical Optimization" (2006), algorithms 7.4 and 7.5; for the
search A. Lewis & M. Overton, "Nonsmooth optimization via quasi-Newton methods" (2013), section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

Loss = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""Values, float32 `[n]`, to the loss, float32 scalar, and its gradient, `[n]`."""

_PAIRS = 10
# Wolfe's two conditions: of the fall that the slope promises, a step brings at least so much, and
# leaves at most so much of the slope.
_LEAST_FALL = 1e-4
_MOST_SLOPE = 0.9
# Of the loss: what is lost by rounding is no rise.
_ROUNDING = 1e-6
_MOST_TRIALS = 20
_LONGEST_STRETCH = 10.0
# A trial keeps from the ends of what is left by so much of it.
_MARGIN = 0.1


class Found(NamedTuple):
    """Where a search ended.

    Attributes:
        position: float32 `[n]`.
        value: The loss there, float32 scalar, nowhere that was tried before lower but by rounding.
        iterations: int32 scalar.
        evaluations: Of loss and gradient, int32 scalar.
    """

    position: tf.Tensor
    value: tf.Tensor
    iterations: tf.Tensor
    evaluations: tf.Tensor


class _Place(NamedTuple):
    """A step's length, the loss after it, and its slope along the direction; scalars."""

    step: tf.Tensor
    value: tf.Tensor
    slope: tf.Tensor


class _History(NamedTuple):
    """The last changes of position and of gradient, the newest first, and a guess at curvature.

    Attributes:
        moved: float32 `[n]` each.
        turned: Likewise.
        weights: 1 over their product each, 0 for a pair that does not count.
        scale: Product over the square of the newest `turned`.
    """

    moved: tuple[tf.Tensor, ...]
    turned: tuple[tf.Tensor, ...]
    weights: tuple[tf.Tensor, ...]
    scale: tf.Tensor


class _State(NamedTuple):
    found: Found
    gradient: tf.Tensor
    history: _History
    goes_on: tf.Tensor


def minimize(loss: Loss, start: tf.Tensor, iterations: tf.Tensor) -> Found:
    """Minimizes.

    Args:
        loss: What is minimized; `inf` and `nan` count as too high.
        start: float32 `[n]`, where to begin; the first step there is at most 1 long.
        iterations: Most iterations, int32 scalar.

    Returns:
        The lowest place; where it begins, if the loss is level there.
    """
    value, gradient = loss(start)
    steepness = tf.norm(gradient)
    nothing, none = tf.zeros_like(start), tf.constant(0.0)
    first = _State(
        found=Found(start, value, tf.constant(0), tf.constant(1)),
        gradient=gradient,
        history=_History(
            *((nothing,) * _PAIRS, (nothing,) * _PAIRS, (none,) * _PAIRS),
            scale=tf.minimum(tf.math.divide_no_nan(1.0, steepness), 1.0),
        ),
        goes_on=steepness > 0,
    )

    def step(state: _State) -> tuple[_State]:
        return (_iterate(loss, state),)

    def goes_on(state: _State) -> tf.Tensor:
        return state.goes_on & (state.found.iterations < iterations)

    [last] = tf.while_loop(goes_on, step, (first,), parallel_iterations=1)
    return last.found


def _iterate(loss: Loss, state: _State) -> _State:
    before, gradient = state.found, state.gradient
    direction = _direction(gradient, state.history)
    place, new_gradient, trials = _search(loss, before, gradient, direction)
    # Where no step goes down, all is as it was, whatever the direction, and the search ends.
    moves = place.step > 0
    position = tf.where(moves, before.position + place.step * direction, before.position)
    found = Found(position, place.value, before.iterations + 1, before.evaluations + trials)
    history = _remember(state.history, place.step * direction, new_gradient - gradient)
    return _State(found, new_gradient, history, moves & (tf.norm(new_gradient) > 0))


def _direction(gradient: tf.Tensor, history: _History) -> tf.Tensor:
    """Where to go, by the two loops of L-BFGS; float32 `[n]`."""
    rest, shares = gradient, []
    for moved, turned, weight in zip(*history[:3], strict=True):
        shares.append(weight * _dot(moved, rest))
        rest -= shares[-1] * turned
    rest *= history.scale
    pairs = list(zip(*history[:3], shares, strict=True))
    for moved, turned, weight, share in reversed(pairs):
        rest += (share - weight * _dot(turned, rest)) * moved
    return -rest


def _remember(history: _History, moved: tf.Tensor, turned: tf.Tensor) -> _History:
    product, square = _dot(moved, turned), _dot(turned, turned)
    # Where the loss bends downwards a pair says nothing of where its minimum is.
    counts = product > _ROUNDING * tf.sqrt(square) * tf.norm(moved)
    weight = tf.where(counts, tf.math.divide_no_nan(1.0, product), 0.0)
    scale = tf.where(counts, tf.math.divide_no_nan(product, square), history.scale)
    return _History(
        (moved, *history.moved[:-1]),
        (turned, *history.turned[:-1]),
        (weight, *history.weights[:-1]),
        scale,
    )


def _search(
    loss: Loss, begin: Found, gradient: tf.Tensor, direction: tf.Tensor
) -> tuple[_Place, tf.Tensor, tf.Tensor]:
    """Looks along a direction for a step that meets Wolfe's conditions.

    Returns:
        The best place, the gradient there, and how many places were tried.
    """
    origin = _Place(tf.constant(0.0), begin.value, _dot(gradient, direction))
    unknown = tf.constant(float("inf"))
    slack = _ROUNDING * tf.abs(begin.value)

    def look(
        trials: tf.Tensor, step: tf.Tensor, low: _Place, high: _Place, best: tf.Tensor, _: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, _Place, _Place, tf.Tensor, tf.Tensor]:
        value, slopes = loss(begin.position + step * direction)
        place = _Place(step, value, _dot(slopes, direction))
        falls = value <= begin.value + _LEAST_FALL * step * origin.slope + slack
        falls &= tf.math.is_finite(place.slope)
        is_steep = place.slope < _MOST_SLOPE * origin.slope
        after = _Place(*(tf.where(falls, *each) for each in zip(place, low, strict=True)))
        bound = _Place(*(tf.where(falls, *each) for each in zip(high, place, strict=True)))
        longer = tf.where(
            tf.math.is_finite(bound.step), _between(after, bound), _beyond(low, after)
        )
        best = tf.where(falls, slopes, best)
        return trials + 1, longer, after, bound, best, falls & ~is_steep

    trials, _, low, _, best, _ = tf.while_loop(
        lambda trials, *rest: ~rest[-1] & (trials < _MOST_TRIALS),
        look,
        (
            tf.constant(0),
            tf.constant(1.0),
            origin,
            _Place(unknown, unknown, unknown),
            gradient,
            origin.slope >= 0,
        ),
        parallel_iterations=1,
    )
    return low, best, trials


def _between(low: _Place, high: _Place) -> tf.Tensor:
    """A step between two, where a cubic through both has its minimum, or in the middle."""
    width = high.step - low.step
    bend = low.slope + high.slope - 3.0 * tf.math.divide_no_nan(high.value - low.value, width)
    root = tf.sqrt(tf.square(bend) - low.slope * high.slope)
    share = 1.0 - (high.slope + root - bend) / (high.slope - low.slope + 2.0 * root)
    share = tf.where(tf.math.is_finite(share), share, 0.5)
    return low.step + width * tf.clip_by_value(share, _MARGIN, 1.0 - _MARGIN)


def _beyond(before: _Place, low: _Place) -> tf.Tensor:
    """A longer step, to where the slope would be level if it went on changing so."""
    change = (low.slope - before.slope) / (low.step - before.step)
    level = low.step - low.slope / change
    reaches = tf.math.is_finite(level) & (change > 0)
    longest = _LONGEST_STRETCH * low.step
    return tf.clip_by_value(tf.where(reaches, level, longest), 2.0 * low.step, longest)


def _dot(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    return tf.tensordot(left, right, 1)
