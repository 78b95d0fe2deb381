"""name_gender: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import tensorflow as tf

from modules.common.export.saved_model import Servable
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.text import in_graph
from modules.common.training.input_pipeline import Split
from modules.name_gender import simple_models
from modules.name_gender.task import Settings

_CLASSES = ("female", "male")


class NameGenderServable(Servable):
    """Answers a name with a gender."""

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits half of the model, which is the baselines too; see `Servable.fit_baselines`."""
        fitted = simple_models.fit(train["characters"], train["is_male"], settings.seed)
        return {"simple": fitted}

    def answer(self, raw: Tensors) -> Tensors:
        """Answers `name` string `[batch]` with label, probability and share of known characters."""
        characters = self.transform(raw)["characters"]
        male, _ = self._probability_male(characters)
        return {
            "label": tf.where(male > 0.5, "male", "female"),
            "probability": tf.maximum(male, 1 - male),
            "known": in_graph.compute_known_share(characters),
        }

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Answers Classify: both classes with their probabilities."""
        male, _ = self._probability_male(self.transform(raw)["characters"])
        classes = tf.tile(tf.constant([_CLASSES]), [tf.shape(male)[0], 1])
        return {"classes": classes, "scores": tf.stack([1 - male, male], axis=1)}

    def score(self, raw: Tensors) -> Tensors:
        """Scores each name: right or wrong, by the model and by the baselines."""
        features = self.transform(raw)
        is_male = features["is_male"]
        male, simple = self._probability_male(features["characters"])
        return {
            **{
                f"accuracy__{name}": tf.cast((logit > 0) == (is_male > 0.5), tf.float32)
                for name, logit in (
                    ("score", male - 0.5),
                    ("log_odds", simple.log_odds),
                    ("boosted_trees", simple.boosted_trees),
                )
            },
            "accuracy__weight": tf.ones_like(male),
            **{
                f"{metric}__{what}": value
                for metric in ("auc", "ece")
                for what, value in (("score", male), ("label", is_male))
            },
        }

    def _probability_male(self, characters: tf.Tensor) -> tuple[tf.Tensor, simple_models.Answer]:
        """Gives the model's probability of `male`, `[batch]`, and what simple models say."""
        by_characters = self.model({"characters": characters}, training=False)
        simple = simple_models.answer(characters, self.baselines["simple"])
        return tf.sigmoid(simple_models.join(by_characters, simple)), simple
