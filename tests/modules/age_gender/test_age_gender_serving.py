"""age_gender: answers and scores of the served model, against crops and means made by hand."""

from __future__ import annotations

import io
from typing import Any

import apache_beam as beam
import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from PIL import Image
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from modules.age_gender import baselines, hog, machine
from modules.age_gender.features import preprocessing_fn
from modules.age_gender.labels import AGE_GROUPS, GENDERS
from modules.age_gender.model import build_model
from modules.age_gender.signatures import AgeGenderServable
from modules.age_gender.task import TASK
from modules.common.declaring.settings import as_dict, change
from modules.common.export import saved_model

_SETTINGS = TASK.resolve({"image_px": 40, "crop_px": 36, "width": 0.1}, smoke=True)
# More than are computed at once.
_FACES = 19


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    """Pictures that differ much, uint8 `[19, 40, 40, 3]`."""
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 256, (_FACES, 40, 40, 3))
    return (noise * rng.uniform(0, 1, (_FACES, 1, 1, 3))).astype(np.uint8)


@pytest.fixture(scope="module")
def transform_output(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    folder = str(tmp_path_factory.mktemp("transform"))
    names = ("image", "age_group", "gender")
    spec = {name: tf.io.FixedLenFeature([1], tf.string) for name in names}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    blank = png(np.zeros((8, 8, 3), np.uint8))
    rows = [{"image": [blank], "age_group": [b"0-2"], "gender": [b"male"]}]
    with beam.Pipeline("FnApiRunner") as pipeline, tft_beam.Context(f"{folder}/temporary"):
        function = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: preprocessing_fn(inputs, {"settings": as_dict(_SETTINGS)})
        )
        function | tft_beam.WriteTransformFn(f"{folder}/out")
    metadata_io.write_metadata(metadata, f"{folder}/out/metadata")
    return tft.TFTransformOutput(f"{folder}/out")


@pytest.fixture(scope="module")
def fitted(faces: np.ndarray) -> dict[str, Any]:
    """Machines that were fitted on half of the faces with labels by chance."""
    labels = np.random.default_rng(7).integers(0, [8, 2], (_FACES, 2))[:10]
    split = Faces(faces[:10], labels)
    return {**baselines.fit(split, _SETTINGS), "majority": np.array([4, 0], np.int64)}  # type: ignore[arg-type]


class Faces(dict[str, np.ndarray]):
    """In place of a split."""

    def __init__(self, image: np.ndarray, labels: np.ndarray) -> None:
        super().__init__(age_gender=labels)
        self._batch = ({"image": image}, labels)

    def batches(self, size: int, seed: int) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors(self._batch)


def made(
    transform_output: tft.TFTransformOutput, fitted: dict[str, Any], crops: int = 10
) -> AgeGenderServable:
    keras.utils.set_random_seed(4)
    settings = change(_SETTINGS, crops=crops)
    model = build_model(settings, transform_output)
    return AgeGenderServable(TASK, settings, model, transform_output, fitted)


def by_hand(model: keras.Model, face: np.ndarray, crops: int) -> tuple[np.ndarray, np.ndarray]:
    starts = [(2, 2), (0, 0), (0, 4), (4, 0), (4, 4)] if crops == 10 else [(2, 2)]
    parts = [face[top : top + 36, left : left + 36] for top, left in starts]
    parts += [part[:, ::-1] for part in parts] if crops == 10 else []
    logits = np.concatenate([model({"image": part[None]}).numpy() for part in parts])
    ages, genders = (softmax(each).mean(0) for each in np.split(logits, [8], 1))
    return ages, genders


def softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(-1, keepdims=True))


def joined_by_hand(
    servable: AgeGenderServable, face: np.ndarray, crops: int
) -> tuple[np.ndarray, np.ndarray]:
    """Geometric means of the network's probabilities and the machine's."""
    described = hog.describe_both_ways(tf.constant(face[None]))
    means = []
    network = by_hand(servable.model, face, crops)
    for what, odds in zip(("age", "gender"), network, strict=True):
        fitted = servable.baselines["machine"][what], servable.baselines["space"]
        both = odds * softmax(machine.decide(described, *fitted).numpy()[0])
        means.append(np.sqrt(both) / np.sqrt(both).sum())
    return means[0], means[1]


