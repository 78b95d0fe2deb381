"""age_gender: the network, crops, masks, and the folds of the sample."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from unchecked import set_unchecked

from components.example_gen.pictures.adience import Executor
from components.example_gen.pictures.adience_reader import face_path, read_row
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record
from modules.age_gender import baselines
from modules.age_gender.features import cut_crops
from modules.age_gender.labels import AGE_GROUPS, GENDERS, UNKNOWN
from modules.age_gender.model import (
    HeadAccuracy,
    LocalResponse,
    Middle,
    build_model,
    masked_loss,
)
from modules.age_gender.sample.maker import write_sample
from modules.age_gender.task import TASK, Settings
from modules.common.declaring.settings import change
from modules.common.models.backbones import RANDOM
from modules.common.runtime.errors import DataError, TaskError

_SETTINGS = TASK.resolve({"image_px": 40, "crop_px": 36, "width": 0.1}, smoke=True)


def pictures(count: int, side: int = 40, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3)).astype(np.uint8)


def test_local_response_is_that_of_the_paper() -> None:
    values = np.random.default_rng(1).normal(0, 60, (2, 3, 4, 9)).astype(np.float32)
    wanted = np.empty_like(values)
    for place in np.ndindex(values.shape):
        *where, number = place
        beside = values[(*where, slice(max(0, number - 2), number + 3))]
        wanted[place] = values[place] / (1 + 1e-4 / 5 * np.sum(beside**2)) ** 0.75
    np.testing.assert_allclose(LocalResponse()(values), wanted, rtol=1e-4)
    assert not np.allclose(wanted, values, rtol=0.05)


def test_local_response_works_in_bfloat16() -> None:
    values = tf.cast(np.random.default_rng(1).normal(0, 60, (1, 2, 2, 9)), tf.float32)
    rough = LocalResponse(dtype="mixed_bfloat16")(tf.cast(values, tf.bfloat16))
    assert rough.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(rough, tf.float32), LocalResponse()(values), rtol=0.02)


def test_the_network_has_the_published_shapes() -> None:
    settings = TASK.resolve({"norm": "lrn", "width": 1.0, "image_px": 256, "crop_px": 227})
    model = build_model(settings, None)
    shapes = [tuple(weight.shape) for weight in model.trainable_weights if len(weight.shape) > 1]
    assert shapes == [
        (7, 7, 3, 96),
        (5, 5, 96, 256),
        (3, 3, 256, 384),
        (7 * 7 * 384, 512),
        (512, 512),
        (512, len(AGE_GROUPS) + len(GENDERS)),
    ]
    assert sum(isinstance(layer, LocalResponse) for layer in model.layers) == 2


def test_whole_pictures_are_seen_in_their_middle() -> None:
    whole = pictures(2)
    np.testing.assert_array_equal(Middle(36)(whole), whole[:, 2:38, 2:38])
    np.testing.assert_array_equal(Middle(40)(whole), whole)
    keras.utils.set_random_seed(1)
    model = build_model(_SETTINGS, None)
    np.testing.assert_allclose(
        model({"image": whole}), model({"image": whole[:, 2:38, 2:38]}), rtol=1e-5, atol=1e-6
    )


def test_fixed_crops_are_middle_corners_and_their_mirrors() -> None:
    whole = pictures(3)
    found = cut_crops(tf.constant(whole), 36, 10).numpy()
    starts = [(2, 2), (0, 0), (0, 4), (4, 0), (4, 4)]
    for number, (top, left) in enumerate(starts):
        crop = whole[:, top : top + 36, left : left + 36]
        np.testing.assert_array_equal(found[:, number], crop)
        np.testing.assert_array_equal(found[:, 5 + number], np.flip(crop, axis=2))
    one = cut_crops(tf.constant(whole), 36, 1).numpy()
    np.testing.assert_array_equal(one, found[:, :1])


def test_what_is_unknown_costs_nothing() -> None:
    logits = np.random.default_rng(2).normal(size=(4, 10)).astype(np.float32)
    label = np.array([[3, 1], [-1, 0], [7, -1], [-1, -1]])

    def cost(values: np.ndarray, right: int) -> float:
        return float(np.log(np.sum(np.exp(values))) - values[right])

    wanted = [
        cost(logits[0, :8], 3) + cost(logits[0, 8:], 1),
        cost(logits[1, 8:], 0),
        cost(logits[2, :8], 7),
        0.0,
    ]
    plain = masked_loss(change(_SETTINGS, label_smoothing=0.0))
    np.testing.assert_allclose(plain(label, logits), wanted, rtol=1e-5)


def test_smoothed_labels_lean_to_the_groups_beside() -> None:
    logits = np.random.default_rng(2).normal(size=(3, 10)).astype(np.float32)
    label = np.array([[3, 1], [0, 0], [7, -1]])
    ages = np.zeros((3, 8))
    ages[0, 2:5], ages[1, :2], ages[2, 6:] = (0.1, 0.8, 0.1), (0.8, 0.2), (0.2, 0.8)
    genders = np.array([[0.2, 0.8], [0.8, 0.2], [0, 0]])
    logs = [part - np.log(np.exp(part).sum(1, keepdims=True)) for part in np.split(logits, [8], 1)]
    wanted = -(ages * logs[0]).sum(1) - (genders * logs[1]).sum(1)
    found = masked_loss(change(_SETTINGS, label_smoothing=0.2))(label, logits)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_accuracy_counts_what_is_known() -> None:
    label = np.array([[0, 1], [-1, 0], [2, -1], [3, 1]])
    logits = np.zeros((4, 10), np.float32)
    for row, (age, gender) in enumerate([(0, 1), (5, 1), (1, 0), (3, 1)]):
        logits[row, age] = logits[row, 8 + gender] = 1
    for column, (name, wanted) in enumerate([("age_accuracy", 2 / 3), ("gender_accuracy", 2 / 3)]):
        metric = HeadAccuracy(column, name)
        metric.update_state(label[:1], logits[:1])
        metric.update_state(label[1:], logits[1:])
        assert float(metric.result()) == pytest.approx(wanted)


@pytest.mark.parametrize("norm", ["batch", "lrn"])
def test_the_network_learns_a_batch_with_either_normalization(norm: str) -> None:
    keras.utils.set_random_seed(1)
    label = np.random.default_rng(3).integers(0, [8, 2], (16, 2))
    label[:3, 0], label[4:7, 1] = -1, -1
    model = build_model(change(_SETTINGS, norm=norm, dropout=0.0), None)
    history = model.fit(pictures_of(label), label, batch_size=16, epochs=60, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["age_accuracy"][-1] > 0.7 and history["gender_accuracy"][-1] > 0.7


def pictures_of(label: np.ndarray) -> dict[str, np.ndarray]:
    """Noise that is as bright above as the age, and below as the gender."""
    noise = pictures(len(label)) // 4
    noise[:, :20] += (20 * label[:, 0, None, None, None]).clip(0).astype(np.uint8)
    noise[:, 20:] += (120 * label[:, 1, None, None, None]).clip(0).astype(np.uint8)
    return {"image": noise}


class Faces(dict[str, np.ndarray]):
    """In place of a split: its labels, and noise for pictures."""

    def batches(self, size: int, seed: int) -> tf.data.Dataset:
        labels = self["age_gender"]
        return tf.data.Dataset.from_tensors(({"image": pictures(len(labels))}, labels))


def test_the_majority_is_the_most_frequent_of_the_known() -> None:
    label = np.array([[-1, 1], [-1, 1], [-1, -1], [4, -1], [4, 0], [2, 1]])
    split: Any = Faces(age_gender=label)
    fitted = baselines.fit(split, _SETTINGS)
    assert fitted["majority"].tolist() == [4, 1]
    assert fitted["machine"]["age"]["weights"].shape == (3, 8)
    split = Faces(age_gender=label[:2])
    with pytest.raises(DataError, match="no face that is trained on has a known age"):
        baselines.fit(split, _SETTINGS)


@pytest.mark.parametrize("name", ["tiny", "squeezenet", "mobilenet_v2"])
def test_another_backbone_may_see_the_face(name: str) -> None:
    settings = set_unchecked(change(_SETTINGS, backbone=name), weights=RANDOM)
    model = build_model(settings, None)
    assert model({"image": pictures(3)}).shape == (3, len(AGE_GROUPS) + len(GENDERS))
    assert (len(model.trainable_weights) > 2) == (name == "tiny")


def test_a_backbone_says_how_large_its_pictures_must_be() -> None:
    with pytest.raises(TaskError, match="crop_px: inception_v3 takes 75 or more, found 36"):
        build_model(change(_SETTINGS, backbone="inception_v3"), None)


def test_a_crop_cannot_be_larger_than_the_picture() -> None:
    with pytest.raises(TaskError, match="32 <= crop_px <= image_px, found 60 and 48"):
        TASK.features_for(TASK.resolve({"image_px": 48, "crop_px": 60}))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, Settings(seed=3, sample_faces=120))
    return folder


def rows(sample: Path, fold: int) -> list[dict[str, str]]:
    with (sample / f"fold_{fold}_data.txt").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_a_person_is_in_one_fold_and_every_fold_has_people(sample: Path) -> None:
    users = [{row["user_id"] for row in rows(sample, fold)} for fold in range(5)]
    assert all(users) and len(set.union(*users)) == sum(map(len, users))
    every = [row for fold in range(5) for row in rows(sample, fold)]
    assert len(every) == 120
    faces = {str(path.relative_to(sample)) for path in sample.glob("aligned/*/*")}
    assert {face_path(row) for row in every} == faces
    smallest = min(min(Image.open(sample / face).size) for face in faces)
    assert smallest >= 227


@pytest.mark.parametrize("fold", range(5))
def test_the_fold_is_what_is_evaluated_on(sample: Path, fold: int) -> None:
    settings = TASK.resolve({"fold": str(fold)})
    source = TASK.sources[0]
    assert source.matches(sample)
    config = ReadConfig(task_name=TASK.name, source=source, settings=settings, data_dir=str(sample))
    items = Executor.items(config, source.patterns)
    Executor.check(items, config)
    found = [one for item in items for one in read_row(item, config)]
    whose = {path.read_bytes(): path.parent.name for path in sample.glob("aligned/*/*")}
    for split, folds in (("eval", {fold}), ("train", set(range(5)) - {fold})):
        users = {
            whose[one.features["image"]]
            for one in found
            if isinstance(one, Record) and one.split == split
        }
        labelled = {
            row["user_id"]
            for each in folds
            for row in rows(sample, each)
            if row["age"] != "None" or row["gender"]
        }
        assert users == labelled
    records = [one for one in found if isinstance(one, Record)]
    assert len(found) == 120 and 100 <= len(records)
    assert {one.features["gender"] for one in records} == {*GENDERS, UNKNOWN}


def test_the_sample_is_a_function_of_its_seed(sample: Path, tmp_path: Path) -> None:
    for name, seed in (("same", 3), ("other", 4)):
        write_sample(tmp_path / name, Settings(seed=seed, sample_faces=12))
    for path in (tmp_path / "same").glob("aligned/*/*"):
        assert path.read_bytes() == (sample / path.relative_to(tmp_path / "same")).read_bytes()
    table = "fold_0_data.txt"
    assert (tmp_path / "same" / table).read_text() != (tmp_path / "other" / table).read_text()
