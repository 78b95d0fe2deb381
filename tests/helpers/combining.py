"""Metrics of examples made by hand, combined as Beam combines them."""

from __future__ import annotations

from typing import Any

import numpy as np
from apache_beam.internal import pickler
from tensorflow_model_analysis.metrics import metric_types


def compute(metric: metric_types.Metric, columns: dict[str, Any], workers: int = 3) -> float:
    """Combines the examples in parts that are merged, one of them empty.

    The first part has its examples one by one, each of the others has them as a group.
    """
    [computation] = metric.computations(model_names=[""])
    combiner = pickler.loads(pickler.dumps(computation.combiner))
    count = len(next(iter(columns.values())))
    accumulators = [combiner.create_accumulator() for _ in range(workers + 1)]
    singly = [[i] for i in range(0, count, workers)]
    groups = [list(range(worker, count, workers)) for worker in range(1, workers)]
    for members in filter(None, [*singly, *groups]):
        rows = {
            name: np.stack([_row(values[i]) for i in members]) for name, values in columns.items()
        }
        element = metric_types.StandardMetricInputs(prediction=rows)
        part = members[0] % workers
        accumulators[part] = combiner.add_input(accumulators[part], element)
    outputs = combiner.extract_output(combiner.merge_accumulators(accumulators))
    [(key, value)] = outputs.items()
    assert key in computation.keys
    assert key.name == metric.name
    return value


def _row(values: Any) -> np.ndarray:
    """One example's values as a signature gives them: n-grams int64, numbers float32."""
    is_row = isinstance(values, np.ndarray) and values.ndim == 1
    return values if is_row else np.array([values], np.float32)
