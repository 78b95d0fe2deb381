"""What `fit_baselines` gives comes back in the same structure, and is exported with the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules.common.declaring.task import Task
from modules.common.export import saved_model
from modules.common.graph.tensors import Baselines
from modules.common.models.bigram import Bigram, fit_bigram, log_probability

_IDS = np.array([[1, 2, 3, 0], [1, 3, 0, 0]])
_PAIRS = (np.array([[1, 1, 3]]), np.array([[2, 3, 0]]))


def made(task: Task, baselines: Baselines) -> saved_model.Servable:
    layer = SimpleNamespace(_saved_model_loader_tracked_dict={})
    output: Any = SimpleNamespace(transform_features_layer=lambda: layer, raw_feature_spec=dict)
    settings: Any = task.settings
    return saved_model.Servable(task, settings, keras.Sequential(), output, baselines)


@pytest.fixture
def servable(declare: Callable[..., Task]) -> saved_model.Servable:
    fitted = {
        "bigram": fit_bigram(_IDS, 5),
        "deep": {"pair": (np.float32([1, 2]), np.int64(3))},
    }
    return made(declare(), fitted)


def test_baselines_keep_their_structure(servable: saved_model.Servable) -> None:
    found = servable.baselines
    assert set(found) == {"bigram", "deep"}
    assert isinstance(found["bigram"], Bigram)
    kernel, count = found["deep"]["pair"]
    assert (kernel.numpy().tolist(), count.numpy()) == ([1, 2], 3)
    assert (kernel.dtype, count.dtype) == (tf.float32, tf.int64)
    assert not servable.trainable_variables


def test_nested_baselines_score_alike_in_the_exported_graph(
    servable: saved_model.Servable, tmp_path: Path
) -> None:
    def score(before: tf.Tensor, after: tf.Tensor) -> dict[str, tf.Tensor]:
        kernel, _ = servable.baselines["deep"]["pair"]
        return {
            "nats": log_probability(servable.baselines["bigram"], before, after),
            "sum": tf.reduce_sum(kernel),
        }

    spec = tf.TensorSpec([None, None], tf.int64)
    traced = saved_model.trace(score, before=spec, after=spec)
    tf.saved_model.save(servable, str(tmp_path), signatures={"score": traced})
    loaded = tf.saved_model.load(str(tmp_path))
    before, after = map(tf.constant, _PAIRS)
    answers = loaded.signatures["score"](before=before, after=after)
    wanted = log_probability(fit_bigram(_IDS, 5), before, after)
    np.testing.assert_array_equal(answers["nats"], wanted)
    assert answers["sum"] == 3
