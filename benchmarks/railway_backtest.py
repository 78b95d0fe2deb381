"""Measures railway_forecast's backtest over several seeds, without a pipeline around it.

`python benchmarks/railway_backtest.py FOLDER --seeds 5` prints a line for each seed and the mean;
`--set name=value` changes hyperparameters; `--until 2013-10` cuts the series, so that the same
backtest is made on earlier origins.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import keras
import numpy as np
import tensorflow as tf

from modules.common.graph.tensors import Arrays, Tensors
from modules.common.series.time_series import TimeSeries, parse
from modules.railway_forecast.calendar_effects import month_index, month_text
from modules.railway_forecast.features import preprocessing_fn
from modules.railway_forecast.model import build_model
from modules.railway_forecast.signatures import RailwayForecastServable
from modules.railway_forecast.task import HORIZON, MAX_HISTORY, SOURCE, TASK, Settings
from modules.railway_forecast.windows import windows


class EagerTransform:
    """Stands in for Transform's output: calls `preprocessing_fn` as it is."""

    def raw_feature_spec(self) -> dict[str, tf.io.FixedLenFeature]:
        """Gives what the schema says."""
        sizes = {"history": MAX_HISTORY, "target": HORIZON}
        return {
            name: tf.io.FixedLenFeature([sizes.get(name, 1)], dtype)
            for dtype, names in (
                (tf.float32, ("history", "target")),
                (tf.string, ("origin",)),
                (
                    tf.int64,
                    ("history_length", "last_month", "series_end", "is_backtest", "target_length"),
                ),
            )
            for name in names
        }

    def transform_features_layer(self) -> Callable[[Tensors], Tensors]:
        """Gives a callable from raw to transformed features."""

        def transform(raw: Tensors) -> Tensors:
            return preprocessing_fn(raw, {"settings": {}})

        transform._saved_model_loader_tracked_dict = {}  # type: ignore[attr-defined]
        return transform


def raw_splits(series: TimeSeries, settings: Settings) -> dict[str, Tensors]:
    """Cuts a series into raw features by split, `[examples, ...]` each."""
    examples: dict[str, list] = {"train": [], "eval": []}
    for split, features in windows(series, settings):
        examples[split].append(features)
    spec = EagerTransform().raw_feature_spec()
    return {
        split: {
            name: tf.constant(
                np.array([np.reshape(row[name], feature.shape) for row in rows]), feature.dtype
            )
            for name, feature in spec.items()
        }
        for split, rows in examples.items()
    }


def train(
    splits: dict[str, Tensors], settings: Settings, verbose: int = 0
) -> RailwayForecastServable:
    """Trains and wraps a model as `modules.common.training.loop.run` does."""
    features: dict[str, Arrays] = {
        split: {
            name: value.numpy() for name, value in preprocessing_fn(raw, {"settings": {}}).items()
        }
        for split, raw in splits.items()
    }
    keras.utils.set_random_seed(settings.seed)
    model = build_model(settings, None)
    inputs = {name: value for name, value in features["train"].items() if name != TASK.label}
    data = tf.data.Dataset.from_tensor_slices((inputs, features["train"]["target"]))
    data = data.cache().shuffle(4096, seed=1).batch(settings.batch_size)
    model.fit(data, epochs=settings.epochs, verbose=verbose)
    baselines = RailwayForecastServable.fit_baselines(features["train"], features["eval"], settings)
    servable = RailwayForecastServable(TASK, settings, model, EagerTransform(), baselines)
    servable.calibrate(features["train"])
    return servable


def metrics(scores: Tensors) -> dict[str, float]:
    """Puts scores together as TFMA does."""
    return {
        name: float(tf.reduce_sum(value) / tf.reduce_sum(scores[name.split("__")[0] + "__weight"]))
        for name, value in scores.items()
        if not name.endswith("__weight")
    }


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--until", default="9999-12")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--set", action="append", default=[], dest="settings")
    args = parser.parse_args()
    given = dict(setting.split("=", 1) for setting in args.settings)
    [path] = args.folder.glob("*.csv")
    series, _ = parse(path.read_bytes(), SOURCE, TASK.resolve(given))
    kept = sum(month_text(month_index(date)) <= args.until for date in series.dates)
    series = TimeSeries(series.dates[:kept], series.values[:kept], series.frequency)
    rows = []
    for seed in range(1, args.seeds + 1):
        settings = TASK.resolve({**given, "seed": seed}, smoke=args.smoke)
        splits = raw_splits(series, settings)
        begin = time.perf_counter()
        servable = train(splits, settings)
        seconds = time.perf_counter() - begin
        scores = servable.score(splits["eval"])
        rows.append(metrics(scores))
        by_origin = (scores["mape__score"] / scores["mape__weight"]).numpy().round(2)
        print(f"seed {seed}", {k: round(v, 3) for k, v in rows[-1].items()}, by_origin, end=" ")
        print(f"{seconds:.0f} s", servable.interval_scale.numpy().round(2), flush=True)
    for name in rows[0]:
        values = [row[name] for row in rows]
        print(f"{name}: mean {np.mean(values):.3f}, from {min(values):.3f} to {max(values):.3f}")


if __name__ == "__main__":
    main()
