"""age_gender: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.age_gender.features import cut_crops
from modules.age_gender.labels import AGE_GROUPS, GENDERS
from modules.age_gender.model import HEADS
from modules.age_gender.task import Settings
from modules.common.export.saved_model import Servable
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.runtime.errors import DataError
from modules.common.training.input_pipeline import Split

# Ten crops of 227x227 each, whose activations take 25 MB a face.
_FACES_AT_ONCE = 8


class AgeGenderServable(Servable):
    """Answers a face with its age group and gender."""

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the constant answer; see `Servable.fit_baselines`.

        Returns:
            `majority`: the most frequent age group and gender, int64 `[2]`.

        Raises:
            DataError: If no age, or no gender, is known.
        """
        labels = train["age_gender"]
        majority = []
        for column, what in enumerate(("age", "gender")):
            known = labels[:, column][labels[:, column] >= 0]
            if not known.size:
                raise DataError(
                    f"no face that is trained on has a known {what}; age_gender needs some"
                )
            majority.append(np.bincount(known).argmax())
        return {"majority": np.array(majority, np.int64)}

    def answer(self, raw: Tensors) -> Tensors:
        """Answers for faces.

        Args:
            raw: `image`, encoded pictures, string `[batch]`.

        Returns:
            The task's serving outputs.
        """
        ages, genders = self._probabilities(self.transform({"image": raw["image"]}))
        return {
            "age_group": tf.gather(tf.constant(AGE_GROUPS), tf.argmax(ages, axis=-1)),
            "age_probabilities": ages,
            "gender": tf.gather(tf.constant(GENDERS), tf.argmax(genders, axis=-1)),
            "gender_probability": tf.reduce_max(genders, axis=-1),
        }

    def score(self, raw: Tensors) -> Tensors:
        """Scores age group, exactly and within one, and gender, each where it is known."""
        features = self.transform(raw)
        label = features["age_gender"]
        answers = [tf.argmax(each, axis=-1) for each in self._probabilities(features)]
        scores = {}
        for name, column, most_off in (
            ("age_accuracy", 0, 0),
            ("age_one_off", 0, 1),
            ("gender_accuracy", 1, 0),
        ):
            right = label[:, column]
            weight = tf.cast(right >= 0, tf.float32)
            for whose, answer in (
                ("score", answers[column]),
                ("majority", self.baselines["majority"][column]),
            ):
                is_right = tf.cast(tf.abs(answer - right) <= most_off, tf.float32)
                scores[f"{name}__{whose}"] = is_right * weight
            scores[f"{name}__weight"] = weight
        return scores

    def _probabilities(self, features: Tensors) -> tuple[tf.Tensor, tf.Tensor]:
        """Mean over the crops: float32 `[batch, 8]` and `[batch, 2]`."""
        crop, count = self.settings.crop_px, self.settings.crops

        def of_some(inputs: Tensors) -> Tensors:
            crops = cut_crops(inputs["image"], crop, count)
            logits = self.model({"image": tf.reshape(crops, [-1, crop, crop, 3])}, training=False)
            means = {}
            for name, part in HEADS.items():
                odds = tf.nn.softmax(logits[:, part])
                by_face = tf.reshape(odds, [-1, count, part.stop - part.start])
                means[name] = tf.reduce_mean(by_face, axis=1)
            return means

        found = in_chunks(of_some, {"image": features["image"]}, _FACES_AT_ONCE)
        ages, genders = (found[name] for name in HEADS)
        return ages, genders
