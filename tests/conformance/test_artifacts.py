"""What a smoke run of every task leaves: schema, features, signatures, gate."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf
import tensorflow_model_analysis as tfma
import tensorflow_transform as tft
from google.protobuf import text_format
from smoke import SmokeRun
from tensorflow_metadata.proto.v0 import schema_pb2

from components.curated_schema import schema_text
from modules.common.declaring.task import Task
from modules.common.evaluating import evaluation
from modules.common.export import saved_model
from modules.common.graph.tensors import DTYPES, unpack
from modules.common.training.input_pipeline import Split

pytestmark = pytest.mark.e2e


def raw_examples(run: SmokeRun, split: str = "eval") -> list[bytes]:
    files = sorted(str(path) for path in (run.artifact("examples") / f"Split-{split}").glob("*"))
    dataset = tf.data.TFRecordDataset(files, compression_type="GZIP")
    return list(dataset.take(64).as_numpy_iterator())


def transform_output(run: SmokeRun) -> tft.TFTransformOutput:
    return tft.TFTransformOutput(str(run.transform_graph))


def transformed_files(run: SmokeRun, split: str) -> list[str]:
    folder = run.root / "smoke/pipelines" / run.task.name / "Transform/transformed_examples"
    return [str(path) for path in folder.glob(f"*/Split-{split}/*")]


def settings(task: Task) -> Any:
    return task.resolve({}, smoke=True)


def build(run: SmokeRun) -> keras.Model:
    model_module = importlib.import_module(f"modules.{run.task.name}.model")
    keras.utils.set_random_seed(1)
    return model_module.build_model(settings(run.task), transform_output(run))


def servable_class(task: Task) -> type[saved_model.Servable]:
    module = importlib.import_module(f"modules.{task.name}.signatures")
    [found] = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, saved_model.Servable)
        and value is not saved_model.Servable
    ]
    return found


def open_split(run: SmokeRun, name: str) -> Split:
    return Split(transformed_files(run, name), transform_output(run), run.task, settings(run.task))


def make_servable(run: SmokeRun, model: keras.Model) -> saved_model.Servable:
    output = transform_output(run)
    splits = [open_split(run, name) for name in ("train", "eval")]
    found = servable_class(run.task)
    baselines = found.fit_baselines(*splits, settings(run.task))
    servable = found(run.task, settings(run.task), model, output, baselines)
    servable.calibrate(splits[0])
    return servable


@pytest.fixture(scope="session")
def loaded(smoke_run: SmokeRun) -> Any:
    """The model that Trainer exported."""
    return tf.saved_model.load(str(smoke_run.saved_model))


def answer_to(loaded: Any, request: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """What `serving_default` of a loaded model answers."""
    answers: dict[str, tf.Tensor] = loaded.signatures["serving_default"](
        **saved_model.as_arguments(request)
    )
    return answers


def test_schema_covers_the_raw_features(smoke_run: SmokeRun) -> None:
    schema = text_format.Parse(schema_text(smoke_run.task.name), schema_pb2.Schema())
    declared = {feature.name for feature in schema.feature}
    for serialized in raw_examples(smoke_run):
        example = tf.train.Example.FromString(serialized)
        assert set(example.features.feature) == declared


def test_transform_gives_what_is_declared(smoke_run: SmokeRun) -> None:
    task = smoke_run.task
    output = transform_output(smoke_run)
    layer = output.transform_features_layer()
    raw = tf.io.parse_example(raw_examples(smoke_run), output.raw_feature_spec())
    declared = task.features_for(settings(task))
    first, second = (unpack(layer(raw), declared) for _ in range(2))
    assert set(first) == {feature.name for feature in declared}
    for feature in declared:
        values = first[feature.name]
        assert values.dtype == DTYPES[feature.dtype], feature.name
        shape = [None, *feature.shape]
        assert values.shape.is_compatible_with(shape), feature.name
        if feature.dtype != "string":
            assert np.isfinite(values.numpy()).all(), feature.name
        np.testing.assert_array_equal(values, second[feature.name])


def media(task: Task) -> set[str]:
    """Raw features that hold encoded pictures, by the schema."""
    schema = text_format.Parse(schema_text(task.name), schema_pb2.Schema())
    return {feature.name for feature in schema.feature if feature.HasField("image_domain")}


def strange(raw: dict[str, tf.Tensor], kept: set[str]) -> Iterator[dict[str, tf.Tensor]]:
    """The same raw features with text that is empty, very long, or never seen."""
    for text in (b"", "很长的名字".encode() * 500, "\U0001f600\U00020bb7?".encode(), b"\xff\xfe"):
        yield {
            name: tf.fill(tf.shape(values), text)
            if values.dtype == tf.string and name not in kept
            else values
            for name, values in raw.items()
        }


def test_transform_survives_strange_text(smoke_run: SmokeRun) -> None:
    output = transform_output(smoke_run)
    layer = output.transform_features_layer()
    raw = tf.io.parse_example(raw_examples(smoke_run)[:3], output.raw_feature_spec())
    for inputs in strange(raw, kept=media(smoke_run.task)):
        for name, values in layer(inputs).items():
            assert values.shape[0] == 3, name
            if values.dtype != tf.string:
                assert np.isfinite(values.numpy()).all(), name


def test_what_is_no_picture_is_refused(smoke_run: SmokeRun, loaded: Any) -> None:
    pictures = media(smoke_run.task)
    served = pictures & {entry.name for entry in smoke_run.task.serving.inputs}
    request = saved_model.example_request(smoke_run.task)
    truncated = {name: tf.strings.substr(request[name], 0, 200) for name in served}
    for name in served:
        for wrong in (tf.constant([b""]), tf.constant([b"this is no picture"]), truncated[name]):
            with pytest.raises(tf.errors.InvalidArgumentError):
                answer_to(loaded, request | {name: wrong})


def test_model_takes_any_batch_and_learns_one(smoke_run: SmokeRun) -> None:
    model = build(smoke_run)
    train = open_split(smoke_run, "train").batches(batch_size=32)
    features, labels = next(iter(train))
    for size in (1, 3):
        answer = model({name: values[:size] for name, values in features.items()})
        assert tf.nest.flatten(answer)[0].shape[0] == size
    losses = [float(model.train_on_batch(features, labels, return_dict=True)["loss"])]
    for _ in range(40):
        losses.append(float(model.train_on_batch(features, labels, return_dict=True)["loss"]))
    assert np.isfinite(losses).all()
    assert np.mean(losses[-3:]) < np.mean(losses[:3])


def test_signature_equals_the_direct_path(smoke_run: SmokeRun, loaded: Any) -> None:
    model = build(smoke_run)
    model.load_weights(str(smoke_run.saved_model / saved_model.WEIGHTS_FILE))
    direct = make_servable(smoke_run, model).answer(saved_model.example_request(smoke_run.task))
    served = answer_to(loaded, saved_model.example_request(smoke_run.task))
    assert set(served) == {entry.name for entry in smoke_run.task.serving.outputs}
    # Sounds are made in many rounds, each of which makes more of the last one's rounding: phases
    # come out otherwise, and what is heard and measured is about the same.
    is_sound = any(is_wav(values) for values in served.values())
    for name, values in served.items():
        if is_wav(values):
            for found, wanted in zip(values.numpy(), direct[name].numpy(), strict=True):
                first, second = samples_of(found), samples_of(wanted)
                assert len(first) == len(second)
                assert first.std() == pytest.approx(second.std(), rel=0.1)
        elif values.dtype == tf.string:
            np.testing.assert_array_equal(values, direct[name])
        else:
            rtol = 0.1 if is_sound else 1e-4
            np.testing.assert_allclose(values, direct[name], rtol=rtol, atol=1e-5)


def is_wav(values: tf.Tensor) -> bool:
    is_text = values.dtype == tf.string and len(values.shape) == 1
    return is_text and values.numpy()[0].startswith(b"RIFF")


def samples_of(wav: bytes) -> np.ndarray:
    return soundfile.read(io.BytesIO(wav))[0]


def test_evaluate_gives_every_declared_score(smoke_run: SmokeRun, loaded: Any) -> None:
    task = smoke_run.task
    examples = tf.constant(raw_examples(smoke_run))
    scores = loaded.signatures["evaluate"](inputs=examples)
    wanted = {output.name: output for metric in task.metrics for output in metric.outputs}
    assert set(scores) == set(wanted)
    for name, values in scores.items():
        assert values.dtype == DTYPES[wanted[name].dtype], name
        shape = [len(examples), *wanted[name].shape]
        assert values.shape.is_compatible_with(shape), name
        assert np.isfinite(values.numpy()).all(), name


def test_garbage_is_a_clean_error(smoke_run: SmokeRun, loaded: Any) -> None:
    for name in ("serve_examples", "evaluate"):
        with pytest.raises(tf.errors.InvalidArgumentError):
            loaded.signatures[name](inputs=tf.constant([b"this is no tf.Example"]))


def test_an_untrained_model_fails_the_gate(smoke_run: SmokeRun, tmp_path: object) -> None:
    task = smoke_run.task
    saved_model.save(make_servable(smoke_run, build(smoke_run)), f"{tmp_path}/model")
    # As Evaluator does it where there is no blessed model yet.
    config = tfma.utils.update_eval_config_with_defaults(
        evaluation.eval_config(task), has_baseline=False, rubber_stamp=True
    )
    examples = smoke_run.artifact("examples") / "Split-eval"
    tfma.run_model_analysis(
        eval_shared_model=tfma.default_eval_shared_model(f"{tmp_path}/model", eval_config=config),
        eval_config=config,
        data_location=f"{examples}/*.gz",
        file_format="tfrecords",
        output_path=f"{tmp_path}/evaluation",
        schema=text_format.Parse(schema_text(task.name), schema_pb2.Schema()),
        pipeline_options=None,
    )
    assert not tfma.load_validation_result(f"{tmp_path}/evaluation").validation_ok