@pytest.mark.parametrize("crops", [1, 10])
def test_an_answer_is_the_mean_of_the_crops(
    transform_output: tft.TFTransformOutput,
    faces: np.ndarray,
    fitted: dict[str, Any],
    crops: int,
) -> None:
    servable = made(transform_output, fitted, crops)
    answer = servable.answer({"image": tf.constant([png(face) for face in faces])})
    for row, face in enumerate(faces):
        ages, genders = joined_by_hand(servable, face, crops)
        np.testing.assert_allclose(answer["age_probabilities"][row], ages, atol=1e-5)
        assert answer["age_group"][row] == AGE_GROUPS[ages.argmax()].encode()
        assert answer["gender"][row] == GENDERS[genders.argmax()].encode()
        assert float(answer["gender_probability"][row]) == pytest.approx(genders.max(), abs=1e-5)
    assert len(set(answer["age_group"].numpy())) > 1 and len(set(answer["gender"].numpy())) == 2


def test_scores_count_what_is_known(
    transform_output: tft.TFTransformOutput, faces: np.ndarray, fitted: dict[str, Any]
) -> None:
    servable = made(transform_output, fitted)
    rng = np.random.default_rng(6)
    ages, genders = rng.integers(0, 8, _FACES), rng.integers(0, 2, _FACES)
    ages[[0, 5]], genders[[0, 7, 8]] = -1, -1
    names = [[("unknown", *AGE_GROUPS)[age + 1].encode()] for age in ages]
    kinds = [[("unknown", *GENDERS)[gender + 1].encode()] for gender in genders]
    contents = [[png(face)] for face in faces]
    raw = {"image": contents, "age_group": names, "gender": kinds}
    scores = servable.score({name: tf.constant(values) for name, values in raw.items()})
    described = hog.describe(tf.constant(faces)), hog.describe_both_ways(tf.constant(faces))
    wanted = {}
    for column, (what, right) in enumerate({"age": ages, "gender": genders}.items()):
        space, by_kernel = fitted["space"], fitted["machine"][what]
        answers = {
            "score": [joined_by_hand(servable, face, 10)[column].argmax() for face in faces],
            "network": [by_hand(servable.model, face, 10)[column].argmax() for face in faces],
            "majority": [(4, 0)[column]] * _FACES,
            "svm": baselines.decide_by_svm(described[0], fitted["svm"][what]).numpy().argmax(1),
            "machine": machine.decide(described[1], by_kernel, space).numpy().argmax(1),
        }
        off = {whose: abs(np.array(values) - right) for whose, values in answers.items()}
        known = right >= 0
        for name, most in ((f"{what}_accuracy", 0), *([("age_one_off", 1)] * (1 - column))):
            wanted[f"{name}__weight"] = known
            for whose in ("score", "majority", "svm", "machine"):
                wanted[f"{name}__{whose}"] = (off[whose] <= most) & known
        wanted[f"network_{what}_accuracy__weight"] = known
        wanted[f"network_{what}_accuracy__score"] = (off["network"] == 0) & known
        wanted[f"network_{what}_accuracy__majority"] = (off["majority"] == 0) & known
        assert not known.all()
    assert set(scores) == set(wanted)
    for name, values in wanted.items():
        np.testing.assert_array_equal(scores[name], values.astype(np.float32), name)


@pytest.mark.parametrize("norm", ["batch", "lrn"])
def test_an_exported_model_answers_as_it_did(
    transform_output: tft.TFTransformOutput,
    faces: np.ndarray,
    fitted: dict[str, Any],
    norm: str,
    tmp_path: Any,
) -> None:
    settings = change(_SETTINGS, norm=norm)
    model = build_model(settings, transform_output)
    servable = AgeGenderServable(TASK, settings, model, transform_output, fitted)
    saved_model.save(servable, f"{tmp_path}/model")
    contents = tf.constant([png(face) for face in faces])
    served = tf.saved_model.load(f"{tmp_path}/model").signatures["serving_default"](image=contents)
    direct = servable.answer({"image": contents})
    np.testing.assert_allclose(
        served["age_probabilities"], direct["age_probabilities"], rtol=1e-4, atol=1e-6
    )
    np.testing.assert_array_equal(served["gender"], direct["gender"])
    empty = tf.saved_model.load(f"{tmp_path}/model").signatures["serving_default"](
        image=tf.constant([], tf.string)
    )
    assert empty["age_probabilities"].shape == (0, 8)
