"""deep_dream: the objective, its gradient, tiles, octaves, the ascent, noise."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from unchecked import set_unchecked

from modules.common.models.backbone_specs import BACKBONES
from modules.common.models.backbones import build_backbone
from modules.common.runtime.errors import TaskError
from modules.deep_dream import dream, gain
from modules.deep_dream.layers import choose_layers, parse_layers
from modules.deep_dream.model import build_model
from modules.deep_dream.task import TASK

_RNG = np.random.default_rng(4)
_KERNEL = _RNG.normal(size=(3, 3, 3, 4)).astype(np.float32)
_WEIGHTS = tf.constant([0.5, 2.0])
_ALL = tf.constant(-1, tf.int64)


def network(pictures: tf.Tensor) -> dict[str, tf.Tensor]:
    """Two layers that NumPy can compute as well."""
    convolved = tf.nn.relu(tf.nn.conv2d(pictures / 255.0, _KERNEL, 1, "SAME"))
    return {"convolved": convolved, "grey": tf.reduce_mean(pictures / 255.0, -1, keepdims=True)}


def numpy_maps(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same, written out in float64."""
    pixels = picture.astype(np.float64) / 255
    height, width, _ = pixels.shape
    padded = np.pad(pixels, [(1, 1), (1, 1), (0, 0)])
    convolved = np.zeros((height, width, 4))
    for row in range(height):
        for column in range(width):
            window = padded[row : row + 3, column : column + 3]
            convolved[row, column] = np.tensordot(window, _KERNEL.astype(np.float64), 3)
    return np.maximum(convolved, 0), pixels.mean(-1, keepdims=True)


def numpy_objective(picture: np.ndarray, weights: tuple[float, float]) -> float:
    convolved, grey = numpy_maps(picture)
    return float(weights[0] * (convolved**2).mean() + weights[1] * (grey**2).mean())


def random_pictures(*shape: int) -> np.ndarray:
    return np.random.default_rng(9).uniform(0, 255, (*shape, 3)).astype(np.float32)


def rise_of(pictures: tf.Tensor) -> dream.Rise:
    return dream.rise(network, pictures, _WEIGHTS, _ALL)


def recipe(**changes: object) -> dream.Recipe:
    usual = dream.Recipe(
        layer_weights=_WEIGHTS,
        channel=_ALL,
        octaves=tf.constant(2, tf.int64),
        octave_scale=tf.constant(1.5),
        iterations=tf.constant(4, tf.int64),
        step=tf.constant(2.0),
        seed=tf.constant(0, tf.int64),
    )
    return usual._replace(**changes)


def test_the_objective_is_that_of_numpy() -> None:
    pictures = random_pictures(3, 5, 6)
    values, _ = rise_of(tf.constant(pictures))
    np.testing.assert_allclose(
        values, [numpy_objective(picture, (0.5, 2.0)) for picture in pictures], rtol=1e-5
    )


def test_one_channel_counts_alone() -> None:
    [picture] = random_pictures(1, 5, 6)
    convolved, _ = numpy_maps(picture)
    for channel in range(4):
        values = dream.objective(
            network(tf.constant(picture[None])), tf.constant([1.0, 0.0]), tf.constant(channel)
        )
        np.testing.assert_allclose(values, [(convolved[..., channel] ** 2).mean()], rtol=1e-5)


def test_the_gradient_is_that_of_finite_differences() -> None:
    picture = random_pictures(4, 5).astype(np.float64)
    _, gradients = rise_of(tf.constant(picture[None], tf.float32))
    for place in ((0, 0, 0), (3, 4, 2), (1, 2, 1), (2, 0, 0)):
        moved = [picture.copy(), picture.copy()]
        moved[0][place] -= 1e-2
        moved[1][place] += 1e-2
        low, high = (numpy_objective(one, (0.5, 2.0)) for one in moved)
        assert float(gradients[(0, *place)]) == pytest.approx((high - low) / 2e-2, rel=1e-3)


