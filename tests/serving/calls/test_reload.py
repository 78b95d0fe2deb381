"""HandleReloadConfigRequest: who may, which folders, labels, and what it answers."""

import pytest
from tensorflow_serving.apis import model_management_pb2
from tensorflow_serving.config import model_server_config_pb2

from serving.config import VersionPolicy


def _request(*models, metrics=()):
    request = model_management_pb2.ReloadConfigRequest(metric_names=metrics)
    listed = request.config.model_config_list
    listed.SetInParent()
    for name, path, labels in models:
        config = listed.config.add(name=name, base_path=str(path), model_platform="tensorflow")
        config.version_labels.update(labels)
    return request


def _label(stubs, model="tiny", **target):
    return stubs.predict(model, name=["a"], **target)["label"][0].decode()


def test_nobody_may_unless_it_is_allowed(tmp_path, publish, serve, fails):
    publish(tmp_path, "tiny", 1)
    _, stubs = serve(tmp_path)
    call = stubs.model.HandleReloadConfigRequest
    message = fails("PERMISSION_DENIED", call, _request(("tiny", tmp_path / "tiny", {})), timeout=9)
    assert "--allow-reload" in message
    assert _label(stubs) == "v1:a"


def test_other_models_and_their_labels(tmp_path, publish, serve, until):
    publish(tmp_path, "first", 1)
    publish(tmp_path, "second", 2)
    _, stubs = serve(
        {"first": tmp_path / "first"}, allow_reload=True, reload_root=tmp_path, poll_interval_s=30
    )
    loads, unknown = ":tensorflow:serving:model_version_loaded", "/tensorflow/serving/nothing"
    request = _request(("second", tmp_path / "second", {"stable": 2}), metrics=(loads, unknown))
    response = stubs.model.HandleReloadConfigRequest(request, timeout=30)
    assert response.HasField("status")
    assert (response.status.error_code, response.status.error_message) == (0, "")
    rises = {metric.name: metric.int64_value_increase for metric in response.metric}
    # One model came and one went.
    assert rises == {loads: 0, unknown: 0}
    assert _label(stubs, "second", label="stable") == "v2:a"
    until(lambda: stubs.states("first") == {1: "END"})


@pytest.mark.parametrize("place", ["outside", "link", "above", "relative", "strange"])
def test_only_below_the_root(tmp_path, publish, serve, fails, place):
    root = tmp_path / "root"
    publish(root, "tiny", 1)
    outside = publish(tmp_path / "elsewhere", "other", 2).parent
    (root / "link").symlink_to(outside)
    base_path = {
        "outside": outside,
        "link": root / "link",
        "above": f"{root}/../elsewhere/other",
        "relative": "tiny",
        "strange": f"{root}/ti\0ny",
    }[place]
    _, stubs = serve(root, allow_reload=True)
    code = "INVALID_ARGUMENT" if place == "relative" else "PERMISSION_DENIED"
    message = fails(
        code, stubs.model.HandleReloadConfigRequest, _request(("m", base_path, {})), timeout=9
    )
    if place == "relative":
        expected = "Expected model m to have an absolute path or URI; got base_path()=tiny"
        assert message == expected
    else:
        assert message.startswith("model m is not below this server's folder of models")
    assert _label(stubs) == "v1:a"


def test_refused_requests_change_nothing(tmp_path, publish, serve, fails):
    path = publish(tmp_path, "tiny", 1).parent
    _, stubs = serve(tmp_path, allow_reload=True)
    call = stubs.model.HandleReloadConfigRequest
    twice = _request(("tiny", path, {}), ("tiny", path, {}))
    message = "Illegal to list model tiny multiple times in config list"
    assert fails("INVALID_ARGUMENT", call, twice, timeout=9) == message
    empty = model_management_pb2.ReloadConfigRequest(
        config=model_server_config_pb2.ModelServerConfig()
    )
    message = fails("INVALID_ARGUMENT", call, empty, timeout=9)
    assert "Only ModelConfigList is currently supported" in message
    assert _label(stubs) == "v1:a"


def test_models_that_do_not_load_are_told(tmp_path, publish, serve, fails):
    path = publish(tmp_path, "tiny", 1).parent
    (tmp_path / "bad" / "3").mkdir(parents=True)
    (tmp_path / "bad" / "3" / "saved_model.pb").write_bytes(b"\xff")
    _, stubs = serve(tmp_path, allow_reload=True)
    request = _request(
        ("tiny", path, {}), ("bad", tmp_path / "bad", {}), ("none", tmp_path / "none", {})
    )
    message = fails("UNKNOWN", stubs.model.HandleReloadConfigRequest, request, timeout=20)
    assert message.startswith("2 model(s) did not become available: {{name: bad version: 3 due to")
    assert message.endswith("{name: none}}")
    assert _label(stubs) == "v1:a"


@pytest.mark.parametrize("allowed", [True, False])
def test_a_refused_label_leaves_the_labels_as_they_were(tmp_path, publish, serve, fails, allowed):
    path = publish(tmp_path, "tiny", 1).parent
    other = publish(tmp_path, "other", 1).parent
    publish(tmp_path, "tiny", 2)
    _, stubs = serve(
        tmp_path,
        allow_reload=True,
        version_policy=VersionPolicy.all(),
        version_labels={"tiny": {"stable": 1}},
        allow_labels_for_unavailable=allowed,
        poll_interval_s=0.05,
    )
    call = stubs.model.HandleReloadConfigRequest

    def request(labels):
        made = _request(("tiny", path, labels), ("other", other, {"any": 1}))
        made.config.model_config_list.config[0].model_version_policy.all.SetInParent()
        return made

    call(request({"stable": 1}), timeout=20)
    message = fails("FAILED_PRECONDITION", call, request({"stable": 9, "new": 2}), timeout=20)
    assert message.startswith(
        "Request to assign label to version 9 of model tiny, which is not currently available for "
        "inference"
    )
    assert _label(stubs, label="stable") == "v1:a"
    assert _label(stubs, "other", label="any") == "v1:a"
    message = fails("INVALID_ARGUMENT", _label, stubs, label="new")
    assert message == "Unrecognized servable version label: new"
    # A label of its own may be given before the version is there, if that is allowed.
    if allowed:
        call(request({"stable": 1, "next": 7}), timeout=20)
        message = fails("NOT_FOUND", _label, stubs, label="next")
        assert message == "Servable not found for request: Specific(tiny, 7)"
    else:
        fails("FAILED_PRECONDITION", call, request({"stable": 1, "next": 7}), timeout=20)
    call(request({"stable": 2}), timeout=20)
    assert _label(stubs, label="stable") == "v2:a"
