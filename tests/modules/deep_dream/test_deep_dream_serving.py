"""deep_dream: what requests may say, what is answered, and the layers in a model's metadata."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from asked import read_request, show
from dreaming import Dreaming, NoTransform
from PIL import Image

from lianxi_client import Client, ClientError
from modules.common.asking.asking import asker_of
from modules.common.export import optional_inputs, saved_model
from modules.common.export.request_checks import prepare_request
from modules.common.runtime.errors import DataError
from modules.deep_dream import example, orders, report
from modules.deep_dream.layers import parse_layers
from modules.deep_dream.model import build_model
from modules.deep_dream.signatures import DeepDreamServable
from modules.deep_dream.task import TASK
from serving.server import Server, ServerConfig

_LAYERS = [("low", 4), ("mid", 8), ("high", 8)]
_USUAL = [0.0, 1.0, 0.5]
_SETTINGS = TASK.resolve({"image_px": 32, "layers": "conv2=1"})


def inputs(**given: Any) -> dict[str, tf.Tensor]:
    """A request of two pictures, what is not said filled in."""
    fields = {entry.name: entry for entry in TASK.serving.inputs}
    raw = {
        name: optional_inputs.default_tensor(entry)
        for name, entry in fields.items()
        if entry.default is not None and name not in given
    }
    for name, values in given.items():
        raw[name] = tf.constant(values, saved_model.tensor_spec(fields[name]).dtype)
    raw["image"] = tf.constant(given.get("image", [example.picture()] * 2))
    return prepare_request(raw, TASK.serving)


def test_a_request_that_says_nothing_gets_what_is_usual() -> None:
    found = orders.recipe(inputs(), _LAYERS, _USUAL)
    np.testing.assert_array_equal(found.layer_weights, [_USUAL, _USUAL])
    assert found.channel.numpy().tolist() == [-1, -1]
    assert found.octaves.numpy().tolist() == [4, 4]
    assert found.step.numpy().tolist() == [1.5, 1.5]


@pytest.mark.parametrize("text", ["mid=0.5", " low = 2 , high", "high=-1e-1,mid=.5", "mid,mid=1."])
def test_the_graph_reads_layers_as_python_does(text: str) -> None:
    found = orders.recipe(inputs(layers=[text, ""]), _LAYERS, _USUAL).layer_weights
    names = [name for name, _ in _LAYERS]
    np.testing.assert_allclose(found, [parse_layers(text, names), _USUAL], rtol=1e-6)


def test_layers_may_be_numbers() -> None:
    weights = [[0.0, 2.0, 0.0], [1.0, 0.0, -1.0]]
    found = orders.recipe(inputs(layer_weights=weights), _LAYERS, _USUAL)
    np.testing.assert_array_equal(found.layer_weights, weights)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"octaves": [4, 0]}, "octaves: expected 1 to 10, found 0"),
        ({"octaves": [11]}, "octaves: expected 1 to 10, found 11"),
        ({"octave_scale": [1.0]}, "octave_scale: expected more than 1, up to 3, found 1"),
        ({"octave_scale": [3.1]}, "octave_scale: expected more than 1, up to 3, found 3.1"),
        ({"iterations": [0]}, "iterations: expected 1 to 100, found 0"),
        ({"iterations": [101]}, "iterations: expected 1 to 100, found 101"),
        ({"step": [0.0]}, "step: expected more than 0, up to 100, found 0"),
        ({"step": [float("nan")]}, "step: expected more than 0, up to 100, found nan"),
        ({"channel": [-2]}, "a channel that each chosen layer has, 0 to 7"),
        ({"channel": [8]}, "a channel that each chosen layer has, 0 to 7"),
        ({"channel": [4], "layers": ["low"]}, "a channel that each chosen layer has, 0 to 3"),
        ({"layers": ["hihg=1"]}, "there is no hihg; the layers are low, mid, high"),
        ({"layers": [b"\xff"]}, "there is no .*; the layers are low, mid, high"),
        ({"layers": ["low=much"]}, "expected name=weight, a number, found low=much"),
        ({"layers": ["low=0"]}, "weights that are not all 0"),
        ({"layers": ["low=1e99"]}, "finite weights"),
        ({"layer_weights": [[0.0, 0.0, 0.0]]}, "weights that are not all 0"),
        ({"layer_weights": [[1.0, float("inf"), 0.0]]}, "expected a finite number, found inf"),
        ({"layer_weights": [[1.0, 2.0]]}, "a number for each of the 3 layers, low, mid, high"),
        ({"layers": ["low"], "layer_weights": [[1.0, 0.0, 0.0]]}, "found both"),
    ],
    ids=str,
)
def test_what_cannot_be_dreamt_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        orders.recipe(inputs(**given), _LAYERS, _USUAL)


@pytest.fixture(scope="module")
def servable() -> DeepDreamServable:
    keras.utils.set_random_seed(2)
    baselines = {"constant": np.asarray(0)}
    model = build_model(_SETTINGS, None)
    return Dreaming(TASK, _SETTINGS, model, NoTransform(), baselines)  # type: ignore[arg-type]


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def jpeg(height: int, width: int) -> bytes:
    rng = np.random.default_rng(height)
    file = io.BytesIO()
    values = np.kron(
        rng.integers(60, 200, (height // 8 + 1, width // 8 + 1, 3)), np.ones((8, 8, 1))
    )
    Image.fromarray(values[:height, :width].astype(np.uint8)).save(file, "JPEG")
    return file.getvalue()


def test_pictures_of_several_sizes_and_orders_are_dreamt_at_once(
    servable: DeepDreamServable,
) -> None:
    raw = inputs(image=[jpeg(40, 70), jpeg(64, 33)], octaves=[1, 2], iterations=[2, 3])
    found = servable.answer(raw)
    pictures = [pixels(png) for png in found["image"].numpy()]
    assert [picture.shape for picture in pictures] == [(40, 70, 3), (64, 33, 3)]
    objectives = found["objective"].numpy()
    assert objectives.shape == (2, 6)
    assert (objectives[0, 2:] == objectives[0, 1]).all() and (objectives > 0).all()
    alone = servable.answer({name: values[:1] for name, values in raw.items()})
    np.testing.assert_array_equal(pixels(alone["image"].numpy()[0]), pictures[0])
    original = pixels(raw["image"].numpy()[0]).astype(float)
    assert 0.5 < np.abs(pictures[0] - original).mean() < 6


def test_a_layer_deeper_than_usual_can_be_dreamt_of(servable: DeepDreamServable) -> None:
    usual, deep = (
        servable.answer(inputs(image=[jpeg(40, 70)], octaves=[1], iterations=[2], layers=[text]))
        for text in ("conv2", "conv4")
    )
    assert usual["image"].numpy()[0] != deep["image"].numpy()[0]
    assert deep["objective"].numpy()[0, 1] > 0


def test_a_picture_that_is_too_small_is_refused(servable: DeepDreamServable) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 32 pixels.*found 31"):
        servable.answer(inputs(image=[jpeg(31, 70)]))


def test_no_pictures_are_an_answer_of_none(servable: DeepDreamServable) -> None:
    found = servable.answer({name: values[:0] for name, values in inputs().items()})
    assert found["image"].shape == [0] and found["objective"].shape[0] == 0


def test_the_report_shows_pictures_upright_and_their_dreams(
    servable: DeepDreamServable, tmp_path: Path
) -> None:
    upright = np.stack([pixels(example.picture())[:40, :40]] * 4)
    rotation = np.arange(4)
    batch = ({"image": np.stack([np.rot90(upright[0], k) for k in rotation])}, rotation)
    evaluation = SimpleNamespace(batches=lambda size: tf.data.Dataset.from_tensors(batch))
    report.write_report(servable, evaluation, str(tmp_path))  # type: ignore[arg-type]
    sheet = pixels((tmp_path / "report.png").read_bytes())
    assert sheet.shape == (80, 160, 3)
    np.testing.assert_array_equal(sheet[:40], np.concatenate(list(upright), axis=1))
    assert 0.5 < np.abs(sheet[40:].astype(float) - sheet[:40]).mean() < 60


@pytest.fixture(scope="module")
def client(
    servable: DeepDreamServable, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("deep_dream")
    saved_model.save(servable, str(folder / "1"))
    with Server({TASK.name: folder}, ServerConfig(port=0)) as server:
        server.wait_until_available(TASK.name, 120)
        with Client(f"localhost:{server.port}") as connected:
            yield connected


def test_the_metadata_name_the_layers(client: Client) -> None:
    signature = client.metadata(TASK.name).signatures["layers"]
    assert signature.inputs == {}
    assert set(signature.outputs) == {"conv1", "conv2", "conv3", "conv4"}
    found = client.predict(TASK.name, {}, signature_name="layers")
    assert {name: values.tolist() for name, values in found.items()} == {
        "conv1": [0, 16],
        "conv2": [1, 32],
        "conv3": [2, 64],
        "conv4": [3, 128],
    }


def test_a_server_answers_a_picture_alone(client: Client) -> None:
    request = {"image": [example.picture()], "octaves": [1], "iterations": [1]}
    answer = client.predict(TASK.name, request)
    by_place = client.predict(TASK.name, {**request, "layer_weights": [[0, 1, 0, 0]]})
    assert pixels(answer["image"][0]).shape == (80, 80, 3)
    assert answer["objective"].shape == (1, 1)
    assert answer["image"][0] == by_place["image"][0]
    with pytest.raises(ClientError, match="INVALID_ARGUMENT.*there is no conv9"):
        client.predict(TASK.name, {**request, "layers": ["conv9"]})


def test_a_person_asks_in_words(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(40, 70))
    signature, request = read_request(
        TASK, str(path), layers="conv2=1", octaves="3", step="1.5", channel="12"
    )
    assert signature == "serving_default"
    assert request == {
        "image": [path.read_bytes()],
        "layers": ["conv2=1"],
        "channel": [12],
        "octaves": [3],
        "step": [1.5],
    }
    with pytest.raises(DataError, match="iterations: expected a whole number, 1 to 100, "):
        read_request(TASK, str(path), iterations="2.5")
    with pytest.raises(DataError, match="found no file 'nothing.jpg'"):
        read_request(TASK, "nothing.jpg")
    said = {entry.name for entry in TASK.serving.inputs} - {"image", "layer_weights"}
    assert set(asker_of(TASK).options) == said


def test_a_person_is_shown_the_rise_of_each_octave(tmp_path: Path) -> None:
    answer = {
        "image": np.array([b"\x89PNG"], object),
        "objective": np.array([[1.0, 1.5, 2.0, 3.0, 3.0]]),
    }
    request = {"octaves": [2], "iterations": [2]}
    said = show(TASK, request, answer, tmp_path / "dream.png")
    assert said.endswith("dream.png\tobjective, octave 1: 1 → 1.5; octave 2: 2 → 3")
    assert (tmp_path / "dream.png").read_bytes() == b"\x89PNG"
