"""music_rbm: orders as the server gets them, scores, and the picture of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from music_rbm_tiny import costs_of, random_music, split, tiny_model, tiny_settings
from PIL import Image
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from modules.common.declaring.settings import as_dict
from modules.common.export import saved_model
from modules.common.midi import note_state
from modules.common.training.callbacks import REPORT_FILE, SAID_FILE
from modules.music_rbm import features
from modules.music_rbm.figures import measure
from modules.music_rbm.report import write_report
from modules.music_rbm.signatures import MusicRbmServable
from modules.music_rbm.task import MAX_GIBBS_STEPS, MAX_STEPS, NOTES, TASK

STEPS = 6
ORDERED = [each for each in TASK.serving.inputs if each.name not in ("steps", "seed")]
TRAIN, HELD_OUT = random_music(30, seed=1), random_music(7, seed=2)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    folder, settings = tmp_path_factory.mktemp("transform"), tiny_settings()
    spec = {
        "note_state": tf.io.FixedLenFeature([1], tf.string),
        "first_step": tf.io.FixedLenFeature([1], tf.int64),
    }
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [{"note_state": [np.packbits(TRAIN[0]).tobytes()], "first_step": [0]}]
    with beam.Pipeline("FnApiRunner") as pipeline, tft_beam.Context(f"{folder}/temporary"):
        function = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: features.preprocessing_fn(inputs, {"settings": as_dict(settings)})
        )
        function | tft_beam.WriteTransformFn(f"{folder}/out")
    metadata_io.write_metadata(metadata, f"{folder}/out/metadata")
    return tft.TFTransformOutput(f"{folder}/out")


@pytest.fixture(scope="module", params=["rnn_nade", "rbm", "rnn_rbm"])
def servable(request: pytest.FixtureRequest, output: tft.TFTransformOutput) -> MusicRbmServable:
    settings = tiny_settings(model=request.param)
    baselines = MusicRbmServable.fit_baselines(split(TRAIN), split(HELD_OUT), settings)
    model = tiny_model(model=request.param)
    found = MusicRbmServable(TASK, settings, model, output, baselines)
    found.calibrate(split(TRAIN))
    return found


@pytest.fixture(scope="module")
def serve(servable: MusicRbmServable) -> Any:
    traced = saved_model.signatures(servable)["serving_default"]

    def ask(**order: Any) -> np.ndarray:
        given = {
            entry.name: tf.constant(order[entry.name], saved_model.DTYPES[entry.dtype])
            if entry.name in order
            else saved_model.optional_inputs.default_tensor(entry)
            for entry in TASK.serving.inputs
        }
        return traced(**{"gibbs_steps": tf.constant([2], tf.int64), **given})["note_state"].numpy()

    return ask


@pytest.fixture(scope="module")
def evaluate(servable: MusicRbmServable) -> Any:
    def ask(music: np.ndarray) -> dict[str, np.ndarray]:
        windows = raw_windows(music)
        return {name: score.numpy() for name, score in servable.score(windows).items()}

    return ask


def raw_windows(music: np.ndarray) -> dict[str, tf.Tensor]:
    packed = [np.packbits(window).tobytes() for window in music]
    return {"note_state": tf.constant(packed), "first_step": tf.zeros([len(music)], tf.int64)}


def test_the_declared_notes_are_those_of_the_matrix() -> None:
    assert NOTES == note_state.NOTES


def test_music_does_not_depend_on_what_else_is_asked_for(serve: Any) -> None:
    orders = {
        "steps": [9, 4, 20, 1],
        "gibbs_steps": [3, 1, 2, 5],
        "temperature": [1.0, 2.0, 0.5, 1.0],
        "seed": [7, 7, 8, -1],
    }
    together = serve(**orders)
    assert together.shape == (4, 20, NOTES)
    for number, steps in enumerate(orders["steps"]):
        alone = serve(**{name: values[number : number + 1] for name, values in orders.items()})
        assert alone.shape == (1, steps, NOTES)
        np.testing.assert_array_equal(together[number, :steps], alone[0])
        assert not together[number, steps:].any()


def test_the_usual_order_is_of_the_declared_length(serve: Any) -> None:
    first = serve()
    assert first.shape == (1, 128, NOTES) and first.dtype == np.uint8
    assert set(np.unique(first)) == {0, 1}
    np.testing.assert_array_equal(first, serve(seed=[0]))
    assert (first != serve(seed=[1])).any()


def test_no_order_gets_no_music(serve: Any) -> None:
    nothing = {name: [] for name in ("steps", "gibbs_steps", "temperature", "seed")}
    assert serve(**nothing, primer=np.zeros((0, 0, NOTES))).shape == (0, 0, NOTES)


def test_primers_are_kept_each_by_its_own_order(serve: Any) -> None:
    primers = random_music(2, 4)
    music = serve(steps=[10, 4], seed=[1, 1], primer=primers)
    np.testing.assert_array_equal(music[:, :4], primers)
    assert not music[1, 4:].any()
    # One primer serves a batch of orders.
    music = serve(steps=[10, 8], seed=[1, 2], primer=primers[:1])
    np.testing.assert_array_equal(music[:, :4], primers[[0, 0]])


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"steps": [0]}, f"steps: expected 1 to {MAX_STEPS}, found 0"),
        ({"steps": [5, -3, -4]}, f"steps: expected 1 to {MAX_STEPS}, found -3"),
        ({"steps": [MAX_STEPS + 1]}, f"steps: expected 1 to {MAX_STEPS}, found {MAX_STEPS + 1}"),
        ({"gibbs_steps": [0]}, f"gibbs_steps: expected 1 to {MAX_GIBBS_STEPS}, found 0"),
        ({"gibbs_steps": [MAX_GIBBS_STEPS + 1]}, f"found {MAX_GIBBS_STEPS + 1}"),
        ({"temperature": [0.0]}, "temperature: expected more than 0, found 0"),
        ({"temperature": [float("nan")]}, "temperature: expected more than 0, found nan"),
        ({"temperature": [float("inf")]}, "temperature: expected more than 0, found inf"),
        (
            {"steps": [3], "primer": np.zeros((1, 5, NOTES))},
            "steps: expected at least the 5 of the primer, found 3",
        ),
        ({"primer": np.full((1, 5, NOTES), 2)}, "primer: expected 0 or 1, found 2"),
        ({"steps": [3, 4], "seed": [1, 2, 3]}, "expected as many examples"),
    ],
)
def test_what_cannot_be_is_refused(serve: Any, order: dict[str, Any], message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        serve(**order)


def test_a_primer_of_other_notes_is_refused(serve: Any) -> None:
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError, TypeError)):
        serve(primer=np.zeros((1, 5, 88)))


def test_scores_are_those_of_the_model(servable: MusicRbmServable, evaluate: Any) -> None:
    scores = evaluate(HELD_OUT)
    costs = costs_of(servable.model, HELD_OUT)
    np.testing.assert_allclose(scores["nats_per_unit__score"], costs.nats, 1e-5)
    np.testing.assert_allclose(scores["reconstruction__score"], costs.reconstruction, 1e-5)
    for metric in TASK.metrics:
        np.testing.assert_array_equal(scores[f"{metric.name}__weight"], [STEPS * NOTES] * 7)


def test_the_gap_is_that_of_held_out_and_training_music(
    servable: MusicRbmServable, evaluate: Any
) -> None:
    assert np.mean(evaluate(TRAIN)["free_energy_gap__score"]) == pytest.approx(0, abs=1e-3)
    means = [np.mean(costs_of(servable.model, music).free_energy) for music in (HELD_OUT, TRAIN)]
    gap = np.mean(evaluate(HELD_OUT)["free_energy_gap__score"])
    assert gap == pytest.approx(means[0] - means[1], abs=1e-3)
    assert abs(gap) > 1e-2


def test_answers_to_examples_say_how_likely_they_are(servable: MusicRbmServable) -> None:
    found = servable.answer_examples(raw_windows(HELD_OUT))["nats_per_unit"]
    wanted = costs_of(servable.model, HELD_OUT).nats / (STEPS * NOTES)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_the_report_is_a_picture_and_what_music_is_like(
    servable: MusicRbmServable, tmp_path: Path
) -> None:
    servable.traced = list(saved_model.signatures(servable).values())
    write_report(servable, split(HELD_OUT), str(tmp_path))
    with Image.open(tmp_path / REPORT_FILE) as picture:
        assert picture.format == "PNG" and min(picture.size) > 200
    drawn = servable.traced[0](
        **{each.name: saved_model.optional_inputs.default_tensor(each) for each in ORDERED},
        steps=tf.fill([5], tf.constant(STEPS, tf.int64)),
        seed=tf.range(1, 6, dtype=tf.int64),
    )
    said = measure(drawn["note_state"].numpy()).beside(measure(TRAIN))
    assert (tmp_path / SAID_FILE).read_text() == f"drawn music (training data): {said}"
