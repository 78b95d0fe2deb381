"""deep_dream on a frozen graph with inception5h's layers: which there are, and dreams of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from dreaming import Dreaming, NoTransform
from inception5h import MIXED, write_graph
from PIL import Image
from smoke import LIANXI

from lianxi_client import Client, ClientError
from modules.common.export import saved_model
from modules.common.models.backbones import build_backbone, choose_stages
from modules.deep_dream import example
from modules.deep_dream.model import build_model
from modules.deep_dream.task import TASK
from serving.server import Server, ServerConfig

# The layer and the channel of the tutorial's flowers.
_FLOWERS, _CHANNEL = "mixed4d_3x3_bottleneck_pre_relu", 139
_PICTURE = np.random.default_rng(1).integers(0, 256, (1, 64, 48, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "inception.pb"
    write_graph(path, share=1 / 16)
    return path


@pytest.fixture(scope="module")
def backbone(graph: Path) -> keras.Model:
    return build_backbone("frozen_graph", str(graph), seed=1)


def test_the_layers_are_those_that_the_published_graph_has(backbone: keras.Model) -> None:
    names = list(backbone.output)
    assert len(names) == 2 * (3 + 6 * len(MIXED)) + len(MIXED) + 4 + len(MIXED) + 2
    assert {"conv2d0", "localresponsenorm1", "maxpool10", "mixed3a_pool", _FLOWERS} < set(names)
    assert [name for name in names if name in MIXED] == list(MIXED)
    assert names[0] == "conv2d0_pre_relu" and names[-1] == "mixed5b"
    beside = ("head", "nn", "softmax", "avgpool")
    assert not [name for name in names if name.startswith(beside) or name.endswith("conv")]
    assert backbone.output["mixed4c"].shape[-1] == 512 // 16


def test_a_frozen_layer_is_what_a_session_computes(graph: Path, backbone: keras.Model) -> None:
    stages = ["conv2d0_pre_relu", "localresponsenorm0", _FLOWERS, "mixed4c", "mixed5b"]
    definition = tf.compat.v1.GraphDef.FromString(graph.read_bytes())
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(definition, name="")
        wanted = session.run([f"{stage}:0" for stage in stages], {"input:0": _PICTURE - 117})
    for network in (backbone, choose_stages(backbone, stages)):
        found = network(_PICTURE, training=False)
        for stage, values in zip(stages, wanted, strict=True):
            np.testing.assert_allclose(found[stage], values, rtol=1e-3, atol=1e-3)
    assert list(choose_stages(backbone, stages).output) == stages


def test_pictures_below_what_the_classifiers_take_are_seen(backbone: keras.Model) -> None:
    found = backbone(_PICTURE[:, :32, :32], training=False)
    assert found["mixed5b"].shape == (1, 1, 1, 1024 // 16)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server of a model on the graph's first blocks and those up to the flowers."""
    folder = tmp_path_factory.mktemp("served")
    path = folder / "inception.pb"
    write_graph(path, blocks=("mixed3a", "mixed4d"))
    settings = TASK.resolve(
        {"backbone": "frozen_graph", "weights": str(path), "image_px": 32, "layers": "mixed3a"}
    )
    model = build_model(settings, None)
    baselines = {"constant": np.asarray(0)}
    servable = Dreaming(TASK, settings, model, NoTransform(), baselines)  # type: ignore[arg-type]
    saved_model.save(servable, str(folder / "model" / "1"))
    with Server({TASK.name: folder / "model"}, ServerConfig(port=0)) as server:
        server.wait_until_available(TASK.name, 120)
        with Client(f"localhost:{server.port}") as connected:
            yield connected


def test_a_layer_before_its_relu_is_dreamt_of_by_one_channel(client: Client) -> None:
    found = client.predict(TASK.name, {}, signature_name="layers")
    assert found[_FLOWERS][1] == 144 and found["mixed3a"][1] == 256
    request = {"image": [example.picture()], "octaves": [1], "iterations": [3]}
    flowers = {"layers": [f"{_FLOWERS}=1"], "channel": [_CHANNEL]}
    usual, of_one = (client.predict(TASK.name, {**request, **more}) for more in ({}, flowers))
    for answer in (usual, of_one):
        assert answer["objective"][0, -1] > answer["objective"][0, 0] > 0
    assert usual["image"][0] != of_one["image"][0]
    flowers["channel"] = [144]
    with pytest.raises(ClientError, match="each chosen layer has, 0 to 143"):
        client.predict(TASK.name, {**request, **flowers})


@pytest.mark.e2e
def test_the_command_trains_on_a_graph_by_its_path_and_dreams(tmp_path: Path) -> None:
    path, root, dream = tmp_path / "inception.pb", tmp_path / "root", tmp_path / "dream.png"
    write_graph(path, blocks=("mixed3a", "mixed4d"))
    place = ["--env", "smoke", "--root", str(root)]
    trained = ["--image-px", "32", "--sample-pictures", "200", "--learning-rate", "3e-4"]
    chosen = ["--backbone", "frozen_graph", "--weights", str(path), "--layers", "mixed3a=1"]
    lines = run("run", TASK.name, *place, *chosen, *trained, "--json").strip().splitlines()
    assert json.loads(lines[-1])["pushed"]
    photo = tmp_path / "photo.png"
    photo.write_bytes(example.picture())
    asked = ["--layers", _FLOWERS, "--channel", str(_CHANNEL), "--octaves", "2"]
    said = run("predict", TASK.name, str(photo), *place, *asked, "--out", str(dream))
    assert "octave 2" in said
    assert Image.open(dream).size == Image.open(photo).size
    assert dream.read_bytes() != photo.read_bytes()


def run(*arguments: str) -> str:
    """Runs `lianxi` in a process of its own, and gives what it wrote."""
    command = [LIANXI, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
