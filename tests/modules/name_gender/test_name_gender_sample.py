from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record
from components.example_gen.tables.example_gen import read_csv
from modules.common.declaring.registry import load_task
from modules.common.text.in_graph import RESERVED_IDS
from modules.name_gender.sample import maker
from modules.name_gender.task import TASK, Settings

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
