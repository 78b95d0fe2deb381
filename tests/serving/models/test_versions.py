"""Which versions are served, and what happens when they come, go, break and heal."""

import shutil
import threading

import pytest
from tensorflow_serving.apis import get_model_status_pb2

from serving.config import VersionPolicy
from serving.errors import ServingError


def _label(stubs, model="tiny", **target):
    return stubs.predict(model, name=["a"], **target)["label"][0].decode()


def test_status(tmp_path, publish, serve, fails):
    publish(tmp_path, "tiny", 1)
    _, stubs = serve(tmp_path)
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "tiny"
    (entry,) = stubs.model.GetModelStatus(request, timeout=10).model_version_status
    assert (entry.version, entry.state, entry.status.error_code) == (1, 30, 0)
    call = stubs.model.GetModelStatus
    # As in TensorFlow Serving, a label is passed over, even one that does not exist.
    request.model_spec.version_label = "nope"
    assert len(call(request, timeout=10).model_version_status) == 1
    request.model_spec.version.value = 9
    message = "Could not find version 9 of model tiny"
    assert fails("NOT_FOUND", call, request, timeout=10) == message
    request.model_spec.Clear()
    request.model_spec.name = "nobody"
    message = "Could not find any versions of model nobody"
    assert fails("NOT_FOUND", call, request, timeout=10) == message
    request.ClearField("model_spec")
    assert fails("INVALID_ARGUMENT", call, request, timeout=10) == "Missing ModelSpec"


def test_a_folder_may_have_any_name(tmp_path, publish, serve):
    for root in ("r1", "r [1]", "*?{SPAN}"):
        publish(tmp_path / root, "tiny", 1 if root == "r1" else 2)
        _, stubs = serve(tmp_path / root)
        assert _label(stubs) == ("v1:a" if root == "r1" else "v2:a")


def test_hot_reload_drops_no_request(tmp_path, publish, serve, until):
    publish(tmp_path, "tiny", 1)
    lines = []
    _, stubs = serve(tmp_path, lines)
    stop, failures, seen = threading.Event(), [], [[] for _ in range(8)]

    def loop(index):
        while not stop.is_set():
            try:
                seen[index].append(_label(stubs))
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=loop, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: all(len(labels) > 20 for labels in seen))
    publish(tmp_path, "tiny", 2)
    until(lambda: all(labels[-1] == "v2:a" for labels in seen))
    until(lambda: stubs.states("tiny") == {1: "END", 2: "AVAILABLE"})
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    for labels in seen:
        # Once the new version has answered, the old one never does again.
        assert labels == sorted(labels)
        assert set(labels) == {"v1:a", "v2:a"}
    assert any(line.startswith("tiny version 2 available, ") for line in lines)
    assert "tiny version 1 unloaded" in lines


def test_request_in_flight_keeps_the_old_version(tmp_path, publish, serve, until):
    publish(tmp_path, "tiny", 1)
    server, stubs = serve(tmp_path)
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(stubs.predict("tiny", "slow", seconds=[3.0]))
    )
    thread.start()
    until(lambda: server._registry._records["tiny"][1].in_flight == 1)
    publish(tmp_path, "tiny", 2)
    until(lambda: stubs.states("tiny") == {1: "UNLOADING", 2: "AVAILABLE"})
    assert _label(stubs) == "v2:a"
    thread.join()
    assert answers and answers[0]["seconds"] == [3.0]
    until(lambda: stubs.states("tiny") == {1: "END", 2: "AVAILABLE"})


def test_unloaded_version_is_freed(tmp_path, publish, serve, until):
    import gc
    import weakref

    publish(tmp_path, "tiny", 1)
    server, stubs = serve(tmp_path)
    assert _label(stubs) == "v1:a"
    old = weakref.ref(server._registry._records["tiny"][1].servable)
    publish(tmp_path, "tiny", 2)
    until(lambda: stubs.states("tiny")[1] == "END")
    until(lambda: gc.collect() >= 0 and old() is None)


def test_models_that_appear_later(tmp_path, publish, serve):
    server, stubs = serve(tmp_path)
    publish(tmp_path, "late", 1)
    assert server.wait_until_available("late", timeout_s=15) == 1
    assert _label(stubs, "late") == "v1:a"


def test_removed_model_is_unloaded(tmp_path, publish, serve, until, fails):
    publish(tmp_path, "tiny", 1)
    _, stubs = serve(tmp_path)
    shutil.rmtree(tmp_path / "tiny")
    until(lambda: stubs.states("tiny") == {1: "END"})
    fails("NOT_FOUND", stubs.predict, "tiny", name=["a"])


def test_rollback_by_removing_the_new_version(tmp_path, publish, serve, until):
    publish(tmp_path, "tiny", 1)
    publish(tmp_path, "tiny", 2)
    _, stubs = serve(tmp_path)
    assert stubs.states("tiny") == {2: "AVAILABLE"}
    shutil.rmtree(tmp_path / "tiny" / "2")
    until(lambda: stubs.states("tiny") == {1: "AVAILABLE", 2: "END"})
    assert _label(stubs) == "v1:a"


