from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.api.types import VarLenTensorValue

from modules.common.evaluating.grouping import group_by_slices

_BANDS = [b"long", b"short", b"long", b"long", b"short"]


def extracts(**features: Any) -> dict[str, Any]:
    return {
        tfma.FEATURES_KEY: features,
        tfma.PREDICTIONS_KEY: {"score": np.arange(5.0), "keys": np.arange(10).reshape(5, 2)},
        tfma.ARROW_RECORD_BATCH_KEY: "a batch",
        tfma.INPUT_KEY: np.array([b"raw"] * 5),
    }


def members(groups: list[dict[str, Any]]) -> list[list[float]]:
    return [group[tfma.PREDICTIONS_KEY]["score"].tolist() for group in groups]


def test_a_batch_without_slices_stays_whole() -> None:
    given = extracts(band=np.array(_BANDS, object))
    [group] = group_by_slices(given, [])
    assert group[tfma.PREDICTIONS_KEY]["score"] is given[tfma.PREDICTIONS_KEY]["score"]
    assert group[tfma.FEATURES_KEY] == {}
    assert group[tfma.EXAMPLE_WEIGHTS_KEY].tolist() == [1] * 5


def test_examples_of_the_same_slices_stay_together_with_their_rows() -> None:
    given = extracts(band=np.array(_BANDS, object), chars=np.array([[2], [2], [2], [3], [2]]))
    groups = group_by_slices(given, ["band", "chars"])
    assert members(groups) == [[0, 2], [1, 4], [3]]
    assert groups[1][tfma.PREDICTIONS_KEY]["keys"].tolist() == [[2, 3], [8, 9]]
    assert [group[tfma.FEATURES_KEY]["band"].tolist() for group in groups] == [
        [b"long"],
        [b"short"],
        [b"long"],
    ]
    assert [len(group[tfma.EXAMPLE_WEIGHTS_KEY]) for group in groups] == [2, 2, 1]


def test_features_of_any_length_and_those_that_are_not_there() -> None:
    places = np.array([[0, 0], [0, 1], [2, 0], [2, 1], [4, 0]])
    values = VarLenTensorValue(np.array([1, 2, 1, 2, 7]), places, np.array([5, 2]))
    assert members(group_by_slices(extracts(parts=values), ["parts"])) == [[0, 2], [1, 3], [4]]
    assert members(group_by_slices(extracts(parts=None), ["parts", "no"])) == [[0, 1, 2, 3, 4]]


@pytest.mark.parametrize("features", [[], ["band"]])
def test_two_models_keep_their_own_outputs(features: list[str]) -> None:
    given = extracts(band=np.array(_BANDS, object))
    scores = np.arange(5.0)
    given[tfma.PREDICTIONS_KEY] = {"candidate": {"s": scores}, "baseline": {"s": -scores}}
    for group in group_by_slices(given, features):
        mine, other = group[tfma.PREDICTIONS_KEY].values()
        assert mine["s"].tolist() == (-other["s"]).tolist()
        assert len(mine["s"]) == len(group[tfma.EXAMPLE_WEIGHTS_KEY])
