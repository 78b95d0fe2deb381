"""What is read of options and variables, TF_CONFIG above all, and what is refused."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from modules.common.runtime.errors import WrongUsage
from modules.common.training import distribution
from modules.common.training.distribution import Distribution
from pipelines.cli import main as _main  # noqa: F401 - loads the commands as a person does
from pipelines.commands.run import command


def config(kind: str, index: int, **cluster: list[str]) -> dict[str, str]:
    told = {"cluster": cluster, "task": {"type": kind, "index": index}, "environment": "cloud"}
    return {"TF_CONFIG": json.dumps(told)}


def test_default_is_one_process() -> None:
    assert distribution.read({}).strategy == "none"
    assert distribution.read({"LIANXI_STRATEGY": ""}).strategy == "none"


def test_what_is_handed_on_is_read_again() -> None:
    chosen = Distribution(strategy="multi_worker", workers=3)
    assert distribution.read(chosen.variables()) == chosen


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"LIANXI_STRATEGY": "miror"}, "no strategy is called 'miror'; did you mean 'mirrored'"),
        ({"LIANXI_WORKERS": "two"}, "expected a number of workers in LIANXI_WORKERS, found 'two'"),
        ({"LIANXI_WORKERS": "0"}, "expected 1 to 64 workers, found 0"),
    ],
)
def test_what_there_is_not_is_refused(variables: dict[str, str], said: str) -> None:
    with pytest.raises(WrongUsage, match=said.replace("?", r"\?")):
        distribution.read(variables)


def test_members_of_a_cluster() -> None:
    two = ["a:1", "b:1"]
    first = distribution.read_member(config("worker", 0, worker=two))
    assert first and first.is_chief and first.workers == 2
    second = distribution.read_member(config("worker", 1, worker=two))
    assert second and not second.is_chief and second.name == "worker 1"
    chief = distribution.read_member(config("chief", 0, chief=["c:1"], worker=two))
    assert chief and chief.is_chief and chief.workers == 3
    beside = distribution.read_member(config("worker", 0, chief=["c:1"], worker=two))
    assert beside and not beside.is_chief


def test_no_cluster_is_none() -> None:
    assert distribution.read_member({}) is None
    assert distribution.read_member({"TF_CONFIG": "{}"}) is None


@pytest.mark.parametrize(
    "text",
    [
        "worker",
        "[]",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
    ],
)
def test_what_is_no_cluster_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(WrongUsage, match=r'expected \{"cluster": \{"worker"'):
        distribution.read_member({"TF_CONFIG": text})


def run(monkeypatch: pytest.MonkeyPatch, *options: str, **variables: str) -> str:
    for name in ("LIANXI_STRATEGY", "LIANXI_WORKERS", "LIANXI_TRAINING_ARGUMENTS", "TF_CONFIG"):
        monkeypatch.setenv(name, variables.get(name, ""))
    result = CliRunner().invoke(command, ["name_gender", "--data", "/nowhere", *options])
    assert result.exit_code
    return result.output + str(result.exception)


def test_workers_mean_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(monkeypatch, "--workers", "2", "--strategy", "mirrored")
    assert "--workers goes with --strategy multi_worker" in said
    run(monkeypatch, "--workers", "3")
    assert distribution.read() == Distribution(strategy="multi_worker", workers=3)


def test_run_is_the_chiefs(monkeypatch: pytest.MonkeyPatch) -> None:
    second = config("worker", 1, worker=["a:1", "b:1"])
    said = run(monkeypatch, "--strategy", "multi_worker", **second)
    assert "this is worker 1, and the run is the chief's" in said


def test_other_number_than_the_clusters_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    first = config("worker", 0, worker=["a:1", "b:1"])
    assert "names 2 workers, and 3 were asked for" in run(monkeypatch, "--workers", "3", **first)


def test_workers_elsewhere_must_see_what_to_train(monkeypatch: pytest.MonkeyPatch) -> None:
    first = config("worker", 0, worker=["a:1", "b:1"])
    said = run(monkeypatch, "--strategy", "multi_worker", **first)
    assert "a file that all of them see in LIANXI_TRAINING_ARGUMENTS" in said