def test_half_copied_version_is_not_touched(tmp_path, publish, serve, templates, until):
    publish(tmp_path, "tiny", 1)
    server, stubs = serve(tmp_path)
    half = tmp_path / "tiny" / "2"
    shutil.copytree(templates[2] / "variables", half / "variables")
    server._manager.reconcile()
    assert stubs.states("tiny") == {1: "AVAILABLE"}
    shutil.copy(templates[2] / "saved_model.pb", half)
    until(lambda: stubs.states("tiny") == {1: "END", 2: "AVAILABLE"})


@pytest.mark.parametrize("damage", ["not a SavedModel", "no variables", "empty"])
def test_broken_version_does_no_harm_and_heals(tmp_path, publish, serve, templates, until, damage):
    publish(tmp_path, "tiny", 1)
    lines = []
    server, stubs = serve(tmp_path, lines)
    broken = tmp_path / "tiny" / "2"
    broken.mkdir()
    if damage == "no variables":
        shutil.copy(templates[2] / "saved_model.pb", broken)
    else:
        content = b"" if damage == "empty" else b"\xff not a SavedModel"
        (broken / "saved_model.pb").write_bytes(content)
    until(lambda: stubs.states("tiny").get(2) == "END")
    assert stubs.states("tiny") == {1: "AVAILABLE", 2: "END"}
    assert _label(stubs) == "v1:a"
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "tiny"
    request.model_spec.version.value = 2
    (entry,) = stubs.model.GetModelStatus(request, timeout=10).model_version_status
    assert entry.status.error_code != 0 and entry.status.error_message
    # Nothing changed on disk, so it is not tried again and again.
    attempts = len([line for line in lines if "cannot be served" in line])
    server._manager.reconcile()
    assert len([line for line in lines if "cannot be served" in line]) == attempts
    shutil.rmtree(broken)
    publish(tmp_path, "tiny", 2)
    until(lambda: stubs.states("tiny") == {1: "END", 2: "AVAILABLE"})
    assert _label(stubs) == "v2:a"


def test_broken_version_at_start_falls_back(tmp_path, publish, serve):
    publish(tmp_path, "tiny", 1)
    (tmp_path / "tiny" / "5").mkdir()
    (tmp_path / "tiny" / "5" / "saved_model.pb").write_bytes(b"\xff")
    _, stubs = serve(tmp_path)
    assert stubs.states("tiny") == {1: "AVAILABLE", 5: "END"}
    assert _label(stubs) == "v1:a"


def test_waiting_for_a_broken_model_says_why(tmp_path, serve):
    (tmp_path / "bad" / "1").mkdir(parents=True)
    (tmp_path / "bad" / "1" / "saved_model.pb").write_bytes(b"\xff")
    server, _ = serve(tmp_path)
    with pytest.raises(ServingError, match="Can't parse the SavedModel"):
        server.wait_until_available("bad", timeout_s=30)
    with pytest.raises(TimeoutError, match="'nobody' is not available after 0.1 s"):
        server.wait_until_available("nobody", timeout_s=0.1)


@pytest.mark.parametrize(
    ("policy", "served"),
    [
        (VersionPolicy.latest(1), {11}),
        (VersionPolicy.latest(2), {2, 11}),
        (VersionPolicy.all(), {1, 2, 11}),
        (VersionPolicy.specific(1, 11, 99), {1, 11}),
    ],
)
def test_version_policies(tmp_path, publish, serve, policy, served):
    for version, template in ((1, 1), (2, 2), (11, 1)):
        publish(tmp_path, "tiny", version, template)
    (tmp_path / "tiny" / "notes").mkdir()
    _, stubs = serve(tmp_path, model_policies={"tiny": policy})
    assert stubs.states("tiny") == dict.fromkeys(served, "AVAILABLE")


def test_labels(tmp_path, publish, serve, fails):
    publish(tmp_path, "tiny", 1)
    publish(tmp_path, "tiny", 2)
    labels = {"tiny": {"stable": 1, "canary": 2, "gone": 7}}
    _, stubs = serve(tmp_path, version_policy=VersionPolicy.all(), version_labels=labels)
    assert _label(stubs) == "v2:a"
    assert _label(stubs, label="stable") == "v1:a"
    assert _label(stubs, label="canary") == "v2:a"
    assert _label(stubs, version=1) == "v1:a"
    message = fails("NOT_FOUND", _label, stubs, label="gone")
    assert message == "Servable not found for request: Specific(tiny, 7)"


def test_explicit_models(tmp_path, publish, serve, fails):
    path = publish(tmp_path, "exported", 1).parent
    publish(tmp_path, "other", 1)
    server, stubs = serve({"mine": path})
    assert server.wait_until_available("mine", timeout_s=1) == 1
    assert _label(stubs, "mine") == "v1:a"
    fails("NOT_FOUND", stubs.predict, "other", name=["a"])
