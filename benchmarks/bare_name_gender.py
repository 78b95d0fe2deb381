"""name_gender without a pipeline: one script that reads, transforms, trains, evaluates, exports.

What `pipeline_overhead.py` compares with: the same data, split, model, training, baseline and
served signature, with none of the checks, records and reuse that a pipeline gives.

    python benchmarks/bare_name_gender.py names.csv OUT_DIR
"""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter

os.environ["TF_USE_LEGACY_KERAS"] = "0"

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from components.example_gen.records import split_of
from modules.common.reading.genders import parse_gender
from modules.common.text.in_graph import PADDING_ID, RESERVED_IDS, UNKNOWN_ID
from modules.name_gender import simple_models
from modules.name_gender.model import build_model
from modules.name_gender.task import MAX_CHARS, TASK, Settings, parse_name

Split = tuple[np.ndarray, np.ndarray]


class Vocabulary:
    """The characters of the training split, in the part that `build_model` asks of Transform."""

    def __init__(self, names: list[str], min_count: int) -> None:
        """Counts the characters of `names`."""
        counts = Counter(character for name in names for character in name[:MAX_CHARS])
        kept = sorted(character for character, count in counts.items() if count >= min_count)
        self.ids = {character: index + RESERVED_IDS for index, character in enumerate(kept)}

    def vocabulary_size_by_name(self, name: str) -> int:
        """Gives the number of characters."""
        return len(self.ids)

    def encode(self, names: list[str]) -> np.ndarray:
        """Turns names into int64 `[names, MAX_CHARS]`."""
        encoded = np.full((len(names), MAX_CHARS), PADDING_ID, np.int64)
        for row, name in enumerate(names):
            ids = [self.ids.get(character, UNKNOWN_ID) for character in name[:MAX_CHARS]]
            encoded[row, : len(ids)] = ids
        return encoded


def read(path: str) -> dict[str, list[tuple[str, bool]]]:
    """Reads names and genders by split."""
    splits: dict[str, list[tuple[str, bool]]] = {"train": [], "eval": []}
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for name, gender in rows:
            name = parse_name(name)
            splits[split_of(name, 20)].append((name, parse_gender(gender) == "male"))
    return splits


def train(settings: Settings, vocabulary: Vocabulary, data: Split, held_out: Split) -> keras.Model:
    """Fits the model as Trainer does."""
    keras.utils.set_random_seed(settings.seed)
    model = build_model(settings, vocabulary)
    batches = tf.data.Dataset.from_tensor_slices(({"characters": data[0]}, data[1]))
    model.fit(
        batches.shuffle(len(data[1]), seed=settings.seed).batch(settings.batch_size),
        validation_data=({"characters": held_out[0]}, held_out[1]),
        epochs=settings.epochs,
        callbacks=[
            keras.callbacks.EarlyStopping(patience=settings.patience, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1),
        ],
        verbose=0,
    )
    return model


def export(
    model: keras.Model, fitted: simple_models.Fitted, vocabulary: Vocabulary, directory: str
) -> None:
    """Writes a SavedModel that takes names."""
    module = tf.Module()
    module.model = model
    module.simple = tf.nest.map_structure(lambda each: tf.Variable(each, trainable=False), fitted)
    module.table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            list(vocabulary.ids), list(vocabulary.ids.values()), tf.string, tf.int64
        ),
        UNKNOWN_ID,
    )

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="name")])
    def serve(name: tf.Tensor) -> dict[str, tf.Tensor]:
        characters = tf.strings.unicode_split(name, "UTF-8")[:, :MAX_CHARS]
        ids = tf.ragged.map_flat_values(module.table.lookup, characters)
        padded = ids.to_tensor(PADDING_ID, shape=[None, MAX_CHARS])
        logits = model({"characters": padded}, training=False)
        simple = simple_models.answer(padded, module.simple)
        male = tf.sigmoid(simple_models.join(logits, simple))
        return {"label": tf.where(male > 0.5, "male", "female"), "probability": male}

    tf.saved_model.save(module, directory, signatures={"serving_default": serve})


def main(path: str, directory: str) -> None:
    """Runs it all."""
    splits = read(path)
    settings = TASK.resolve({})
    names = [name for name, _ in splits["train"]]
    vocabulary = Vocabulary(names, settings.min_character_count)
    data, held_out = (
        (
            vocabulary.encode([name for name, _ in splits[split]]),
            np.array([male for _, male in splits[split]], np.float32),
        )
        for split in ("train", "eval")
    )
    model = train(settings, vocabulary, data, held_out)
    by_characters = model.predict({"characters": held_out[0]}, batch_size=1024, verbose=0)
    fitted = simple_models.fit(*data, settings.seed)
    simple = simple_models.answer(tf.constant(held_out[0]), fitted)
    logits = simple_models.join(by_characters, simple).numpy()
    print(
        f"accuracy {np.mean((logits > 0) == held_out[1]):.4f}, "
        f"baseline {np.mean((simple.log_odds.numpy() > 0) == held_out[1]):.4f}, "
        f"auc {roc_auc_score(held_out[1], logits):.4f}"
    )
    export(model, fitted, vocabulary, directory)


if __name__ == "__main__":
    main(*sys.argv[1:])
