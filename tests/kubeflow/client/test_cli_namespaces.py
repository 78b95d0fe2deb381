"""`lianxi tfx` on a KFP with users, each with a namespace of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from api_server import ApiServer
from api_workflow import Fate, Workflow
from asking import PIPELINE_FILE, SPEC, Ask, fails, table

PACKAGE = yaml.safe_dump(SPEC).encode()


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Keeps kfp from the settings of whoever runs the tests, in which a namespace may be."""
    monkeypatch.setattr("kfp.client.Client._LOCAL_KFP_CONTEXT", f"{tmp_path}/context.json")


@pytest.fixture
def shared() -> Iterator[ApiServer]:
    """A KFP where who asks may use the namespace `ann`."""
    with ApiServer(namespaces=("ann",)) as running:
        yield running


def test_a_pipeline_and_its_runs_are_in_the_namespace(shared: ApiServer, ask: Ask) -> None:
    create = f"pipeline create --pipeline_path {PIPELINE_FILE} --namespace ann"
    code, _, err = ask(create, shared.url)
    assert (code, err) == (0, "")
    state = shared.state
    (pipeline,) = state.pipelines.values()
    assert pipeline["namespace"] == "ann"
    assert [each["namespace"] for each in state.experiments.values()] == ["ann"]
    fails(ask(create, shared.url), "already")

    words = "--pipeline_name name_gender --namespace ann"
    assert ask(f"pipeline update --pipeline_path {PIPELINE_FILE} -n ann", shared.url)[0] == 0
    assert len(state.versions) == 2
    assert table(ask("pipeline list -n ann", shared.url)[1])[0][-1] == "ann"
    code, out, _ = ask(f"run create {words}", shared.url)
    (run_id,) = state.runs
    assert code == 0 and run_id in out
    assert run_id in ask(f"run list {words}", shared.url)[1]

    fates = {"Trainer": Fate(phase="Failed", log="error: no\n")}
    state.begin_run(run_id, Workflow({"Trainer": []}, fates, "2.17", "ann"))
    _, out, _ = ask(f"run status {words} --run_id {run_id}", shared.url)
    assert "kubectl logs -n ann " in out
    assert ask(f"pipeline delete {words}", shared.url)[0] == 0
    assert not state.pipelines and not state.experiments


def test_without_a_namespace_it_is_asked_for(shared: ApiServer, ask: Ask) -> None:
    for words in (
        f"pipeline create --pipeline_path {PIPELINE_FILE}",
        "pipeline list",
        "run create --pipeline_name name_gender",
    ):
        fails(ask(words, shared.url), "--namespace")
    assert not shared.state.pipelines


def test_a_namespace_of_someone_else(shared: ApiServer, ask: Ask) -> None:
    fails(ask("pipeline list -n bob", shared.url), "(403)", "namespace")
    create = f"pipeline create --pipeline_path {PIPELINE_FILE} -n bob"
    fails(ask(create, shared.url), "(403)", "namespace")
    assert not shared.state.pipelines


def test_a_shared_pipeline_is_run_and_not_changed(shared: ApiServer, ask: Ask) -> None:
    shared.state.upload_pipeline("name_gender", PACKAGE)
    assert table(ask("pipeline list -n ann", shared.url)[1])[0][-1] == "(shared)"
    words = "--pipeline_name name_gender -n ann"
    assert ask(f"run create {words}", shared.url)[0] == 0
    assert len(shared.state.runs) == 1
    fails(ask(f"pipeline delete {words}", shared.url), "shared with all namespaces")
    update = f"pipeline update --pipeline_path {PIPELINE_FILE} -n ann"
    fails(ask(update, shared.url), "shared with all namespaces")
    assert len(shared.state.versions) == 1


def test_ones_own_comes_before_the_shared_one(shared: ApiServer, ask: Ask) -> None:
    shared.state.upload_pipeline("name_gender", PACKAGE)
    own = shared.state.upload_pipeline("name_gender", PACKAGE, "ann")
    assert ask("run create --pipeline_name name_gender -n ann", shared.url)[0] == 0
    (run,) = shared.state.runs.values()
    assert run["pipeline_version_reference"]["pipeline_id"] == own["pipeline_id"]


def test_a_server_that_shares_nothing(ask: Ask) -> None:
    with ApiServer(namespaces=("ann",), needs_namespace=True) as strict:
        fails(ask("run create --pipeline_name other -n ann", strict.url), "no pipeline other")
        create = f"pipeline create --pipeline_path {PIPELINE_FILE} -n ann"
        assert ask(create, strict.url)[0] == 0
        assert ask("run create --pipeline_name name_gender -n ann", strict.url)[0] == 0


def test_without_users_a_namespace_changes_nothing(server: ApiServer, ask: Ask) -> None:
    create = f"pipeline create --pipeline_path {PIPELINE_FILE} --namespace elsewhere"
    assert ask(create)[0] == 0
    assert [each["namespace"] for each in server.state.pipelines.values()] == [""]
    assert ask("run create --pipeline_name name_gender -n elsewhere")[0] == 0
