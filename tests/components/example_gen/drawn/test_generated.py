"""Drawn examples, through the whole executor."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from drawing import DRAWN, Settings, draw, task
from run_executor import execute, read_back
from tfx.components.example_gen.driver import QueryBasedDriver
from tfx.orchestration import data_types

from components.example_gen.drawn.generated import GeneratedExampleGen
from components.example_gen.records import Reject, split_of
from components.example_gen.told import read_config
from modules.common.declaring.settings import DATA, tell
from modules.common.runtime import progress
from modules.common.runtime.errors import TaskError


@pytest.mark.parametrize("count", [150, 1300], ids=["in this process", "in processes"])
def test_examples_are_those_of_the_drawer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    output = tmp_path / "GeneratedExampleGen" / "examples" / "1"
    reports: list[progress.Progress] = []
    monkeypatch.setattr("components.example_gen.read_group._REPORT_INTERVAL_S", 0.0)
    with progress.subscribe(reports.append):
        examples = execute(
            monkeypatch, GeneratedExampleGen, task(DRAWN), "", output, drawn_examples=count, seed=7
        )
    good = [index for index in range(count) if index % 50 != 49]
    for split in ("train", "eval"):
        wanted = [index for index in good if split_of(str(index), 20) == split]
        found = sorted(read_back(output, split), key=lambda features: features["image"])
        assert found == [
            {"text": str(index * 7).encode(), "image": draw(index, Settings(seed=7))["image"]}
            for index in wanted
        ]
    assert examples.get_int_custom_property("examples") == len(good)
    rejects = (output / "quarantine" / "rejects.jsonl").read_text().splitlines()
    assert len(rejects) == count - len(good)
    assert Reject("", "example 99", "no such font").to_json() in rejects
    assert [report.done for report in reports] == list(range(count))
    assert reports[-1].quarantined == (count - 1) // 50
    assert {(report.total, report.unit) for report in reports} == {(count, "example")}
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("count", [0, -5])
def test_no_examples_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    said = f"drawn_examples takes a whole number, 1 or more, found {count}"
    with pytest.raises(TaskError, match=said):
        execute(
            monkeypatch, GeneratedExampleGen, task(DRAWN), "", tmp_path / "e" / "1",
            drawn_examples=count,
        )  # fmt: skip


def test_tfx_resolves_it_without_files() -> None:
    tiny = task(DRAWN)
    component = GeneratedExampleGen(tiny, DRAWN, "", tell(Settings(), DATA), "digest")
    assert component.DRIVER_CLASS is QueryBasedDriver
    before = dict(component.exec_properties)
    info = data_types.ComponentInfo("", "", data_types.PipelineInfo("", ""))
    after = QueryBasedDriver(None).resolve_exec_properties(dict(before), info.pipeline_info, info)
    assert after["input_fingerprint"] is None and after["span"] == 0
    assert all(after[name] == value for name, value in before.items() if value is not None)


def test_settings_are_what_the_cache_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = task(DRAWN)
    monkeypatch.setattr("components.example_gen.told.load_task", lambda name: tiny)

    def properties(digest: str = "digest", **changes: object) -> dict[str, object]:
        told = tell(tiny.resolve(changes), DATA)  # type: ignore[arg-type]
        return dict(GeneratedExampleGen(tiny, DRAWN, "", told, digest).exec_properties)

    assert properties() == properties()
    for other in (properties("other"), properties(seed=2), properties(drawn_examples=301)):
        assert other["custom_config"] != properties()["custom_config"]
    config, _ = read_config(properties(seed=2))
    assert config.settings == tell(Settings(seed=2), DATA)
    assert (config.source, config.data_dir) == (DRAWN, "")
