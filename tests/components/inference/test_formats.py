"""Answers as lines of JSON, rows of CSV, and examples."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
import tensorflow as tf

from components.inference import formats
from modules.common.declaring.fields import Field
from modules.common.runtime.errors import WrongUsage

LABEL = Field(name="label", dtype="string", kind="label", choices=("a", "b"))
LABELS = Field(name="labels", dtype="string", shape=(None,), kind="labels")
CHANCES = Field(name="chances", dtype="float32", shape=(None,), kind="probabilities", of="labels")
SURE = Field(name="sure", dtype="bool")
COLUMNS = formats.choose_columns(["name"], (LABEL, LABELS, SURE))
VALUES = ["t.csv:2", '王,"x"', "a", ["cat", "犬"], True]


def written(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    encode = formats.encoder(path, COLUMNS)
    formats.write(iter([encode(VALUES)]), tmp_path / "unfinished", COLUMNS, path)
    return tmp_path / "unfinished"


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_json_lines_say_all_by_name(tmp_path: Path, ending: str) -> None:
    content = written(tmp_path, f"x.jsonl{ending}").read_bytes()
    text = (gzip.decompress(content) if ending else content).decode()
    assert text.endswith("\n") and "犬" in text
    assert json.loads(text) == {
        "key": "t.csv:2",
        "name": '王,"x"',
        "label": "a",
        "labels": ["cat", "犬"],
        "sure": True,
    }


def test_csv_has_a_header_and_lists_as_json(tmp_path: Path) -> None:
    [row] = csv.DictReader(io.StringIO(written(tmp_path, "x.csv").read_text()))
    assert row["name"] == '王,"x"' and row["label"] == "a" and row["sure"] == "true"
    assert json.loads(row["labels"]) == ["cat", "犬"]


@pytest.mark.parametrize("packing", ["", "GZIP"])
def test_tfrecords_are_examples(tmp_path: Path, packing: str) -> None:
    path = written(tmp_path, "x.tfrecord.gz" if packing else "x.tfrecord")
    [record] = tf.data.TFRecordDataset([str(path)], packing).as_numpy_iterator()
    features = tf.train.Example.FromString(record).features.feature
    assert features["key"].bytes_list.value == [b"t.csv:2"]
    assert [each.decode() for each in features["labels"].bytes_list.value] == ["cat", "犬"]
    assert features["sure"].int64_list.value == [1]


def test_no_two_columns_have_one_name() -> None:
    columns = formats.choose_columns(["label", "key", "input_label", "x"], (LABEL,))
    assert columns.names == ["key", "input_label", "input_key", "input_input_label", "x", "label"]


def test_padding_is_cut_off_with_what_belongs_to_it() -> None:
    answer = {
        "labels": [["a", "b"], ["c", ""]],
        "chances": [[0.6, 0.4], [0.9, 0.0]],
        "label": [1, 2],
    }
    assert formats.cut_padding((LABELS, CHANCES, LABEL), answer) == {
        "labels": [["a", "b"], ["c"]],
        "chances": [[0.6, 0.4], [0.9]],
        "label": [1, 2],
    }


@pytest.mark.parametrize("name", ["x", "x.json", "x.gz", "x.csv.zip"])
def test_an_ending_that_says_no_format_is_refused(name: str) -> None:
    with pytest.raises(WrongUsage, match=r"ends in \.jsonl, \.csv, \.tfrecord"):
        formats.check_format(Path(name))
