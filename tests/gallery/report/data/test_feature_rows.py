"""Statistics of features as rows, and how far they moved, from what TFDV itself counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from scipy.spatial.distance import jensenshannon

from gallery.report.data.drift import Moved, measure_drift
from gallery.report.data.statistics import list_features


def write(folder: Path, frame: pd.DataFrame) -> str:
    statistics = tfdv.generate_statistics_from_dataframe(frame)
    path = folder / "Split-train" / "FeatureStats.pb"
    path.parent.mkdir(parents=True)
    path.write_bytes(statistics.SerializeToString())
    return str(folder)


def test_a_row_says_what_there_is(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "name": ["李", "李", "王", None],
            "length": [1.0, 2.0, 3.0, 4.0],
            "count": np.array([5, 5, 5, 5]),
        }
    )
    rows = {row.name: row for row in list_features(write(tmp_path / "s", frame))}
    name, length, count = rows["name"], rows["length"], rows["count"]
    assert (name.kind, name.count, name.missing) == ("text", 3, 1)
    assert list(name.values) == [("李", 2), ("王", 1)] and name.distinct == 2
    assert length.kind == "number" and length.numbers == ("1", "2.5", "4", "1.118")
    assert "<svg" in length.histogram
    assert count.kind == "whole number" and count.numbers[:3] == ("5", "5", "5")


def test_bytes_that_are_no_text_are_not_read_as_values(tmp_path: Path) -> None:
    frame = pd.DataFrame({"image": [b"\x89PNG\xff" * 100, b"\xff\xfe" * 300]})
    [row] = list_features(write(tmp_path / "s", frame))
    assert row.kind == "bytes" and not row.values
    assert row.note == "0.6 kB on average"


def test_what_moved_most_comes_first(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    before = pd.DataFrame(
        {
            "side": ["left"] * 50 + ["right"] * 50,
            "size": chance.normal(0, 1, 100),
            "same": [1, 2] * 50,
        }
    )
    now = pd.DataFrame(
        {
            "side": ["left"] * 80 + ["right"] * 20,
            "size": chance.normal(9, 1, 100),
            "same": [1, 2] * 50,
        }
    )
    moved = measure_drift(write(tmp_path / "now", now), write(tmp_path / "before", before))
    assert [each.feature for each in moved] == ["size", "side", "same"]
    by_name = {each.feature: each for each in moved}
    # 50 % left became 80 %.
    assert by_name["side"].distance == pytest.approx(0.3)
    assert by_name["side"].measure == "L-infinity" and by_name["side"].words == "much"
    assert by_name["same"].distance == pytest.approx(0, abs=1e-6)
    # Two distributions that do not overlap are as far apart as can be: 1 bit.
    apart = jensenshannon([1, 0], [0, 1], base=2) ** 2
    assert by_name["size"].distance == pytest.approx(apart, abs=0.02)


@pytest.mark.parametrize(
    ("distance", "words"), [(0.0, "none"), (0.005, "hardly any"), (0.05, "some"), (0.5, "much")]
)
def test_a_distance_in_words(distance: float, words: str) -> None:
    assert Moved(feature="a", measure="L-infinity", distance=distance).words == words
