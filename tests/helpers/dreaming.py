"""A served deep_dream model without a pipeline around it."""

from __future__ import annotations

from types import SimpleNamespace

import tensorflow as tf

from modules.deep_dream.signatures import DeepDreamServable


class NoTransform:
    """In place of Transform's output: answers need none of it."""

    def transform_features_layer(self) -> SimpleNamespace:
        return SimpleNamespace(_saved_model_loader_tracked_dict={})

    def raw_feature_spec(self) -> dict[str, tf.io.FixedLenFeature]:
        return {"image": tf.io.FixedLenFeature([1], tf.string)}


class Dreaming(DeepDreamServable):
    """Scores nothing, which would need Transform's graph."""

    def score(self, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"none": tf.zeros(tf.shape(raw["image"])[:1])}