def test_one_tile_is_the_picture_begun_elsewhere() -> None:
    picture = tf.constant(random_pictures(6, 9))
    value, gradient = dream.tile(rise_of, picture, tf.constant([0, 0]), tile_px=9)
    wanted_value, wanted = rise_of(picture[None])
    np.testing.assert_allclose(value, wanted_value[0], rtol=1e-6)
    np.testing.assert_allclose(gradient, wanted[0], rtol=1e-5, atol=1e-9)
    shifted = np.roll(picture, (-2, -5), axis=(0, 1))
    _, gradient = dream.tile(rise_of, picture, tf.constant([2, 5]), tile_px=9)
    _, wanted = rise_of(tf.constant(shifted[None]))
    np.testing.assert_allclose(np.roll(gradient, (-2, -5), (0, 1)), wanted[0], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("size", [(8, 12), (7, 10), (4, 4), (1, 13)])
def test_tiles_cover_a_picture_once(size: tuple[int, int]) -> None:
    seen: list[tuple[int, ...]] = []

    def pointwise(tiles: tf.Tensor) -> dream.Rise:
        seen.append(tuple(tiles.shape))
        return tf.reduce_mean(tiles**2, axis=[1, 2, 3]), 2 * tiles

    picture = random_pictures(*size)
    _, gradient = dream.tile(pointwise, tf.constant(picture), tf.constant([3, 2]), tile_px=4)
    tiles = -(-size[0] // 4) * -(-size[1] // 4)
    np.testing.assert_allclose(gradient, 2 * picture / tiles, rtol=1e-6)
    assert len(set(seen)) == 1 and max(seen[0][1:3]) <= 4


def test_octaves_are_a_scale_apart_and_none_is_too_small() -> None:
    size, scale = tf.constant([100, 80]), tf.constant(1.4)
    found = [dream.octave_size(size, number, scale, 32).numpy().tolist() for number in range(5)]
    assert found == [[100, 80], [71, 57], [51, 41], [40, 32], [40, 32]]


def test_a_step_changes_the_mean_pixel_by_so_much() -> None:
    pictures = tf.constant(random_pictures(2, 7, 7) * 0.5 + 60)
    gradients = tf.constant(np.random.default_rng(1).normal(size=(2, 7, 7, 3)), tf.float32)
    gradients *= tf.constant([1e-6, 1e3])[:, None, None, None]
    changes = dream.take_step(pictures, gradients, tf.constant(1.5)) - pictures
    np.testing.assert_allclose(np.abs(changes).mean(axis=(1, 2, 3)), [1.5, 1.5], rtol=1e-3)
    assert (np.sign(changes) == np.sign(gradients)).mean() > 0.99
    without = dream.take_step(pictures, tf.zeros_like(gradients), tf.constant(1.5))
    np.testing.assert_array_equal(without, pictures)


def test_the_last_octave_keeps_the_detail_of_the_picture() -> None:
    picture = tf.constant(random_pictures(48, 40))

    def flat(pictures: tf.Tensor) -> dream.Rise:
        return tf.zeros(tf.shape(pictures)[:1]), tf.zeros_like(pictures)

    found, _ = dream.dream(flat, picture, recipe(octaves=tf.constant(3, tf.int64)), min_px=8)
    np.testing.assert_allclose(found, picture, atol=1e-3)


@pytest.fixture(scope="module")
def backbone() -> keras.Model:
    return build_backbone("tiny", "", seed=3)


def dreamt(
    backbone: keras.Model, weights: list[float], **changes: object
) -> tuple[np.ndarray, np.ndarray]:
    order = recipe(layer_weights=tf.constant(weights, tf.float32), **changes)

    def of_tile(tile: tf.Tensor) -> dream.Rise:
        return dream.rise(
            lambda seen: backbone(seen, training=False), tile, order.layer_weights, order.channel
        )

    traced = tf.function(lambda seen: dream.dream(of_tile, seen, order, 32), autograph=False)
    rows = np.linspace(40, 200, 72, dtype=np.float32)[:, None, None]
    picture = np.clip(rows + 0.2 * random_pictures(72, 64), 0, 255)
    found, objectives = traced(tf.constant(picture))
    return found.numpy(), objectives.numpy()


def test_the_objective_rises_in_every_octave(backbone: keras.Model) -> None:
    picture, objectives = dreamt(backbone, [0, 0, 1, 0.5], iterations=tf.constant(8, tf.int64))
    by_octave = objectives.reshape(2, 8)
    assert np.isfinite(objectives).all()
    assert (by_octave[:, -1] > 1.05 * by_octave[:, 0]).all()
    assert (by_octave[:, 4:].mean(-1) > by_octave[:, :4].mean(-1)).all()
    assert picture.min() >= 0 and picture.max() <= 255 and picture.shape == (72, 64, 3)


def test_a_seed_says_where_tiles_begin(backbone: keras.Model) -> None:
    weights = [0, 0, 1, 0]
    first, again = (dreamt(backbone, weights)[0] for _ in range(2))
    other, _ = dreamt(backbone, weights, seed=tf.constant(1, tf.int64))
    np.testing.assert_array_equal(first, again)
    assert np.abs(other - first).mean() > 0.1


def test_a_channel_that_is_dreamt_of_gains_most(backbone: keras.Model) -> None:
    def strength(picture: np.ndarray, channel: int) -> float:
        maps = backbone(picture[None], training=False)["conv2"]
        return float(tf.reduce_mean(tf.square(maps[..., channel])))

    of_5, of_9 = (
        dreamt(backbone, [0, 1, 0, 0], channel=tf.constant(channel, tf.int64))[0]
        for channel in (5, 9)
    )
    assert strength(of_5, 5) > strength(of_9, 5)
    assert strength(of_9, 9) > strength(of_5, 9)


def test_noise_changes_a_picture_by_as_much_as_the_dream() -> None:
    pictures = random_pictures(3, 24, 24)
    # White with a little in it, as a photograph of a thing before a wall: half of noise is cut off.
    pictures[1] = np.where(pictures[1] > 60, 255, pictures[1])
    pictures[2] = 255
    wanted = np.array([3.0, 12.0, 8.0], np.float32)
    changed = gain.noisy(tf.constant(pictures), tf.constant(wanted)).numpy()
    found = np.sqrt(np.square(changed - pictures).mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(found, wanted, rtol=0.01)
    np.testing.assert_allclose(
        gain.change_size(tf.constant(pictures), tf.constant(changed)), found, rtol=1e-5
    )


def test_a_dream_gains_more_than_noise(backbone: keras.Model) -> None:
    pictures = tf.constant(random_pictures(4, 48, 48) * 0.3 + 80)
    ratios = gain.log_ratios(
        lambda seen: dream.rise(
            lambda tile: backbone(tile, training=False), seen, tf.constant([0.0, 0, 1, 0]), _ALL
        ),
        pictures,
        iterations=5,
        step=1.5,
    )
    assert (ratios["dream"].numpy() > ratios["noise"].numpy() + 0.2).all()


def test_layers_are_read_as_text() -> None:
    names = ("a1", "b2", "c3")
    assert parse_layers("b2=0.5, c3", names) == [0.0, 0.5, 1.0]
    assert parse_layers("a1=-2e-1", names) == [-0.2, 0.0, 0.0]
    for text, said in (
        ("b3=1", "no layer 'b3'; the layers are a1, b2, c3"),
        ("a1=x", "expected name=weight, a number, found 'a1=x'"),
        ("a1=0", "a weight that is not 0"),
        ("a1=1,,b2", "no layer ''"),
    ):
        with pytest.raises(TaskError, match=said):
            parse_layers(text, names)


def test_every_backbone_has_layers_that_show_well() -> None:
    for name, spec in BACKBONES.items():
        text = choose_layers(TASK.resolve({"backbone": name}))
        assert len(parse_layers(text, spec.stages or (text.split("=")[0],)))


def test_a_backbone_without_the_layer_is_refused() -> None:
    settings = TASK.resolve({"image_px": 64, "layers": "fire5"})
    with pytest.raises(TaskError, match="no layer 'fire5'.*conv1, conv2, conv3, conv4"):
        build_model(settings, None)
    with pytest.raises(TaskError, match="image_px: tiny takes 32 or more, found 31"):
        build_model(TASK.resolve({"image_px": 31}), None)


def test_only_the_head_of_a_pretrained_backbone_is_fitted() -> None:
    settings = TASK.resolve({"image_px": 64})
    model = build_model(set_unchecked(settings, backbone="squeezenet", weights="random"), None)
    names = {weight.path.split("/")[0] for weight in model.trainable_weights}
    assert len(names) == 2 and "rotation" in names
