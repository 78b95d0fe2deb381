"""What each origin may see, baselines, intervals, and the served answers."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from asked import read_request, show
from PIL import Image
from unchecked import set_unchecked

from modules.common.export.request_checks import prepare_request
from modules.common.runtime.errors import DataError
from modules.common.series.time_series import TimeSeries, parse
from modules.railway_forecast import baselines
from modules.railway_forecast.intervals import scale_factors
from modules.railway_forecast.model import visible
from modules.railway_forecast.sample import maker
from modules.railway_forecast.task import HORIZON, MAX_HISTORY, SOURCE, TASK
from modules.railway_forecast.windows import origin_offsets, windows

ROOT = Path(__file__).parents[3]
REAL = ROOT.parent / "shared" / "data" / "railway" / "railway.csv"
TINY = {"epochs": 4, "members": 2, "units": 4, "learning_rate": 0.05}


def _backtest_module() -> ModuleType:
    path = ROOT / "benchmarks" / "railway_backtest.py"
    spec = importlib.util.spec_from_file_location("railway_backtest", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


backtest = _backtest_module()


@pytest.fixture(scope="session")
def real() -> TimeSeries:
    if not REAL.is_file():
        pytest.skip(f"needs {REAL}")
    series, rejects = parse(REAL.read_bytes(), SOURCE)
    assert not rejects
    return series


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> TimeSeries:
    folder = tmp_path_factory.mktemp("sample")
    maker.write_sample(folder, TASK.resolve({"seed": 7}))
    series, rejects = parse((folder / "railway.csv").read_bytes(), SOURCE)
    assert not rejects
    return series


@pytest.fixture(scope="session")
def tiny(drawn: TimeSeries) -> Any:
    settings = TASK.resolve(TINY)
    splits = backtest.raw_splits(drawn, settings)
    return backtest.train(splits, settings), splits


def serve(servable: Any, history: np.ndarray, last_month: list[str]) -> dict[str, np.ndarray]:
    signature = tf.function(
        lambda given: servable.answer(prepare_request(given, TASK.serving)),
        input_signature=[
            {
                "history": tf.TensorSpec([None, None], tf.float32),
                "last_month": tf.TensorSpec([None], tf.string),
            }
        ],
    )
    request = {"history": tf.constant(history, tf.float32), "last_month": tf.constant(last_month)}
    return {name: value.numpy() for name, value in signature(request).items()}


def test_windows_have_fixed_shapes_and_are_split_by_time(drawn: TimeSeries) -> None:
    cut = list(windows(drawn, TASK.settings()))
    evaluation = [features for split, features in cut if split == "eval"]
    assert [features["origin"] for features in evaluation] == [
        "2013-04", "2013-10", "2014-04", "2014-10", "2015-04", "2015-10",
    ]  # fmt: skip
    for _, features in cut:
        assert len(features["history"]) == MAX_HISTORY
        assert len(features["target"]) == HORIZON
        length = features["history_length"]
        assert features["history"][MAX_HISTORY - length :] == list(drawn.values[:length])
        known = features["target_length"]
        assert features["target"][:known] == list(drawn.values[length : length + HORIZON])
        end_of_target = features["last_month"] + known
        assert end_of_target <= features["series_end"]
    assert evaluation[-1]["last_month"] + HORIZON == evaluation[-1]["series_end"]


def test_a_short_or_unfit_series_is_an_error(drawn: TimeSeries) -> None:
    def cut(values: tuple[float, ...]) -> None:
        list(windows(TimeSeries(drawn.dates[: len(values)], values, "monthly"), TASK.settings()))

    with pytest.raises(DataError, match="has 60 months.* need 78"):
        cut(drawn.values[:60])
    with pytest.raises(DataError, match=r"above zero.*2005-03 \(0\)"):
        cut((*drawn.values[:2], 0.0, *drawn.values[3:]))
    late = tuple(date.replace(year=date.year + 90) for date in drawn.dates)
    with pytest.raises(DataError, match="expected months from"):
        list(windows(TimeSeries(late, drawn.values, "monthly"), TASK.settings()))


def test_visible_months_end_at_the_origin(drawn: TimeSeries) -> None:
    splits = backtest.raw_splits(drawn, TASK.settings())
    offsets = origin_offsets(TASK.settings())
    for split, raw in splits.items():
        features = {n: v.numpy() for n, v in backtest.preprocessing_fn(raw, {}).items()}
        counts = np.asarray(visible(features, offsets))
        end = int(features["series_end"][0])
        for i, last_month in enumerate(features["last_month"]):
            for j, offset in enumerate(offsets):
                for h in range(HORIZON):
                    if split == "train":
                        expected = last_month + h + 1 <= end - offset
                    else:
                        expected = last_month == end - offset
                    assert counts[i, j, h] == expected


def test_an_origin_learns_nothing_from_later_months(drawn: TimeSeries) -> None:
    settings = TASK.resolve({**TINY, "calibration_origins": 1, "origins": 2})
    offsets = origin_offsets(settings)
    changed = np.array(drawn.values)
    changed[-offsets[1] :] *= np.random.default_rng(3).uniform(0.3, 3, offsets[1])
    forecasts, wholes = [], []
    as_before = backtest.raw_splits(drawn, settings)["eval"]["target"]
    for values in (drawn.values, tuple(changed.tolist())):
        series = TimeSeries(drawn.dates, values, "monthly")
        splits = backtest.raw_splits(series, settings)
        servable = backtest.train(splits, settings)
        features = servable.transform(splits["eval"])
        forecasts.append(servable.model(features, training=False).numpy())
        wholes.append(servable.score({**splits["eval"], "target": as_before}))
    first, second = forecasts
    # Example 0 is the backtest's first origin; tracks 0 and 1 belong to it and to what is older.
    np.testing.assert_allclose(first[0, :2], second[0, :2], rtol=1e-4, atol=1e-5)
    assert np.abs(first[0, 2:] - second[0, 2:]).max() > 1e-3
    for name in ("mape__score", "interval_coverage__score"):
        np.testing.assert_allclose(wholes[0][name][0], wholes[1][name][0], rtol=1e-3)
    assert abs(wholes[0]["mape__score"][1] - wholes[1]["mape__score"][1]) > 1e-2


def test_baselines_on_the_real_series(real: TimeSeries) -> None:
    splits = backtest.raw_splits(real, TASK.settings())
    features = backtest.preprocessing_fn(splits["eval"], {})
    arrays = {name: value.numpy() for name, value in features.items()}
    fitted = baselines.fit(arrays)

    def mape(logs: tf.Tensor) -> float:
        return float(100 * np.mean(np.abs(np.exp(logs - arrays["target"]) - 1)))

    values = np.array(real.values)
    origins = [len(values) - 12 - 6 * back for back in range(6)]
    by_hand = [
        abs(values[o - 12 + h] - values[o + h]) / values[o + h] for o in origins for h in range(12)
    ]
    naive = mape(baselines.seasonal_naive(features))
    assert naive == pytest.approx(100 * np.mean(by_hand), rel=1e-4)
    assert naive == pytest.approx(10.87, abs=0.005)
    assert mape(baselines.forecast(features, fitted["sarima"])) == pytest.approx(5.80, abs=0.02)
    winters = mape(baselines.forecast(features, fitted["holt_winters"]))
    assert winters == pytest.approx(6.57, abs=0.05)


def test_untrained_networks_lose_to_the_naive(real: TimeSeries, drawn: TimeSeries) -> None:
    for series in (real, drawn):
        settings = set_unchecked(TASK.settings(), epochs=0)
        splits = backtest.raw_splits(series, settings)
        servable = backtest.train(splits, settings)
        servable.network_share.assign(tf.ones_like(servable.network_share))
        figures = backtest.metrics(servable.score(splits["eval"]))
        assert figures["mape__score"] > figures["mape__seasonal_naive"]


def test_a_smoke_run_beats_simple_models(drawn: TimeSeries) -> None:
    settings = TASK.resolve({}, smoke=True)
    splits = backtest.raw_splits(drawn, settings)
    figures = backtest.metrics(backtest.train(splits, settings).score(splits["eval"]))
    assert figures["mape__score"] < 0.8 * figures["mape__seasonal_naive"]
    assert figures["mape__score"] < figures["mape__sarima"]
    assert figures["mape__score"] < figures["mape__holt_winters"]
    assert 0.5 < figures["interval_coverage__score"] <= 1


def test_intervals_are_scaled_by_what_earlier_origins_missed() -> None:
    offsets = (36, 24, 12, 0)
    made = (np.zeros((3, HORIZON)), np.ones((3, HORIZON)))
    targets = np.stack([np.full(HORIZON, 2.0), np.full(HORIZON, -4.0), np.full(HORIZON, 50.0)])
    known = np.ones((3, HORIZON))
    factors = scale_factors(*made, targets, known, np.array([36, 24, 12]), offsets)
    # 36 and 24 have too few scores before them; 12 has 2 and 4, twelve times each.
    np.testing.assert_allclose(factors[:3], [1, 1, 4])
    assert factors[3] > 4
    late = scale_factors(*made, targets * 9, known, np.array([24, 18, 0]), (12,))
    np.testing.assert_allclose(late, [1], err_msg="24: twelve scores, 18: six, 0: none")


def test_quantiles_are_ordered_and_batches_agree(tiny: Any, drawn: TimeSeries) -> None:
    servable, _ = tiny
    history = np.array(drawn.values[-70:])
    batch = serve(servable, np.stack([history, history * 3]), ["2016-10", "2011-02"])
    assert batch["forecast"].shape == (2, HORIZON)
    assert (batch["lower"] < batch["forecast"]).all()
    assert (batch["forecast"] < batch["upper"]).all()
    alone = serve(servable, history[None], ["2016-10"])
    scaled = serve(servable, 1000 * history[None], ["2016-10"])
    for name, values in alone.items():
        np.testing.assert_allclose(values[0], batch[name][0], rtol=1e-4)
        np.testing.assert_allclose(1000 * values, scaled[name], rtol=1e-3)


def test_served_forecast_equals_the_direct_path(tiny: Any, drawn: TimeSeries) -> None:
    servable, splits = tiny
    window = {name: value[-1:] for name, value in splits["train"].items()}
    features = servable.transform(window)
    origin = tf.constant([servable.network_share.shape[0] - 1])
    networks = servable.model(features, training=False)[:, -1, ..., 1].numpy().mean(axis=1)
    share = servable.network_share.numpy()[-1]
    logs = share * networks + (1 - share) * servable.classical.forecast(features, origin)
    expected = tf.exp(logs + features["level"][:, None])
    served = serve(servable, np.array([drawn.values[:-1]]), ["2016-09"])
    np.testing.assert_allclose(served["forecast"], expected, rtol=1e-4)
    examples = servable.answer_examples(window)
    np.testing.assert_allclose(examples["forecast"], expected, rtol=1e-4)


@pytest.mark.parametrize("months", [24, 61, 240, 300])
def test_any_length_of_history_is_served(tiny: Any, months: int) -> None:
    answer = serve(tiny[0], np.full((1, months), 5.0), ["2050-12"])
    assert all(np.isfinite(values).all() for values in answer.values())


@pytest.mark.parametrize(
    ("history", "last_month", "message"),
    [
        (np.ones((1, 23)), "2016-10", "24 values or more"),
        (np.zeros((1, 24)), "2016-10", "history: expected more than 0, found"),
        (np.full((1, 24), np.nan), "2016-10", "history: expected more than 0, found"),
        (np.ones((1, 24)), "2016-13", "last_month"),
        (np.ones((1, 24)), "October", "last_month"),
        (np.ones((1, 24)), "", "last_month"),
        (np.ones((1, 24)), "2099-10", "last_month"),
        (np.ones((1, 24)), "0000-01", "last_month"),
    ],
)
def test_garbage_is_refused(tiny: Any, history: np.ndarray, last_month: str, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        serve(tiny[0], history, [last_month])


def test_a_person_gets_a_table_and_a_picture(tmp_path: Path, drawn: TimeSeries) -> None:
    maker.write_sample(tmp_path, TASK.resolve({"seed": 7}))
    signature, request = read_request(TASK, str(tmp_path / "railway.csv"))
    assert signature == "serving_default"
    assert request == {"history": [list(drawn.values)], "last_month": ["2016-10"]}
    forecast = np.array([drawn.values[-12:]])
    answer = {"forecast": forecast, "lower": forecast * 0.9, "upper": forecast * 1.1}
    text = show(TASK, request, answer, tmp_path / "out.png")
    lines = text.splitlines()
    assert lines[1].startswith("2016-11") and lines[12].startswith("2017-10")
    assert Image.open(tmp_path / "out.png").size == (1500, 720)
    with pytest.raises(DataError, match="no file"):
        read_request(TASK, "nowhere.csv")
