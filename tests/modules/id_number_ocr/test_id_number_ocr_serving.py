from __future__ import annotations

from typing import Any

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from modules.common.declaring.settings import as_dict
from modules.id_number_ocr import example, features, model, numbers
from modules.id_number_ocr.signatures import IdNumberOcrServable
from modules.id_number_ocr.task import TASK

_SETTINGS = TASK.resolve({"filters": 4})
_RIGHT = ("11010519491231002X", "440524188001010014")
_WRONG_LAST = "110105194912310021"
_TWO_WRONG = "110105194999990021"


class StubModel:
    """In place of a trained model: reads what it is told, whatever it sees."""

    def __init__(self, *readings: str) -> None:
        logits = np.zeros([len(readings), 18, 11], np.float32)
        for row, reading in zip(logits, readings, strict=True):
            for place, character in enumerate(reading):
                row[place, numbers.CHARACTERS.index(character)] = 8.0
        # In doubt between 1 and X at the end.
        logits[:, 17, 10] = np.maximum(logits[:, 17, 10], 6.0)
        self.logits = logits

    def __call__(self, inputs: dict[str, tf.Tensor], training: bool) -> tf.Tensor:
        assert inputs["image"].dtype == tf.uint8
        assert inputs["image"].shape[1:] == (32, 256, 1)
        return tf.constant(self.logits)


@pytest.fixture(scope="module")
def transform_output(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    folder = tmp_path_factory.mktemp("id_number_ocr")
    names = ("image", "number", "typeface")
    spec = {name: tf.io.FixedLenFeature([1], tf.string) for name in names}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [{"image": [example.PNG], "number": [_RIGHT[0].encode()], "typeface": [b"unknown"]}]
    with beam.Pipeline("FnApiRunner") as pipeline, tft_beam.Context(str(folder / "temporary")):
        function = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: features.preprocessing_fn(inputs, {"settings": as_dict(_SETTINGS)})
        )
        function | tft_beam.WriteTransformFn(str(folder / "out"))
    metadata_io.write_metadata(metadata, str(folder / "out" / "metadata"))
    return tft.TFTransformOutput(str(folder / "out"))


def servable(transform_output: tft.TFTransformOutput, reader: Any) -> IdNumberOcrServable:
    train = {"characters": np.array([[numbers.CHARACTERS.index(c) for c in _RIGHT[0]]])}
    baselines = IdNumberOcrServable.fit_baselines(train, train, _SETTINGS)  # type: ignore[arg-type]
    return IdNumberOcrServable(TASK, _SETTINGS, reader, transform_output, baselines)


def raw_batch(texts: tuple[str, ...]) -> dict[str, tf.Tensor]:
    return {
        "image": tf.constant([example.PNG] * len(texts))[:, None],
        "number": tf.constant(texts)[:, None],
        "typeface": tf.constant(["unknown"] * len(texts))[:, None],
    }


def test_an_answer_says_number_check_and_repair(transform_output: tft.TFTransformOutput) -> None:
    readings = (*_RIGHT, _WRONG_LAST, _TWO_WRONG)
    found = servable(transform_output, StubModel(*readings)).answer(
        {"image": tf.constant([example.PNG] * 4)}
    )
    assert set(found) == {entry.name for entry in TASK.serving.outputs}

    def texts(name: str) -> list[str]:
        return [text.decode() for text in found[name].numpy()]

    assert texts("number") == list(readings)
    assert found["checksum_ok"].numpy().tolist() == [True, True, False, False]
    assert texts("repaired_number") == [*_RIGHT, _RIGHT[0], _TWO_WRONG]
    assert texts("birth_date") == ["1949-12-31", "1880-01-01", "1949-12-31", ""]
    assert texts("gender") == ["female", "male", "female", "female"]
    sure = np.exp(8) / (np.exp(8) + 10)
    torn = np.exp(8) / (np.exp(8) + np.exp(6) + 9)
    np.testing.assert_allclose(found["character_confidences"][:, :17], sure, rtol=1e-5)
    np.testing.assert_allclose(
        found["character_confidences"][:, 17], [sure, torn, torn, torn], rtol=1e-5
    )
    np.testing.assert_allclose(found["confidence"][:2], [sure**18, sure**17 * torn], rtol=1e-4)


def test_scores_count_readings_and_what_the_check_is_worth(
    transform_output: tft.TFTransformOutput,
) -> None:
    # Right; right; one wrong, caught and mended; wrong, but its check character agrees.
    truth = (_RIGHT[0], _RIGHT[1], _RIGHT[0], _RIGHT[0])
    reader = StubModel(_RIGHT[0], _RIGHT[1], _WRONG_LAST, _RIGHT[1])
    scores = {
        name: tensor.numpy().tolist()
        for name, tensor in servable(transform_output, reader).score(raw_batch(truth)).items()
    }
    agreeing = sum(a == b for a, b in zip(*_RIGHT, strict=True))
    assert scores == {
        "number_accuracy__score": [1, 1, 0, 0],
        "number_accuracy__constant": [1, 0, 1, 1],
        "number_accuracy__weight": [1, 1, 1, 1],
        "char_accuracy__score": [18, 18, 17, agreeing],
        "char_accuracy__constant": [18, agreeing, 18, 18],
        "char_accuracy__weight": [18, 18, 18, 18],
        "repaired_accuracy__score": [1, 1, 1, 0],
        "repaired_accuracy__weight": [1, 1, 1, 1],
        "errors_caught__score": [0, 0, 1, 0],
        "errors_caught__weight": [0, 0, 1, 1],
        "errors_mended__score": [0, 0, 1, 0],
        "errors_mended__weight": [0, 0, 1, 1],
    }


def test_classify_examples_need_no_label(transform_output: tft.TFTransformOutput) -> None:
    serving = servable(transform_output, StubModel(_RIGHT[0]))
    unlabelled = tf.train.Example()
    unlabelled.features.feature["image"].bytes_list.value.append(example.PNG)
    parsed = serving.parse(tf.constant([unlabelled.SerializeToString()]))
    assert serving.answer_examples(parsed)["number"].numpy().tolist() == [_RIGHT[0].encode()]


def test_the_model_never_reads_an_x_before_the_end() -> None:
    built = model.build_model(_SETTINGS, None)  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    logits = built({"image": rng.integers(0, 256, [8, 32, 256, 1]).astype(np.uint8)}).numpy()
    assert logits.shape == (8, 18, 11)
    assert logits[:, :17, 10].max() < logits[:, :17, :10].min() - 100
    assert abs(logits[:, 17, 10]).max() < 100


def test_the_model_sees_contrast_not_brightness() -> None:
    built = model.build_model(_SETTINGS, None)  # type: ignore[arg-type]
    rng = np.random.default_rng(1)
    strip = rng.integers(0, 2, [1, 32, 256, 1]).astype(np.uint8)
    bright, dim = (
        built({"image": (low + span * strip).astype(np.uint8)}).numpy()
        for low, span in ((40, 200), (5, 200))
    )
    np.testing.assert_allclose(bright, dim, atol=1e-5)
    assert np.abs(built({"image": 240 - 200 * strip}).numpy() - bright).max() > 1e-3
