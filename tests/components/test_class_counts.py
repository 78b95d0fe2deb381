"""One class only, an empty split, a class on one side: found in the statistics, and said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from run_executor import execute
from statistics_gen import statistics_of
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics

from components.anomaly_gate import AnomalyGate
from components.class_counts import class_problems, one_sided_classes, split_problem
from components.example_gen.records import split_of
from components.example_gen.tables.example_gen import CsvExampleGen
from modules.common.declaring.registry import all_tasks, load_task
from modules.common.declaring.task import Task
from modules.common.runtime.errors import DataError

Classes = dict[str, int]


def statistics(folder: Path, **splits: dict[str, Classes]) -> ExampleStatistics:
    """Writes statistics of string features: split to feature to value to count."""
    artifact = ExampleStatistics()
    artifact.uri = str(folder)
    for split, features in splits.items():
        proto = statistics_pb2.DatasetFeatureStatisticsList()
        dataset = proto.datasets.add()
        for name, counts in features.items():
            dataset.num_examples = sum(counts.values())
            feature = dataset.features.add()
            feature.path.step.append(name)
            for label, count in counts.items():
                bucket = feature.string_stats.rank_histogram.buckets.add()
                bucket.label, bucket.sample_count = label, count
        path = folder / f"Split-{split}" / "FeatureStats.pb"
        path.parent.mkdir(parents=True)
        path.write_bytes(proto.SerializeToString())
    return artifact


def of_gender(folder: Path, train: Classes, evaluation: Classes) -> ExampleStatistics:
    return statistics(folder, train={"gender": train}, eval={"gender": evaluation})


def run_gate(task: Task, folder: Path, statistics: ExampleStatistics) -> None:
    anomalies = ExampleAnomalies()
    anomalies.uri, anomalies.split_names = str(folder), "[]"
    executor = AnomalyGate.EXECUTOR_SPEC.executor_class(
        BaseExecutor.Context(tmp_dir=str(folder), unique_id="1")
    )
    given = {"anomalies": [anomalies], "statistics": [statistics]}
    executor.Do(given, {}, {"task_name": task.name})


@pytest.mark.parametrize(
    ("train", "evaluation", "said"),
    [
        ({"male": 90}, {"male": 10}, "all 100 examples have the gender 'male', so there is noth"),
        ({"male": 9, "female": 1}, {"male": 2}, "gender 'female' has 1 example for training, none"),
        ({"male": 9}, {"male": 2, "female": 3}, "gender 'female' has 3 examples for evaluation, n"),
        ({"male": 1}, {"unknown": 2}, "the only example has the gender 'male', so there is nothi"),
        ({"unknown": 9}, {"unknown": 2}, "no example says its gender. Give examples that do"),
        ({"male": 9, "unknown": 5}, {"male": 2}, "all 11 examples have the gender 'male'"),
    ],
)
def test_what_cannot_be_learned_ends_the_run_in_the_gate(
    train: Classes, evaluation: Classes, said: str, tmp_path: Path
) -> None:
    task = load_task("name_gender")
    artifact = of_gender(tmp_path, train, evaluation)
    [problem] = class_problems(task, artifact)
    assert problem.startswith(said) and "Give" in problem
    with pytest.raises(DataError, match="nothing was trained: ") as caught:
        run_gate(task, tmp_path, artifact)
    assert problem in str(caught.value) and caught.value.exit_code == 1


@pytest.mark.parametrize(("empty", "full"), [("eval", "training"), ("train", "evaluation")])
def test_an_empty_split_ends_the_run_in_the_gate(empty: str, full: str, tmp_path: Path) -> None:
    counts = {"eval": {"male": 3, "female": 4}, "train": {"male": 3, "female": 4}}
    counts[empty] = {}
    artifact = of_gender(tmp_path, counts["train"], counts["eval"])
    assert split_problem(artifact).startswith(f"all 7 examples fell to {full}, none to ")
    with pytest.raises(DataError, match="so nothing was trained. Give more data"):
        run_gate(load_task("name_gender"), tmp_path, artifact)


def test_two_classes_on_both_sides_are_let_through(tmp_path: Path) -> None:
    artifact = of_gender(tmp_path, {"male": 9, "female": 1}, {"male": 2, "female": 1})
    run_gate(load_task("name_gender"), tmp_path, artifact)
    assert one_sided_classes(load_task("name_gender"), artifact) == ""


def test_of_many_classes_one_that_is_on_one_side_is_said_and_no_error(tmp_path: Path) -> None:
    task = load_task("image_retrain")
    train, evaluation = {"hat": 9, "cat": 8, "single": 1}, {"hat": 2, "cat": 1}
    artifact = statistics(tmp_path, train={"label": train}, eval={"label": evaluation})
    run_gate(task, tmp_path, artifact)
    said = "label 'single' has 1 example for training, none for evaluation"
    assert one_sided_classes(task, artifact) == said


def test_of_many_classes_one_alone_to_train_on_is_an_error(tmp_path: Path) -> None:
    task = load_task("image_retrain")
    train, evaluation = {"hat": 9}, {"hat": 2, "cat": 1, "dog": 3}
    artifact = statistics(tmp_path, train={"label": train}, eval={"label": evaluation})
    cat, dog = class_problems(task, artifact)
    assert cat.startswith("label 'cat' has 1 example for evaluation, none for training")
    assert dog.startswith("label 'dog' has 3 examples for evaluation, none for training")
    with pytest.raises(DataError, match="nothing was trained: "):
        run_gate(task, tmp_path, artifact)


def test_every_feature_that_holds_classes_is_looked_at(tmp_path: Path) -> None:
    task = load_task("age_gender")
    one = {"gender": {"male": 5}, "age_group": {"0-2": 3, "25-32": 2}}
    artifact = statistics(tmp_path, train=one, eval=one)
    [problem] = class_problems(task, artifact)
    assert problem.startswith("all 10 examples have the gender 'male'")
    both = {"gender": {"male": 3, "female": 2}, "age_group": {"25-32": 5}}
    artifact = statistics(tmp_path / "b", train=both, eval=both)
    [problem] = class_problems(task, artifact)
    assert problem.startswith("all 10 examples have the age_group '25-32'")


def test_the_tasks_that_tell_classes_apart_declare_them() -> None:
    told = {task.name: task.classes for task in all_tasks() if task.classes}
    assert set(told) >= {"name_gender", "voice_gender", "image_retrain", "age_gender"}


def test_statisticsgen_is_read_an_empty_split_of_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = load_task("name_gender")
    names = [f"王{chr(0x4E00 + number)}" for number in range(200)]
    training = [name for name in names if split_of(name, 20) == "train"][:6]
    data = tmp_path / "data"
    data.mkdir()
    rows = [f"{name},{'男女'[number % 2]}" for number, name in enumerate(training)]
    (data / "a.csv").write_text("\n".join(["姓名,性别", *rows]), encoding="utf-8")
    source = replace(task.sources[0], eval_percent=20)
    task = replace(task, sources=(source,))
    examples = execute(monkeypatch, CsvExampleGen, task, data, tmp_path / "examples")
    artifact = statistics_of(examples, tmp_path / "statistics")
    assert split_problem(artifact).startswith("all 6 examples fell to training, none to eval")
