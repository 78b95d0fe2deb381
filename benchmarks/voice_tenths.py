"""Ten stratified random tenths: voice_gender against its two halves, and against boosted trees.

    python benchmarks/voice_tenths.py voice.csv
    python benchmarks/voice_tenths.py FOLDER       # with female/ and male/

Rows that agree in all twenty properties are dropped but for the first. Each tenth is held out
once; the network stops early on a tenth of the remaining nine. The machine is the pipeline's
baseline; the model is the mean of both. XGBoost, with its defaults, takes part where it is
installed (`pip install xgboost`). All see the same rows. 1,600 rows take about two minutes of
processor time.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import keras
import librosa
import numpy as np
from sklearn.model_selection import StratifiedKFold, train_test_split

from modules.voice_gender import acoustic, baselines, task
from modules.voice_gender.features import HEAVY_TAILED, MAX_DEVIATIONS
from modules.voice_gender.model import build_model
from modules.voice_gender.properties import PROPERTIES, SAMPLE_RATE_HZ

try:
    import xgboost
except ImportError:
    xgboost = None

Rows = tuple[np.ndarray, np.ndarray]


def read_csv(path: Path) -> Iterator[tuple[list[float], str]]:
    """Yields the properties and the label of every row."""
    columns = task.TASK.sources[0].columns
    with open(path, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            cells = [
                next(column.parse(row[name]) for name in column.headers if name in row)
                for column in columns
            ]
            yield [float(cell) for cell in cells[:-1]], cells[-1]


def read_folder(folder: Path) -> Iterator[tuple[list[float], str]]:
    """Yields the properties and the label of every recording."""
    for path in sorted(folder.glob("*male/**/*.*")):
        samples, _ = librosa.load(path, sr=SAMPLE_RATE_HZ, mono=True)
        label = path.relative_to(folder).parts[0]
        yield list(acoustic.featurize(samples, SAMPLE_RATE_HZ).values()), label


def load(path: Path) -> Rows:
    """Reads and drops duplicates.

    Returns:
        Properties `[rows, 20]` and whether female `[rows]`.
    """
    records = read_folder(path) if path.is_dir() else read_csv(path)
    unique = {tuple(values): label == task.FEMALE for values, label in records}
    return np.array(list(unique)), np.array(list(unique.values()), np.float32)


def standardize(train: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What Transform does: z-scores by the training rows."""
    names = list(PROPERTIES)
    heavy = [names.index(name) for name in HEAVY_TAILED]
    parts = []
    for part in (train, others):
        part = part.copy()
        part[:, heavy] = np.sign(part[:, heavy]) * np.log1p(np.abs(part[:, heavy]))
        parts.append(part)
    mean, spread = parts[0].mean(axis=0), parts[0].std(axis=0)
    spread[spread == 0] = 1
    return tuple(
        np.clip((part - mean) / spread, -MAX_DEVIATIONS, MAX_DEVIATIONS).astype(np.float32)
        for part in parts
    )


def train_network(train: Rows, settings: task.Settings, seed: int) -> keras.Model:
    """Trains the network on standardized rows."""
    keras.utils.set_random_seed(seed)
    fitted, watched, is_female, watched_is_female = train_test_split(
        *train, test_size=0.1, stratify=train[1], random_state=seed
    )
    model = build_model(settings, None)
    patience = settings.patience
    model.fit(
        {"properties": fitted},
        is_female,
        validation_data=({"properties": watched}, watched_is_female),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        callbacks=[
            keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=-(-patience // 3)),
        ],
        verbose=0,
    )
    return model


def score(train: Rows, test: Rows, settings: task.Settings, seed: int) -> dict[str, float]:
    """Fits all on `train`, standardized, and gives the shares that each tells rightly of `test`."""
    fitted = baselines.fit({"properties": train[0], "is_female": train[1]}, settings)
    decision = baselines.decide(fitted, test[0])
    network = train_network(train, settings, seed).predict({"properties": test[0]}, verbose=0)
    logits = {
        "voice_gender": baselines.join(network, decision, fitted).numpy(),
        "network": network,
        "SVM": decision.numpy(),
    }
    if xgboost is not None:
        trees = xgboost.XGBClassifier(random_state=seed).fit(train[0], train[1])
        logits["XGBoost"] = trees.predict(test[0]) - 0.5
    return {name: float(np.mean((each > 0) == (test[1] > 0.5))) for name, each in logits.items()}


def main() -> None:
    """Prints the accuracies on each tenth, and their means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="voice.csv, or a folder with female/ and male/")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    arguments = parser.parse_args()
    settings = task.TASK.resolve(dict(pair.split("=", 1) for pair in arguments.set))
    properties, is_female = load(arguments.data)
    print(f"{len(properties)} different rows, {np.mean(is_female):.1%} female")
    folds = StratifiedKFold(10, shuffle=True, random_state=arguments.seed)
    results = []
    for number, (train, test) in enumerate(folds.split(properties, is_female)):
        scores, test_scores = standardize(properties[train], properties[test])
        found = score((scores, is_female[train]), (test_scores, is_female[test]), settings, number)
        results.append(found)
        print(f"tenth {number}: {say(found)}", flush=True)
    means = {name: float(np.mean([each[name] for each in results])) for name in results[0]}
    print(f"mean of ten: {say(means)}")
    for name in list(means)[1:]:
        gains = [each["voice_gender"] - each[name] for each in results]
        error = np.std(gains, ddof=1) / len(gains) ** 0.5
        print(f"voice_gender ahead of {name} by {np.mean(gains):.2%} ± {error:.2%}")


def say(shares: dict[str, float]) -> str:
    """Words the shares of those who took part."""
    return ", ".join(f"{name} {share:.2%}" for name, share in shares.items())


if __name__ == "__main__":
    main()
