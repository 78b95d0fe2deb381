"""What is particular to voice_gender: columns, keys, sample, baselines, served recordings."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from asked import read_request, show
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io

from modules.common.declaring.settings import as_dict, change
from modules.common.declaring.task import Task
from modules.common.export import saved_model
from modules.common.export.request_checks import prepare_request
from modules.common.runtime.errors import DataError
from modules.voice_gender import acoustic
from modules.voice_gender.features import preprocessing_fn
from modules.voice_gender.model import build_model
from modules.voice_gender.properties import PROPERTIES, SAMPLE_RATE_HZ
from modules.voice_gender.sample import maker
from modules.voice_gender.signatures import VoiceGenderServable
from modules.voice_gender.task import TASK, speaker

ROOT = Path(__file__).parents[3]
HEADER = (
    "meanfreq sd median Q25 Q75 IQR skew kurt sp.ent sfm mode centroid meanfun minfun maxfun "
    "meandom mindom maxdom dfrange modindx label"
).split()
SETTINGS = TASK.resolve({"epochs": 30, "sample_recordings": 48}, smoke=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("voices")
    maker.write_sample(path, change(SETTINGS, seed=0))
    return path


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict]:
    return [
        acoustic.featurize(*soundfile.read(path, dtype="float32")) | {"label": path.parent.name}
        for path in sorted(folder.glob("*/*.wav"))
    ]


@pytest.fixture(scope="module")
def transform_output(
    rows: list[dict], tmp_path_factory: pytest.TempPathFactory
) -> tft.TFTransformOutput:
    text = (ROOT / "schemas/voice_gender/schema.pbtxt").read_text()
    schema = text_format.Parse(text, schema_pb2.Schema())
    metadata = dataset_metadata.DatasetMetadata(schema)
    instances = [{name: [value] for name, value in row.items()} for row in rows]
    directory = str(tmp_path_factory.mktemp("transform") / "output")
    with tft_beam.Context(temp_dir=str(tmp_path_factory.mktemp("temp")), force_tf_compat_v1=False):
        transform_fn = (instances, metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: preprocessing_fn(inputs, {"settings": as_dict(SETTINGS)})
        )
        transform_fn | tft_beam.WriteTransformFn(directory)
    metadata_io.write_metadata(metadata, f"{directory}/{tft.TFTransformOutput.RAW_METADATA_DIR}")
    return tft.TFTransformOutput(directory)


@pytest.fixture(scope="module")
def servable(rows: list[dict], transform_output: tft.TFTransformOutput) -> VoiceGenderServable:
    layer = transform_output.transform_features_layer()
    train = {name: value.numpy() for name, value in layer(batch(rows)).items()}
    model = build_model(SETTINGS, transform_output)
    model.fit(
        {"properties": train["properties"]},
        train["is_female"],
        epochs=SETTINGS.epochs,
        verbose=0,
    )
    fitted = VoiceGenderServable.fit_baselines(train, train, SETTINGS)
    return VoiceGenderServable(TASK, SETTINGS, model, transform_output, fitted)


def batch(rows: list[dict]) -> dict[str, tf.Tensor]:
    return {name: tf.constant([[row[name]] for row in rows]) for name in rows[0]}


def first_wavs(folder: Path, count: int) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*/*.wav"))[:count]]


def test_task_imports_without_tensorflow() -> None:
    code = "import sys, modules.voice_gender.task, modules.voice_gender.ask, json\n"
    code += "print(json.dumps([name for name in sys.modules if name in ('tensorflow', 'librosa')]))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert json.loads(result.stdout) == []


def test_columns_are_those_of_voice_csv() -> None:
    [table, _] = TASK.sources
    assert [column.headers[0] for column in table.columns] == HEADER
    assert [column.feature for column in table.columns] == [*PROPERTIES, "label"]
    assert "sp_ent" in table.columns[8].headers


def test_a_row_as_in_voice_csv_is_read(rows: list[dict]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(HEADER)
    writer.writerow(rows[0].values())
    [row] = csv.DictReader(io.StringIO(text.getvalue()))
    columns = TASK.sources[0].columns
    parsed = {
        column.feature: column.convention.parse(row[column.headers[0]], how)
        for column, how in zip(columns, [*["."] * 20, "auto"], strict=True)
    }
    assert parsed == rows[0]


def test_a_cell_that_is_no_number_or_no_label_is_refused() -> None:
    numbers, labels = (TASK.sources[0].columns[at].convention for at in (0, -1))
    for cell in ("", "NA", "nan", "inf", "0,5", "女", "5%"):
        with pytest.raises(ValueError, match="expected a"):
            numbers.parse(cell, ".")
    assert {labels.parse(cell, "auto") for cell in ("male", "M", " m ", "男")} == {"male"}
    assert {labels.parse(cell, "auto") for cell in ("female", "FEMALE", "f", "女")} == {"female"}
    with pytest.raises(ValueError, match="found 'x'"):
        labels.parse("x", "auto")


def test_the_key_of_a_row_is_its_twenty_properties() -> None:
    assert TASK.sources[0].key == tuple(PROPERTIES)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("female/anna_03.wav", "female/anna"),
        ("female/anna-b_03.wav", "female/anna"),
        ("male/SSB0005.flac", "male/SSB0005"),
        ("male/wang/03.mp3", "male/wang"),
        ("male/wang/take_1/03.mp3", "male/wang"),
    ],
)
def test_the_key_of_a_recording_is_its_speaker(path: str, key: str) -> None:
    assert speaker(path) == key


def test_sample_is_seeded_and_balanced(folder: Path, tmp_path: Path) -> None:
    paths = sorted(folder.glob("*/*.wav"))
    assert len(paths) == SETTINGS.sample_recordings
    assert sum(path.parent.name == "female" for path in paths) == len(paths) / 2
    maker.write_sample(tmp_path, change(SETTINGS, seed=0))
    assert all((tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()
               for path in paths)  # fmt: skip
    samples, rate_hz = soundfile.read(paths[0])
    assert rate_hz == SAMPLE_RATE_HZ and 0.5 < len(samples) / rate_hz < 3


def test_sample_voices_overlap_but_differ(rows: list[dict]) -> None:
    hz = {
        label: [1000 * row["meanfun"] for row in rows if row["label"] == label]
        for label in ("female", "male")
    }
    assert 85 < np.mean(hz["male"]) < 140 < np.mean(hz["female"]) < 250


def test_recordings_are_answered_as_their_properties(
    servable: VoiceGenderServable, rows: list[dict], folder: Path
) -> None:
    wavs = first_wavs(folder, 3)
    answer = servable.extra_signatures()["serve_wav"](wav=tf.constant(wavs))
    expected = servable.answer({name: tf.constant([row[name] for row in rows[:3]])
                                for name in PROPERTIES})  # fmt: skip
    assert answer["label"].numpy().tolist() == expected["label"].numpy().tolist()
    np.testing.assert_allclose(answer["probability"], expected["probability"], atol=1e-5)
    for name in PROPERTIES:
        np.testing.assert_allclose(answer[name], [row[name] for row in rows[:3]], rtol=1e-5)


def test_bad_recordings_are_refused_in_one_line(
    servable: VoiceGenderServable, folder: Path
) -> None:
    serve_wav = servable.extra_signatures()["serve_wav"]
    silence = io.BytesIO()
    soundfile.write(silence, np.zeros(16_000), 16_000, format="WAV")
    for wavs, message in (
        ([b"no sound"], "expected a WAV file"),
        ([first_wavs(folder, 1)[0], silence.getvalue()], acoustic.SILENT),
        ([first_wavs(folder, 1)[0][:3000]], "cut off"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            serve_wav(wav=tf.constant(wavs))


def test_properties_that_are_not_numbers_are_refused() -> None:
    raw = {name: tf.constant([0.1, np.nan if name == "sfm" else 0.1]) for name in PROPERTIES}
    with pytest.raises(tf.errors.InvalidArgumentError, match="sfm: expected a finite number"):
        prepare_request(raw, TASK.serving)


def test_scores_agree_with_answers(servable: VoiceGenderServable, rows: list[dict]) -> None:
    scores = {name: value.numpy() for name, value in servable.score(batch(rows)).items()}
    answer = servable.answer({name: batch(rows)[name][:, 0] for name in PROPERTIES})
    is_right = [a.decode() == row["label"]
                for a, row in zip(answer["label"].numpy(), rows, strict=True)]  # fmt: skip
    np.testing.assert_array_equal(scores["accuracy__score"], np.float32(is_right))
    assert scores["accuracy__score"].mean() > 0.9
    assert scores["accuracy__majority"].mean() == 0.5
    assert scores["accuracy__svm"].mean() > 0.9
    properties = servable.transform(batch(rows))["properties"]
    network = servable.model({"properties": properties}, training=False).numpy() >= 0
    is_right = network == [row["label"] == "female" for row in rows]
    np.testing.assert_array_equal(scores["network_accuracy__score"], np.float32(is_right))


def test_exported_signatures_answer_alike(
    servable: VoiceGenderServable, rows: list[dict], folder: Path, tmp_path: Path
) -> None:
    saved_model.save(servable, str(tmp_path / "model"))
    signatures = tf.saved_model.load(str(tmp_path / "model")).signatures
    wavs = tf.constant(first_wavs(folder, 2))
    by_wav = signatures["serve_wav"](wav=wavs)
    by_row = signatures["serving_default"](
        **{name: tf.constant([row[name] for row in rows[:2]], tf.float32) for name in PROPERTIES}
    )
    np.testing.assert_allclose(by_wav["probability"], by_row["probability"], atol=1e-5)
    feature = {
        name: tf.train.Feature(float_list=tf.train.FloatList(value=[rows[0][name]]))
        for name in PROPERTIES
    }
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    classified = signatures["serve_examples"](inputs=tf.constant([example.SerializeToString()]))
    assert classified["classes"].numpy().tolist() == [[b"female", b"male"]]
    assert classified["scores"].numpy().max() == pytest.approx(
        by_row["probability"].numpy()[0], abs=1e-5
    )


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_predict_reads_recordings(folder: Path, tmp_path: Path, suffix: str) -> None:
    path = sorted(folder.glob("*/*.wav"))[0]
    samples, rate_hz = soundfile.read(path)
    copy = tmp_path / f"voice.{suffix}"
    soundfile.write(copy, samples, rate_hz)
    signature, inputs = read_request(TASK, str(copy))
    assert signature == "serve_wav"
    decoded, _ = soundfile.read(io.BytesIO(inputs["wav"][0]))
    assert len(decoded) == len(samples)
    if suffix != "ogg":
        np.testing.assert_allclose(decoded, samples, atol=1e-4)


def test_predict_shows_one_line() -> None:
    answer = {
        "label": np.array([b"female"]),
        "probability": np.array([0.971]),
        "meanfun": np.array([0.2081]),
    }
    line = show(TASK, {}, answer)
    assert line == "female\t97.1%, mean fundamental 0.2081 kHz"


def test_predict_refuses_what_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file"):
        read_request(TASK, str(tmp_path / "absent.wav"))
    (tmp_path / "text.mp3").write_text("no sound")
    with pytest.raises(DataError, match="not a recording"):
        read_request(TASK, str(tmp_path / "text.mp3"))


def test_gate_refuses_a_coin() -> None:
    task: Task = TASK
    [accuracy] = [metric for metric in task.metrics if metric.name == "accuracy"]
    assert accuracy.gate is not None and accuracy.gate.floor is not None
    assert accuracy.gate.floor > 0.5 + accuracy.gate.min_gain
