from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import tensorflow as tf
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record
from components.example_gen.tables.example_gen import read_csv
from modules.common.declaring.registry import load_task
from modules.common.text.in_graph import PADDING_ID, RESERVED_IDS, UNKNOWN_ID
from modules.name_gender import baseline
from modules.name_gender.sample import maker
from modules.name_gender.task import MAX_CHARS, TASK, Settings

_VOCABULARY = 30
_IDS = _VOCABULARY + RESERVED_IDS
_SETTINGS = TASK.resolve({"embedding_units": 6, "filters": 5, "sample_rows": 3000})


# The sample


def sample_rows(folder: Path, seed: int = 1, rows: int = 3000) -> list[list[str]]:
    folder.mkdir(exist_ok=True)
    maker.write_sample(folder, Settings(seed=seed, sample_rows=rows))
    [path] = folder.iterdir()
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_sample_is_in_the_real_layout(tmp_path: Path) -> None:
    header, *rows = sample_rows(tmp_path / "s", rows=500)
    assert header == ["姓名", "性别"]
    assert len(rows) == 500
    assert {gender for _, gender in rows} == {"男", "女"}
    assert {len(name) for name, _ in rows} == {2, 3}
    # All ideographs of the Unified CJK block.
    assert all("\u4e00" <= character <= "\u9fff" for name, _ in rows for character in name)
    config = ReadConfig(
        task_name="name_gender",
        source=load_task("name_gender").sources[0],
        settings=Settings(),
        data_dir=str(tmp_path),
    )
    items = list(read_csv(str(tmp_path / "s" / "names.csv"), config))
    assert len(items) == 500
    assert all(isinstance(item, Record) for item in items)


def test_the_sample_follows_its_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        sample_rows(tmp_path / name, seed, rows=200)
    a, b, c = ((tmp_path / name / "names.csv").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_the_sample_can_be_learned_and_not_from_surnames_alone(tmp_path: Path) -> None:
    _, *rows = sample_rows(tmp_path)
    names = [name for name, _ in rows]
    male = np.array([gender == "男" for _, gender in rows])
    assert 0.3 < male.mean() < 0.7
    assert bayes_accuracy([name[1:] for name in names], male) > 0.75
    majority = max(male.mean(), 1 - male.mean())
    assert bayes_accuracy([name[0] for name in names], male) < majority + 0.05


def bayes_accuracy(texts: list[str], male: np.ndarray) -> float:
    """Accuracy of naive Bayes on the last fifth, trained on the rest."""
    vectorizer = CountVectorizer(analyzer="char", lowercase=False)
    cut = len(texts) * 4 // 5
    classifier = MultinomialNB().fit(vectorizer.fit_transform(texts[:cut]), male[:cut])
    return float(classifier.score(vectorizer.transform(texts[cut:]), male[cut:]))


# The baseline


def test_the_baseline_is_scikit_learn_s_regression_on_unigrams_and_bigrams(
    tmp_path: Path,
) -> None:
    _, *rows = sample_rows(tmp_path, seed=3)
    counts = Counter(character for name, _ in rows for character in name)
    # As in Transform's output: characters seen once are one character, "?".
    known = sorted(character for character, count in counts.items() if count > 1)
    names = ["".join(c if c in set(known) else "?" for c in name) for name, _ in rows]
    male = np.array([gender == "男" for _, gender in rows], np.float32)
    train, held_out = names[:2400], [*names[2400:], "王", "???", "?", "王婷?婷", "田" * MAX_CHARS]

    vectorizer = CountVectorizer(analyzer="char", ngram_range=(1, 2), lowercase=False)
    regression = LogisticRegression(max_iter=1000)
    regression.fit(vectorizer.fit_transform(train), male[:2400])
    expected = regression.predict_proba(vectorizer.transform(held_out))[:, 1]

    ids = {character: i + RESERVED_IDS for i, character in enumerate(known)}
    fitted = baseline.fit(encode(train, ids), male[:2400])
    constants = {name: tf.Variable(values, trainable=False) for name, values in fitted.items()}
    logit = tf.function(lambda characters: baseline.logit(characters, constants))
    found = tf.sigmoid(logit(tf.constant(encode(held_out, ids)))).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert expected.std() > 0.2


def encode(names: list[str], ids: dict[str, int]) -> np.ndarray:
    """Names to ids, int64 `[names, MAX_CHARS]`."""
    encoded = np.full([len(names), MAX_CHARS], PADDING_ID, np.int64)
    for row, name in enumerate(names):
        encoded[row, : len(name)] = [ids.get(character, UNKNOWN_ID) for character in name]
    return encoded


def test_ngrams_of_a_name_do_not_reach_into_the_padding() -> None:
    ids = [[2, 3, 2, 0], [5, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]]
    keys = baseline.ngram_keys(tf.constant(ids, tf.int64)).numpy()
    assert [int((row >= 0).sum()) for row in keys] == [3 + 2, 1, 0, 4 + 3]
    assert [len(set(row[row >= 0])) for row in keys] == [2 + 2, 1, 0, 1 + 1]
