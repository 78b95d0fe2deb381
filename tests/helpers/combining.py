"""Metrics of examples made by hand, combined as Beam combines them."""

from __future__ import annotations

from typing import Any

import numpy as np
from apache_beam.internal import pickler
from tensorflow_model_analysis.metrics import metric_types


def compute(metric: metric_types.Metric, columns: dict[str, Any], workers: int = 3) -> float:
    """Combines the examples in parts that are merged, one of them empty."""
    [computation] = metric.computations(model_names=[""])
    combiner = pickler.loads(pickler.dumps(computation.combiner))
    count = len(next(iter(columns.values())))
    accumulators = [combiner.create_accumulator() for _ in range(workers + 1)]
    for i in range(count):
        row = {name: _row(values[i]) for name, values in columns.items()}
        element = metric_types.StandardMetricInputs(prediction=row)
        accumulators[i % workers] = combiner.add_input(accumulators[i % workers], element)
    outputs = combiner.extract_output(combiner.merge_accumulators(accumulators))
    [(key, value)] = outputs.items()
    assert key in computation.keys
    assert key.name == metric.name
    return value


def _row(values: Any) -> np.ndarray:
    """One example's values as a signature gives them: n-grams int64, numbers float32."""
    is_row = isinstance(values, np.ndarray) and values.ndim == 1
    return values if is_row else np.array([values], np.float32)
