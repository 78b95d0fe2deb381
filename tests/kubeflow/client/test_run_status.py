"""`lianxi tfx run status` on runs of each version of KFP, as the stand-in tells of them."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import yaml
from api_server import ApiServer
from api_workflow import Fate, Workflow
from asking import SPEC, Ask, fails

from kubeflow.client import run_command

VERSIONS = ("2.0", "2.5", "2.15", "2.17")
TASKS = {
    "DataFingerprint": [],
    "ExampleGen": ["DataFingerprint"],
    "StatisticsGen": ["ExampleGen"],
    "Trainer": ["ExampleGen", "StatisticsGen"],
    "Evaluator": ["Trainer"],
    "Pusher": ["Evaluator"],
}
METRICS = {
    "accuracy": {
        "value": 0.9123,
        "baselines": {"majority": 0.5},
        "gate": "above majority",
        "passed": True,
    },
    "auc": {"value": 0.95, "baseline": None, "gate": None},
}


def report(step: str, **told: object) -> str:
    said = json.dumps({"step": step, "seconds": 30.0, **told})
    return f"{step}: started\n{step}: step 100 of 200, loss 0.3\nreport: {said}\nI0302 03:04:05.1 x"


def good() -> dict[str, Fate]:
    return {
        "DataFingerprint": Fate(log=report("DataFingerprint")),
        "ExampleGen": Fate(log=report("ExampleGen", counts={"examples": 12000, "set_aside": 1})),
        "StatisticsGen": Fate(phase="Cached"),
        "Trainer": Fate(log=report("Trainer", counts={"steps": 200})),
        "Evaluator": Fate(log=report("Evaluator", metrics=METRICS, blessed=True)),
        "Pusher": Fate(log=report("Pusher", pushed_version="1772420000")),
    }


def begin(server: ApiServer, fates: dict[str, Fate], version: str = "2.17") -> str:
    """Makes a run and gives its id."""
    state = server.state
    if not state.pipelines:
        state.upload_pipeline("name_gender", yaml.safe_dump(SPEC).encode())
        state.create_experiment({"display_name": "name_gender"})
    (pipeline_id,), (version_id,) = state.pipelines, state.versions
    run = state.create_run(
        {
            "display_name": "name_gender",
            "experiment_id": next(iter(state.experiments)),
            "pipeline_version_reference": {
                "pipeline_id": pipeline_id,
                "pipeline_version_id": version_id,
            },
        }
    )
    if fates:
        state.begin_run(run["run_id"], Workflow(TASKS, fates, version, "kubeflow"))
    return str(run["run_id"])


def status(ask: Ask, run_id: str, more: str = "") -> tuple[int, str, str]:
    return ask(f"run status --pipeline_name name_gender --run_id {run_id} {more}")


def lines(out: str) -> dict[str, list[str]]:
    """Gives the line of each step, in words, in their order."""
    found = [line.split() for line in out.splitlines() if line[:2] in {f"{m} " for m in "✓=…·✗-"}]
    return {words[1]: words[2:] for words in found}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_that_pushed(server: ApiServer, ask: Ask, version: str) -> None:
    run_id = begin(server, good(), version)
    code, out, err = status(ask, run_id)
    assert (code, err) == (0, "")
    assert "name_gender: succeeded, asked for at 2026-" in out
    assert f"http://ui/#/runs/details/{run_id}" in out
    steps = lines(out)
    assert list(steps) == list(TASKS)
    assert steps["ExampleGen"] == "succeeded 30.0 s examples 12,000, set aside 1".split()
    assert steps["StatisticsGen"] == ["cached"]
    assert " ".join(steps["Evaluator"]).endswith(
        "accuracy 91.23%, majority 50.00%; gate above majority: passed"
    )
    assert steps["Pusher"][-3:] == ["pushed", "version", "1772420000"]
    assert "pushed: version 1772420000" in out
    table = [line for line in out.splitlines() if line.startswith("accuracy")]
    assert table and "91.23%" in table[0] and "majority 50.00%" in table[0]
    assert "no log is left" not in out


@pytest.mark.parametrize("version", VERSIONS)
def test_json_is_the_last_line_and_alone_on_standard_output(
    server: ApiServer, ask: Ask, version: str
) -> None:
    fates = good() | {"StatisticsGen": Fate(phase="Cached")}
    _, out, _ = status(ask, begin(server, fates, version), "--json")
    told = json.loads(out.splitlines()[-1])
    assert (told["task"], told["state"], told["pushed"]) == (
        "name_gender",
        "SUCCEEDED",
        "1772420000",
    )
    assert told["refused"] == []
    assert told["metrics"]["accuracy"]["value"] == 0.9123
    assert told["metrics"]["accuracy"]["passed"] is True
    assert told["metrics"]["auc"]["gate"] is None
    states = {each["name"]: each["state"] for each in told["components"]}
    assert states == dict.fromkeys(TASKS, "succeeded") | {"StatisticsGen": "cached"}
    pods = [each["pod"] for each in told["components"] if each["pod"]]
    assert len(set(pods)) == len(TASKS) - 1
    assert all(("system-container-impl" in pod) == (version != "2.0") for pod in pods)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_that_goes_on(server: ApiServer, ask: Ask, version: str) -> None:
    fates = dict(list(good().items())[:3])
    fates["Trainer"] = Fate(phase="Running", log="Trainer: step 100 of 200, loss 0.3\n")
    code, out, _ = status(ask, begin(server, fates, version))
    steps = lines(out)
    assert code == 0 and "name_gender: running" in out and "not pushed yet" in out
    assert steps["Trainer"][0] == "running"
    assert " ".join(steps["Trainer"]).endswith("step 100 of 200, loss 0.3")
    assert steps["Evaluator"] == steps["Pusher"] == ["waiting"]
    assert list(steps) == list(TASKS)


def test_a_run_that_has_not_begun(server: ApiServer, ask: Ask) -> None:
    code, out, _ = status(ask, begin(server, {}))
    assert code == 0 and "name_gender: pending" in out and "not pushed yet" in out


def test_a_step_that_finds_no_place_says_why(server: ApiServer, ask: Ask) -> None:
    fates = dict(list(good().items())[:3])
    fates["Trainer"] = Fate(phase="Pending", message="Unschedulable: untolerated taint {gpu}")
    _, out, _ = status(ask, begin(server, fates))
    words = lines(out)["Trainer"]
    assert words[0] == "waiting" and words[3:] == "Unschedulable: untolerated taint {gpu}".split()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_that_failed(server: ApiServer, ask: Ask, version: str) -> None:
    fates = dict(list(good().items())[:3])
    log = (
        "Trainer: started\nTraceback (most recent call last):\n  x\nerror: Trainer failed: hot\n"
        "I0302 03:04:05.000001 12 launcher_v2.go:151] publish\n"
        "F0302 03:04:05 main.go:49] failed\n"
    )
    fates["Trainer"] = Fate(phase="Failed", log=log, message="main: Error (exit code 1)")
    run_id = begin(server, fates, version)
    code, out, _ = status(ask, run_id)
    steps = lines(out)
    assert code == 0 and "name_gender: failed" in out
    assert steps["Trainer"][0] == "failed"
    assert steps["Evaluator"] == steps["Pusher"] == ["skipped"]
    assert "\nTrainer failed: hot\n" in out
    assert "Kubernetes says: main: Error (exit code 1)" in out
    pod = json.loads(status(ask, run_id, "--json")[1].splitlines()[-1])["components"][3]["pod"]
    assert f"kubectl logs -n kubeflow {pod} -c main" in out
    assert pod in server.state.workflows[run_id].logs


def test_a_step_that_was_killed_has_no_words_of_its_own(server: ApiServer, ask: Ask) -> None:
    fates = dict(list(good().items())[:3])
    fates["Trainer"] = Fate(phase="Failed", log=None, message="main: OOMKilled (exit code 137)")
    _, out, _ = status(ask, begin(server, fates))
    assert "Trainer failed: main: OOMKilled (exit code 137)" in out
    assert "no log is left of Trainer" in out and "executor-logs" in out


def test_a_driver_that_failed(server: ApiServer, ask: Ask) -> None:
    log = "F0302 03:04:05.1 1 main.go:79] failed to resolve inputs\n"
    fates = {
        "DataFingerprint": Fate(phase="NoDriver", log=log, message="main: Error (exit code 1)")
    }
    _, out, _ = status(ask, begin(server, fates))
    assert lines(out)["DataFingerprint"][0] == "failed"
    assert "DataFingerprint failed: main: Error (exit code 1)" in out


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_a_step_that_was_tried_again(server: ApiServer, ask: Ask, version: str) -> None:
    fates = good()
    fates["Trainer"] = Fate(log=report("Trainer", counts={"steps": 200}), tries=2)
    _, out, _ = status(ask, begin(server, fates, version))
    assert " ".join(lines(out)["Trainer"]).endswith("try 2, steps 200")


def test_a_model_that_its_gate_refused(server: ApiServer, ask: Ask) -> None:
    worse = METRICS["accuracy"] | {"value": 0.41, "passed": False}
    fates = good()
    fates["Evaluator"] = Fate(log=report("Evaluator", metrics={"accuracy": worse}, blessed=False))
    fates["Pusher"] = Fate(log=report("Pusher"))
    run_id = begin(server, fates)
    _, out, _ = status(ask, run_id)
    assert "not pushed: accuracy did not let the model through" in out
    assert "NOT PASSED" in out and lines(out)["Pusher"][-2:] == ["not", "pushed"]
    told = json.loads(status(ask, run_id, "--json")[1].splitlines()[-1])
    assert (told["refused"], told["pushed"]) == (["accuracy"], None)
    fails(status(ask, run_id, "--follow"), "accuracy", exit_code=3)


def test_a_condition_that_does_not_hold(server: ApiServer, ask: Ask) -> None:
    fates = good() | {"Pusher": Fate(phase="Skipped")}
    _, out, _ = status(ask, begin(server, fates))
    assert lines(out)["Pusher"] == ["skipped"] and "nothing was pushed" in out


def test_logs_that_are_gone(server: ApiServer, ask: Ask) -> None:
    fates = {name: Fate(phase=fate.phase, log=None) for name, fate in good().items()}
    code, out, _ = status(ask, begin(server, fates))
    assert code == 0 and "no log is left of DataFingerprint, ExampleGen, Trainer" in out
    assert "its log, which says what it pushed, is gone" in out


def test_the_page_gives_logs_where_it_hides_the_api(ask: Ask) -> None:
    with ApiServer(hidden="/apis/v1alpha1") as page:
        _, out, _ = ask(
            f"run status --pipeline_name name_gender --run_id {begin(page, good())}", page.url
        )
    assert "pushed: version 1772420000" in out


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_does_not_tell_of_workflows(ask: Ask, version: str) -> None:
    fates = good()
    if version != "2.0":
        fates["Trainer"].tries = 2
    with ApiServer(hidden="/apis/v1beta1") as newer:
        run_id = begin(newer, fates, version)
        _, out, _ = ask(f"run status --pipeline_name name_gender --run_id {run_id}", newer.url)
    steps = lines(out)
    assert list(steps) == list(TASKS)
    assert steps["StatisticsGen"][0] == "succeeded"
    assert steps["Trainer"][-2:] == ["steps", "200"]
    assert "pushed: version 1772420000" in out


def test_a_run_is_followed_to_its_end(
    server: ApiServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = begin(server, dict(list(good().items())[:2]))
    later = iter(
        [
            dict(list(good().items())[:3]) | {"Trainer": Fate(phase="Running", log="Trainer: 1\n")},
            # The logs of what ended before are gone by now.
            {name: Fate(phase=each.phase, log=None) for name, each in list(good().items())[:4]}
            | dict(list(good().items())[4:]),
        ]
    )

    def sleep(seconds: float) -> None:
        assert seconds == run_command.FOLLOW_EVERY_S
        server.state.begin_run(run_id, Workflow(TASKS, next(later), "2.17", "kubeflow"))

    monkeypatch.setattr(run_command, "time", SimpleNamespace(sleep=sleep))
    code, out, err = status(ask, run_id, "--follow")
    assert (code, err) == (0, "")
    assert [line.split()[1] for line in out.splitlines() if line[:1] in "✓="] == list(TASKS)
    assert out.count("examples 12,000") == 1 and "pushed: version 1772420000" in out


def test_help_teaches(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    _, out, _ = ask("run status --help")
    assert "--follow" in out and "--json" in out and "KF_PIPELINES_ENDPOINT" in out
    _, out, _ = ask("pipeline create --help")
    assert "DEPRECATED" not in out and "skaffold" not in out


def test_following_a_run_that_fails_ends_with_1(server: ApiServer, ask: Ask) -> None:
    run_id = begin(server, {"DataFingerprint": Fate(phase="Failed", log="error: no data\n")})
    fails(status(ask, run_id, "--follow"), run_id, "failed")
