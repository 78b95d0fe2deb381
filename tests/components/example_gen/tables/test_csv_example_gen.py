"""The whole executor, in process, on a temporary folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from run_executor import beam_context
from tfx.types.standard_artifacts import Examples

from components.example_gen import quarantine
from components.example_gen.records import split_of
from components.example_gen.tables.example_gen import CsvExampleGen, Executor
from components.example_gen.told import read_config
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, as_dict, tell
from modules.common.runtime.errors import DataError

_NAMES = [f"{family}{given}" for family in "王李张刘陈" for given in "伟芳娜敏静丽强磊军勇艳杰"]


def run(data: Path, output: Path, **changes: Any) -> Examples:
    """Runs the executor as TFX does, with the properties of a real component."""
    task = load_task("name_gender")
    told = tell(task.settings(), DATA)
    component = CsvExampleGen(task, task.sources[0], str(data), told, "digest", **changes)
    examples = Examples()
    examples.uri = str(output)
    Executor(beam_context(output.parent)).Do(
        {}, {"examples": [examples]}, dict(component.exec_properties)
    )
    return examples


def rows(names: list[str]) -> str:
    return "姓名,性别\n" + "".join(f"{name},{'男女'[i % 2]}\n" for i, name in enumerate(names))


def records_of(output: Path, split: str) -> list[dict[str, Any]]:
    files = [str(path) for path in output.glob(f"Split-{split}/*.gz")]
    assert files
    found = []
    for serialized in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(serialized).features.feature
        found.append(
            {
                "name": features["name"].bytes_list.value[0].decode(),
                "gender": features["gender"].bytes_list.value[0].decode(),
                "name_chars": features["name_chars"].int64_list.value[0],
            }
        )
    return found


def test_rows_become_examples_of_both_splits_and_bad_ones_are_kept(tmp_path: Path) -> None:
    data, output = tmp_path / "data", tmp_path / "CsvExampleGen" / "examples" / "5"
    data.mkdir()
    (data / "a.csv").write_text(rows(_NAMES[:40]) + "王伟,不知道\n")
    (data / "b.csv").write_bytes(rows(_NAMES[40:]).encode("gbk"))
    (data / "notes.txt").write_text("not data")
    examples = run(data, output)

    found = {split: records_of(output, split) for split in ("train", "eval")}
    for split, records in found.items():
        assert all(split_of(record["name"], 20) == split for record in records)
    read = sorted(record["name"] for records in found.values() for record in records)
    assert read == sorted(_NAMES)
    assert {(r["gender"], r["name_chars"]) for r in found["train"]} == {("male", 2), ("female", 2)}

    [line] = (output / "quarantine" / "rejects.jsonl").read_text().splitlines()
    reject = json.loads(line)
    assert (reject["path"], reject["where"]) == ("a.csv", "line 42")
    assert "不知道" in reject["reason"]
    by_split = {split: len(records) for split, records in found.items()}
    counts = json.loads((output / "quarantine" / "counts.json").read_text())
    assert counts == by_split | {"quarantined": 1}
    assert quarantine.read_counts(str(output)) == quarantine.Counts(
        examples=60, quarantined=1, by_split=by_split, passed_over={".txt": 1}
    )
    assert examples.get_int_custom_property("examples") == 60
    assert examples.get_int_custom_property("quarantined") == 1
    assert json.loads(examples.split_names) == ["train", "eval"]


def test_too_many_bad_rows_stop_the_run_and_are_kept(tmp_path: Path) -> None:
    data, output = tmp_path / "data", tmp_path / "CsvExampleGen" / "examples" / "6"
    data.mkdir()
    bad = "王伟,不知道\n" * 3 + "李芳\n"
    (data / "names.csv").write_text(rows(_NAMES) + bad)
    with pytest.raises(DataError) as caught:
        run(data, output)
    message = str(caught.value)
    assert "4 of 64 records are bad, more than the limit of 5%" in message
    assert "3 x 性别: expected 男, 女, male, female, M or F, found '不知道'" in message
    assert "1 x expected 2 fields as in the header, found 1" in message
    [kept] = [word for word in message.split() if word.endswith(".jsonl")]
    # TFX removes the output folder of a component that fails.
    assert output not in Path(kept).parents
    assert len(Path(kept).read_text().splitlines()) == 4


def test_a_folder_with_no_such_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text(rows(_NAMES))
    with pytest.raises(DataError) as caught:
        run(tmp_path, tmp_path / "out" / "examples" / "1")
    for part in ("there is nothing in", str(tmp_path), "CSV files with the header"):
        assert part in str(caught.value)


def test_the_pattern_of_a_run_replaces_the_source_s(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file matches one.csv in"):
        run(tmp_path, tmp_path / "out" / "examples" / "1", patterns=["one.csv"])


def test_only_a_header_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("姓名,性别\n")
    with pytest.raises(
        DataError, match=r"at all: names.csv \(a header and no rows\); name_gender reads"
    ):
        run(tmp_path, tmp_path / "out" / "examples" / "1")


def test_settings_keep_their_types_on_the_way_to_the_executor(tmp_path: Path) -> None:
    task = load_task("name_gender")
    told = tell(task.settings(), DATA)
    component = CsvExampleGen(task, task.sources[0], str(tmp_path), told, "digest")
    config, patterns = read_config(dict(component.exec_properties))
    assert as_dict(config.settings) == {"gender_codes": "auto", "min_character_count": 2}
    assert isinstance(config.settings, task.settings) and config.settings == told
    assert isinstance(config.settings.min_character_count, int)
    assert (config.task, config.source, config.data_dir) == (task, task.sources[0], str(tmp_path))
    assert patterns == ["*.[cC][sS][vV]", "*.[tT][sS][vV]"]


@pytest.mark.parametrize(("bad", "stops"), [(0, False), (5, False), (6, True), (100, True)])
def test_the_limit_is_a_share_of_all_records(tmp_path: Path, bad: int, stops: bool) -> None:
    output = tmp_path / "examples" / "1"
    (output / "quarantine").mkdir(parents=True)
    line = json.dumps({"path": "a", "where": "", "reason": "broken", "kind": "bad"}) + "\n"
    (output / "quarantine" / "rejects.jsonl").write_text(line * bad)
    counts = quarantine.Counts(examples=100 - bad, quarantined=bad, by_split={})
    task = load_task("name_gender")
    assert task.quarantine_limit == 0.05
    if not stops:
        quarantine.check_limit(counts, str(output), task)
        return
    with pytest.raises(DataError, match=f"{bad} of 100 records are bad(.|\n)*{bad} x broken"):
        quarantine.check_limit(counts, str(output), task)
