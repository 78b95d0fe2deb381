"""Data as a container finds it: paths, spans, sample data, and the reader for its layout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tensorflow as tf
from run_executor import beam_context
from tfx.types.standard_artifacts import Examples

from kubeflow.step import ingest
from kubeflow.step.ingest import Executor, LocatedExampleGen, find
from modules.common.declaring.registry import load_task, task_names
from modules.common.declaring.settings import as_dict
from modules.common.reading.spans import Span
from modules.common.runtime.errors import DataError


def execute(data: str, output: Path) -> Examples:
    task = load_task("name_gender")
    settings = task.resolve({"sample_rows": "300"}, smoke=True)
    component = LocatedExampleGen(task, data, settings)
    examples = Examples()
    examples.uri = str(output)
    Executor(beam_context(output.parent / "temp")).Do(
        {}, {"examples": [examples]}, dict(component.exec_properties)
    )
    return examples


def texts(output: Path) -> set[str]:
    files = [str(path) for path in output.glob("Split-*/*.gz")]
    return {
        tf.train.Example.FromString(each).features.feature["name"].bytes_list.value[0].decode()
        for each in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    }


def test_the_digest_covers_what_any_layout_names(monkeypatch: pytest.MonkeyPatch) -> None:
    digested: list[str] = []
    monkeypatch.setattr(ingest, "source_digest", lambda *modules: digested.extend(modules) or "x")
    task = load_task("captcha_ocr")
    LocatedExampleGen(task, "", task.resolve({}))
    wanted = {"task", "sample.maker", "labels", "sample.drawing"}
    assert {f"modules.captcha_ocr.{name}" for name in wanted} <= set(digested)
    assert {source.component.rpartition(".")[0] for source in task.sources} <= set(digested)


@pytest.mark.parametrize("name", task_names())
def test_settings_of_data_come_through_whatever_the_others_are(name: str) -> None:
    task = load_task(name)
    settings = task.resolve({}, smoke=True)
    component = LocatedExampleGen(task, "", settings)
    read = as_dict(task.restore(json.loads(component.exec_properties["settings"])))
    values = as_dict(settings)
    told = {each.name for each in task.declared if each.reads}
    assert told >= {"seed", *(each for each in values if each.startswith("sample_"))}
    assert set(read) == told
    for each in told:
        assert (read[each], type(read[each])) == (values[each], type(values[each]))


def test_without_data_there_is_a_sample(tmp_path: Path) -> None:
    examples = execute("", tmp_path / "examples")
    assert examples.get_int_custom_property("examples") > 100
    assert len(texts(tmp_path / "examples")) > 100


def test_the_newest_span_is_read_and_known(tmp_path: Path) -> None:
    for span, name in ((2, "旧"), (10, "新")):
        folder = tmp_path / f"data/span-{span}"
        folder.mkdir(parents=True)
        rows = "".join(f"王{name}{chr(0x4E00 + i)},{'男女'[i % 2]}\n" for i in range(40))
        (folder / "names.csv").write_text("name,gender\n" + rows, encoding="utf-8")
    examples = execute(f"{tmp_path}/data/span-{{SPAN}}", tmp_path / "examples")
    assert all(text.startswith("王新") for text in texts(tmp_path / "examples"))
    assert examples.get_int_custom_property("span") == 10
    assert examples.get_string_custom_property("input_fingerprint")


def test_a_path_stays_and_nothing_is_nothing(tmp_path: Path) -> None:
    assert find(str(tmp_path), "") == (str(tmp_path), None)
    assert find("", "") == (None, None)


def test_spans_and_versions_of_files(tmp_path: Path) -> None:
    for name in ("1-1.csv", "2-1.csv", "2-3.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    path, span = find(f"{tmp_path}/{{SPAN}}-{{VERSION}}.csv", "")
    assert path == str(tmp_path / "2-3.csv")
    assert span == Span(number=2, version=3, path=str(tmp_path / "2-3.csv"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("hdfs://host/data", "expected a path on a mounted volume, or minio://, s3://, gs://"),
        ("/nowhere/data", "is the volume that holds it mounted"),
        ("/nowhere/{SPAN}/data", "nothing matches"),
    ],
)
def test_data_that_is_not_there(data: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find(data, "")


@pytest.mark.parametrize("name", ["vol [1]", "*?", "{x}"])
def test_spans_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    for folder in ("vol 1", "abc", name):
        for span in (3, 4) if folder == name else (9,):
            (tmp_path / folder / f"span-{span}").mkdir(parents=True)
            (tmp_path / folder / f"span-{span}" / "a.csv").write_text("x", encoding="utf-8")
    path, span = find(f"{tmp_path}/{name}/span-{{SPAN}}", "")
    assert path == str(tmp_path / name / "span-4")
    assert span and span.number == 4


def test_a_folder_that_is_called_like_a_span_is_none(tmp_path: Path) -> None:
    for name in ("{SPAN}", "7"):
        (tmp_path / name).mkdir()
    assert find(f"{tmp_path}/{{SPAN}}", "") == (f"{tmp_path}/{{SPAN}}", None)
