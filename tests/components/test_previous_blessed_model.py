from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tfx.types import Artifact
from tfx.types.standard_artifacts import Model, ModelBlessing

from components.artifact_contents import CONTENTS
from components.previous_blessed_model import PreviousBlessedModelStrategy


def model(number: int) -> Model:
    artifact = Model()
    artifact.id = number
    artifact.uri = os.curdir
    return artifact


def blessing(number: int, of: int, blessed: bool = True) -> ModelBlessing:
    """As TFX's Evaluator leaves it."""
    artifact = ModelBlessing()
    artifact.id = number
    artifact.set_int_custom_property("blessed", int(blessed))
    artifact.set_int_custom_property("current_model_id", of)
    return artifact


def resolve(
    candidate: int, models: list[int], blessings: list[ModelBlessing]
) -> tuple[list[int], list[int]]:
    """Ids of the model and of the blessing that are resolved."""
    inputs: dict[str, list[Artifact]] = {
        "candidate": [model(candidate)],
        "model": [model(number) for number in models],
        "model_blessing": list(blessings),
    }
    found = PreviousBlessedModelStrategy().resolve_artifacts(None, inputs)
    assert found["candidate"] == inputs["candidate"]
    return [a.id for a in found["model"]], [a.id for a in found["model_blessing"]]


def test_the_newest_blessed_model_before_the_candidate_is_taken() -> None:
    blessings = [blessing(21, of=1), blessing(22, of=2), blessing(23, of=3)]
    assert resolve(4, [1, 2, 3, 4], blessings) == ([3], [23])


def test_the_order_of_the_artifacts_does_not_matter() -> None:
    blessings = [blessing(23, of=3), blessing(21, of=1), blessing(22, of=2)]
    assert resolve(4, [2, 4, 3, 1], blessings) == ([3], [23])


def test_a_model_that_was_not_blessed_is_passed_over() -> None:
    blessings = [blessing(21, of=1), blessing(22, of=2, blessed=False)]
    assert resolve(4, [1, 2, 3, 4], blessings) == ([1], [21])


def test_a_cached_candidate_keeps_the_baseline_it_had_when_new() -> None:
    before = [blessing(21, of=1)]
    after = [*before, blessing(22, of=2), blessing(23, of=3)]
    assert resolve(2, [1, 2], before) == resolve(2, [1, 2, 3], after) == ([1], [21])


@pytest.mark.parametrize(
    "blessings", [[], [blessing(21, of=1, blessed=False)], [blessing(24, of=4)]]
)
def test_the_first_model_has_none_before_it(blessings: list[ModelBlessing]) -> None:
    assert resolve(4, [1, 4], blessings) == ([], [])


def test_a_blessing_whose_model_is_gone_is_passed_over() -> None:
    assert resolve(4, [1, 4], [blessing(21, of=1), blessing(22, of=2)]) == ([1], [21])


@pytest.mark.parametrize("left", ["nothing", "a part", "another size"])
def test_a_model_whose_folder_lost_what_it_held_is_passed_over(tmp_path: Path, left: str) -> None:
    lost = model(2)
    lost.uri = str(tmp_path / "2")
    lost.set_string_custom_property(CONTENTS, json.dumps({"a": 1, "b/c": 2}))
    if left != "nothing":
        (tmp_path / "2" / "b").mkdir(parents=True)
        (tmp_path / "2" / "b" / "c").write_text("cc")
    if left == "another size":
        (tmp_path / "2" / "a").write_text("aa")
    inputs: dict[str, list[Artifact]] = {
        "model": [model(1), lost],
        "model_blessing": [blessing(21, of=1), blessing(22, of=2)],
    }
    found = PreviousBlessedModelStrategy().resolve_artifacts(None, inputs)
    assert ([a.id for a in found["model"]], set(found)) == ([1], {"model", "model_blessing"})
    (tmp_path / "2" / "b").mkdir(parents=True, exist_ok=True)
    (tmp_path / "2" / "b" / "c").write_text("cc")
    (tmp_path / "2" / "a").write_text("a")
    found = PreviousBlessedModelStrategy().resolve_artifacts(None, inputs)
    assert [a.id for a in found["model"]] == [2]
