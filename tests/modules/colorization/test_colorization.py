"""colorization: chroma in bins, the losses, and a model that reads nothing but the luma."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from colorization_tiny import even_shares, scene, tiny_model, tiny_settings
from scipy.special import huber, log_softmax, softmax
from unchecked import set_unchecked

from modules.colorization import bins, colour
from modules.colorization.augment import augment
from modules.colorization.model import build, chroma_planes, make_loss, one_stage_a_size, pad
from modules.colorization.task import loss_of
from modules.common.models.backbones import build_backbone

_LOSSES = ("regression", "classification")


def all_chroma() -> np.ndarray:
    """Chroma of colours throughout the cube, its corners and edges among them."""
    levels = np.linspace(0, 255, 18).astype(np.uint8)
    return colour.chroma(np.stack(np.meshgrid(levels, levels, levels), -1).reshape(-1, 3)).numpy()


def pictures(count: int = 3, side: int = 64) -> np.ndarray:
    return np.stack([np.asarray(scene(seed, side, side)) for seed in range(count)])


def test_every_colour_is_the_mean_of_its_bins() -> None:
    chroma = all_chroma()
    shares = bins.share_out(tf.constant(chroma)).numpy()
    assert shares.min() >= 0 and shares.max() <= 1
    np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(bins.mean(shares), chroma, atol=1e-3)
    # Of no bin further than a step away.
    points, _ = bins.grid()
    reach = np.abs(points[None] - chroma[:, None]).max(-1)
    assert reach[shares > 1e-6].max() <= bins.STEP


def test_the_nearest_bin_is_the_nearest() -> None:
    chroma = all_chroma()
    points, _ = bins.grid()
    distances = ((points[None] - chroma[:, None]) ** 2).sum(-1)
    found = bins.nearest(tf.constant(chroma)).numpy()
    np.testing.assert_allclose(distances[np.arange(len(chroma)), found], distances.min(-1))
    assert len(set(map(tuple, points))) == bins.count()


@pytest.mark.parametrize("temperature", [1.0, 0.38])
def test_the_annealed_mean_is_that_of_the_formula(temperature: float) -> None:
    logits = np.random.default_rng(1).normal(0, 3, [4, 5, bins.count()]).astype(np.float32)
    wanted = softmax(logits.astype(float) / temperature, axis=-1) @ bins.grid()[0]
    np.testing.assert_allclose(bins.compute_annealed_mean(logits, temperature), wanted, atol=1e-3)
    likeliest = bins.grid()[0][logits.argmax(-1)]
    np.testing.assert_allclose(bins.compute_annealed_mean(logits, 1e-3), likeliest, atol=0.1)


def test_rare_colours_count_more_and_all_together_the_same() -> None:
    lines = [b"900 0", b"90 7", b"9 100", b"1 nothing", b"5 9999"]
    shares = bins.shares(lines)
    assert shares.shape == (bins.count(),) and shares.min() > 0
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert shares[0] > shares[7] > shares[100] > shares[200]
    weights = bins.rebalancing(shares, 0.5)
    wanted = 1 / (0.5 * shares + 0.5 / bins.count())
    np.testing.assert_allclose(weights, wanted / (wanted @ shares), rtol=1e-4)
    assert weights @ shares == pytest.approx(1, abs=1e-5)
    assert weights[200] > weights[7] > weights[0]
    np.testing.assert_allclose(bins.rebalancing(shares, 1.0), 1, atol=1e-4)


def test_the_regression_loss_is_a_squared_error_and_grows_straight_from_there() -> None:
    images = pictures()
    rng = np.random.default_rng(2)
    chroma = colour.chroma(images).numpy().astype(float)
    wanted = chroma.reshape(3, 32, 2, 32, 2, 2).mean((2, 4))
    output = (wanted + rng.normal(0, 8, [3, 32, 32, 2])).astype(np.float32)
    loss = make_loss(tiny_settings(), even_shares())(tf.constant(images), tf.constant(output))
    distance = np.linalg.norm(wanted - output, axis=-1) / 32
    assert 0.2 < (distance < 0.3).mean() < 0.8
    # Huber's: SciPy's is half of it.
    np.testing.assert_allclose(loss, 2 * huber(0.3, distance), rtol=1e-3, atol=1e-6)


def test_the_regression_loss_has_a_slope_everywhere() -> None:
    image = tf.fill([1, 32, 32, 3], tf.constant(77, tf.uint8))
    output = tf.Variable(tf.zeros([1, 16, 16, 2]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(make_loss(tiny_settings(), even_shares())(image, output))
    assert np.abs(tape.gradient(loss, output)).max() < 1e-5
    assert float(loss) < 1e-5


@pytest.mark.parametrize("uniform_share", [1.0, 0.5])
def test_the_classification_loss_is_a_weighted_cross_entropy(uniform_share: float) -> None:
    images = pictures()
    rng = np.random.default_rng(2)
    output = rng.normal(0, 2, [3, 16, 16, bins.count()]).astype(np.float32)
    shares = rng.dirichlet(np.ones(bins.count())).astype(np.float32)
    settings = tiny_settings(loss="classification", uniform_share=uniform_share)
    loss = make_loss(settings, shares)(tf.constant(images), tf.constant(output))
    chroma = colour.chroma(images).numpy().reshape(3, 16, 4, 16, 4, 2).mean((2, 4))
    truth = bins.share_out(tf.constant(chroma)).numpy().astype(float)
    cost = -(truth * log_softmax(output.astype(float), axis=-1)).sum(-1)
    np.testing.assert_allclose(
        loss, cost * (truth @ bins.rebalancing(shares, uniform_share)), rtol=1e-3
    )


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "regression"),
        ({"backbone": "mobilenet_v2"}, "classification"),
        ({"loss": "classification"}, "classification"),
        ({"backbone": "mobilenet_v2", "loss": "regression"}, "regression"),
    ],
)
def test_colours_are_told_by_bins_where_a_backbone_was_trained(
    given: dict[str, str], wanted: str
) -> None:
    assert loss_of(tiny_settings(**given)) == wanted


@pytest.mark.parametrize("loss", _LOSSES)
@pytest.mark.parametrize("size", [(32, 32), (61, 57), (64, 100), (33, 128)])
def test_any_size_gets_as_large_an_answer(loss: str, size: tuple[int, int]) -> None:
    image = np.asarray(scene(1, size[1], size[0]))[None]
    output = tiny_model(loss=loss)({"image": image})
    planes = chroma_planes(output, tf.constant(size), tiny_settings(loss=loss))
    assert planes.shape == (1, *size, 2)
    assert np.isfinite(planes).all() and np.ptp(planes) > 1


@pytest.mark.parametrize("loss", _LOSSES)
def test_nothing_but_the_luma_is_read(loss: str) -> None:
    images = pictures()
    grey = np.repeat(colour.grey(images), 3, axis=-1)
    assert np.abs(grey.astype(int) - images).max() > 50
    model = tiny_model(loss=loss)
    np.testing.assert_array_equal(model({"image": images}), model({"image": grey}))
    assert np.abs(model({"image": images}) - model({"image": 255 - images})).max() > 0.1


@pytest.mark.parametrize("loss", _LOSSES)
def test_training_begins_with_the_colours_that_occur(loss: str) -> None:
    shares = np.random.default_rng(3).dirichlet(np.full(bins.count(), 0.1)).astype(np.float32)
    shares = np.maximum(shares, 1e-6) / np.maximum(shares, 1e-6).sum()
    settings = tiny_settings(loss=loss, temperature=1.0)
    output = build(settings, shares)({"image": pictures()})
    planes = chroma_planes(output, tf.constant([64, 64]), settings).numpy()
    np.testing.assert_allclose(
        planes, np.broadcast_to(shares @ bins.grid()[0], planes.shape), atol=0.05
    )


def test_an_answer_does_not_depend_on_the_batch() -> None:
    model, images = tiny_model(), pictures()
    together = model({"image": images}).numpy()
    for number in range(3):
        alone = model({"image": images[number : number + 1]}).numpy()[0]
        np.testing.assert_allclose(alone, together[number], atol=1e-3)


def test_pictures_are_filled_up_by_reflection() -> None:
    image = np.asarray(scene(1, 50, 33))[None]
    wanted = np.pad(image, [(0, 0), (0, 31), (0, 14), (0, 0)], "reflect")
    np.testing.assert_array_equal(pad(tf.constant(image)), wanted)
    whole = pictures(1)
    np.testing.assert_array_equal(pad(tf.constant(whole)), whole)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("tiny", ["conv4", "conv3", "conv2", "conv1"]),
        ("squeezenet", ["fire9", "fire5", "fire3", "conv1"]),
        ("mobilenet_v2", ["out_relu", "block_12_add", "block_5_add", "block_2_add", "Conv1_relu"]),
    ],
)
def test_of_each_size_the_last_feature_maps_are_read(name: str, wanted: list[str]) -> None:
    weights = "" if name == "tiny" else "random"
    assert one_stage_a_size(build_backbone(name, weights, 1)) == wanted


def test_a_backbone_that_others_trained_stays_as_it_is() -> None:
    settings = set_unchecked(tiny_settings(backbone="squeezenet"), weights="random")
    model = build(settings, even_shares())
    model.compile("sgd", make_loss(settings, even_shares()))
    backbone, own = model.get_layer("squeezenet"), model.get_layer("classification_head")
    before = [weights.numpy() for weights in (*backbone.weights, own.bias)]
    model.train_on_batch({"image": pictures()}, pictures())
    *after, own_after = [weights.numpy() for weights in (*backbone.weights, own.bias)]
    assert all((one == other).all() for one, other in zip(before[:-1], after, strict=True))
    assert (own_after != before[-1]).all()


def cut(**changes: Any) -> tuple[np.ndarray, np.ndarray]:
    images = np.stack([pictures(1)[0]] * 40)
    settings = tiny_settings(crop_px=48, **changes)
    features, label = augment({"image": tf.constant(images)}, tf.constant(images), settings)
    np.testing.assert_array_equal(features["image"], label)
    return images, label.numpy()


def test_training_sees_crops_and_mirror_images_of_them() -> None:
    images, crops = cut()
    assert crops.shape == (40, 48, 48, 3)
    seen = set()
    for crop in crops:
        found = [
            (top, left, mirrors)
            for mirrors, picture in enumerate((images[0], images[0][:, ::-1]))
            for top in range(17)
            for left in range(17)
            if (picture[top : top + 48, left : left + 48] == crop).all()
        ]
        assert len(found) == 1
        seen |= set(found)
    assert len(seen) > 30 and {mirrors for _, _, mirrors in seen} == {0, 1}
    np.testing.assert_array_equal(cut()[1], crops)
    assert (cut(seed=7)[1] != crops).any()
