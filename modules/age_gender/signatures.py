"""age_gender: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import tensorflow as tf

from modules.age_gender import baselines, hog, machine
from modules.age_gender.features import cut_crops
from modules.age_gender.labels import AGE_GROUPS, GENDERS
from modules.age_gender.model import HEADS
from modules.age_gender.task import Settings
from modules.common.export.saved_model import Servable
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.training.input_pipeline import Split

# Ten crops of 227x227 each, whose activations take 25 MB a face.
_FACES_AT_ONCE = 8
# Metric, question, whose answers are scored, and how far they may be off.
_SCORED = (
    ("age_accuracy", "age", "model", 0),
    ("age_one_off", "age", "model", 1),
    ("gender_accuracy", "gender", "model", 0),
    ("network_age_accuracy", "age", "network", 0),
    ("network_gender_accuracy", "gender", "network", 0),
)


class AgeGenderServable(Servable):
    """Answers a face with its age group and gender."""

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the majority and both machines; see `Servable` and `baselines.fit`."""
        return baselines.fit(train, settings)

    def answer(self, raw: Tensors) -> Tensors:
        """Answers for faces.

        Args:
            raw: `image`, encoded pictures, string `[batch]`.

        Returns:
            The task's serving outputs.
        """
        found = self._answers(self.transform({"image": raw["image"]}))
        ages, genders = (found[f"{what}_model"] for what in baselines.QUESTIONS)
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
        answers = {name: tf.argmax(of, axis=-1) for name, of in self._answers(features).items()}
        for column, what in enumerate(baselines.QUESTIONS):
            most_frequent = tf.fill(tf.shape(label[:, 0]), self.baselines["majority"][column])
            answers[f"{what}_majority"] = most_frequent
        rivals = {metric.name: metric.baselines for metric in self.task.metrics}
        scores = {}
        for name, what, of, most_off in _SCORED:
            right = label[:, list(baselines.QUESTIONS).index(what)]
            weight = tf.cast(right >= 0, tf.float32)
            scores[f"{name}__weight"] = weight
            for whose in (of, *rivals[name]):
                is_right = tf.abs(answers[f"{what}_{whose}"] - right) <= most_off
                scored = "score" if whose == of else whose
                scores[f"{name}__{scored}"] = tf.cast(is_right, tf.float32) * weight
        return scores

    def _answers(self, features: Tensors) -> Tensors:
        """Gives what each model says of each question.

        Args:
            features: `image`, uint8 `[batch, image_px, image_px, 3]`.

        Returns:
            `age_model`, `age_network`, `age_machine` and `age_svm`, float32 `[batch, 8]`, the first
            two probabilities; the same of `gender`, `[batch, 2]`.
        """
        return in_chunks(self._answer_few, {"image": features["image"]}, _FACES_AT_ONCE)

    def _answer_few(self, inputs: Tensors) -> Tensors:
        pixels, count, crop = inputs["image"], self.settings.crops, self.settings.crop_px
        crops = tf.reshape(cut_crops(pixels, crop, count), [-1, crop, crop, 3])
        logits = self.model({"image": crops}, training=False)
        plain, both_ways = hog.describe(pixels), hog.describe_both_ways(pixels)
        found = {}
        for what, part in zip(baselines.QUESTIONS, HEADS.values(), strict=True):
            odds = tf.reshape(tf.nn.softmax(logits[:, part]), [-1, count, part.stop - part.start])
            network = tf.reduce_mean(odds, axis=1)
            by_machine = machine.decide(
                both_ways, self.baselines["machine"][what], self.baselines["space"]
            )
            found[f"{what}_model"] = baselines.join(network, by_machine)
            found[f"{what}_network"] = network
            found[f"{what}_machine"] = by_machine
            found[f"{what}_svm"] = baselines.decide_by_svm(plain, self.baselines["svm"][what])
        return found
