"""What each step's pod is given, in a form that KFP of every version takes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2

from kubeflow.compile.config import KubeflowConfig, parse
from kubeflow.compile.platform import platform_spec, step_config
from kubeflow.compile.runner import compile_task
from kubeflow.compile.settings import ConfigError
from modules.common.declaring.registry import load_task
from pipelines.builder import Options

# Fields of KFP 2.0's kubernetes_executor_config.proto, and what its JSON calls them.
KNOWN_TO_2_0 = {
    "secretAsVolume": {"secretName", "mountPath"},
    "secretAsEnv": {"secretName", "keyToEnv"},
    "pvcMount": {"constant", "mountPath"},
    "nodeSelector": {"labels"},
}
KNOWN_TO_2_3 = KNOWN_TO_2_0 | {
    "tolerations": {"key", "operator", "value", "effect", "tolerationSeconds"},
    "imagePullSecret": {"secretName"},
    "emptyDirMounts": {"volumeName", "mountPath", "medium", "sizeLimit"},
}
OF_2_0: dict[str, Any] = {
    "volumes": [{"claim": "models", "path": "/models"}],
    "secrets": [
        {"secret": "store", "env": {"B": "b", "A": "a"}},
        {"secret": "google", "path": "/secrets/google"},
    ],
    "node_selector": {"Trainer": {"gpu": "l4", "disk": "ssd"}},
}
OF_2_3: dict[str, Any] = {
    "tolerations": {
        "Trainer": [
            {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
            {"key": "spot", "value": "yes", "effect": "NoExecute", "toleration_seconds": 60},
        ]
    },
    "image_pull_secrets": ["registry-key"],
    "shared_memory_gb": {"Trainer": 1.5, "default": 0.1},
    "retries": {"default": {"count": 2}, "Trainer": {"count": 5, "wait_s": 9, "within_s": 99}},
}


def unknown(told: dict[str, Any], known: dict[str, set[str]]) -> list[str]:
    """Names the fields that a version does not know."""
    found = [name for name in told if name not in known]
    for name in known.keys() & told.keys():
        entries = told[name] if isinstance(told[name], list) else [told[name]]
        found += [field for entry in entries for field in set(entry) - known[name]]
    return found


def test_what_kfp_2_0_knows_is_said_as_it_knows_it() -> None:
    """Its driver fails at a field that it does not know."""
    told = step_config(parse(OF_2_0), "Trainer")
    assert set(told) == set(KNOWN_TO_2_0)
    assert not unknown(told, KNOWN_TO_2_0)
    assert told["nodeSelector"] == {"labels": {"gpu": "l4", "disk": "ssd"}}
    # On the old stack this is 2.0's very schema.
    json_format.ParseDict(told, kubernetes_executor_config_pb2.KubernetesExecutorConfig())


def test_a_variable_is_given_the_key_that_is_named_for_it() -> None:
    told = step_config(parse(OF_2_0), "Trainer")
    [store] = told["secretAsEnv"]
    keys = [{"secretKey": "a", "envVar": "A"}, {"secretKey": "b", "envVar": "B"}]
    assert store == {"secretName": "store", "keyToEnv": keys}
    assert told["secretAsVolume"] == [{"secretName": "google", "mountPath": "/secrets/google"}]
    assert told["pvcMount"] == [{"constant": "models", "mountPath": "/models"}]


def test_what_is_newer_is_said_as_the_first_version_knew_it() -> None:
    told = step_config(parse(OF_2_0 | OF_2_3), "Trainer")
    assert set(told) == set(KNOWN_TO_2_3)
    assert not unknown(told, KNOWN_TO_2_3)
    assert told["tolerations"] == [
        {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
        {
            "key": "spot",
            "operator": "Equal",
            "value": "yes",
            "effect": "NoExecute",
            "tolerationSeconds": "60",
        },
    ]
    assert told["imagePullSecret"] == [{"secretName": "registry-key"}]
    assert told["emptyDirMounts"] == [
        {
            "volumeName": "shared-memory",
            "mountPath": "/dev/shm",
            "medium": "Memory",
            "sizeLimit": "1500M",
        }
    ]


def test_steps_that_are_not_named_get_the_default_alone() -> None:
    told = step_config(parse(OF_2_3), "Pusher")
    assert set(told) == {"imagePullSecret", "emptyDirMounts"}
    assert told["emptyDirMounts"][0]["sizeLimit"] == "100M"


def test_a_step_with_nothing_to_say_is_left_out() -> None:
    spec = {
        "deploymentSpec": {"executors": {f"{name}_executor": {"container": {}} for name in "ab"}}
    }
    told = platform_spec(spec, parse({"node_selector": {"a": {"gpu": "l4"}}}))
    assert set(told["platforms"]["kubernetes"]["deploymentSpec"]["executors"]) == {"a_executor"}
    assert platform_spec(spec, KubeflowConfig()) == {}


def test_retries_are_whole_and_without_ends_that_kfp_would_set() -> None:
    tasks = compile_task(load_task("name_gender"), parse(OF_2_3)).spec["root"]["dag"]["tasks"]
    assert tasks["Trainer"]["retryPolicy"] == {
        "maxRetryCount": 5,
        "backoffDuration": "9s",
        "backoffFactor": 2.0,
        "backoffMaxDuration": "99s",
    }
    others = [task["retryPolicy"] for name, task in tasks.items() if name != "Trainer"]
    assert len(others) == len(tasks) - 1
    assert {each["maxRetryCount"] for each in others} == {2}
    # An hour, which is KFP's own limit, is too little for a training.
    assert {each["backoffMaxDuration"] for each in others} == {f"{7 * 24 * 3600}s"}
    assert "retryPolicy" not in str(compile_task(load_task("name_gender"), KubeflowConfig()).spec)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("resources", {"cpu": 1}),
        ("tolerations", [{"operator": "Exists"}]),
        ("node_selector", {"gpu": "l4"}),
        ("shared_memory_gb", 1),
        ("retries", {"count": 1}),
    ],
)
def test_a_step_that_is_not_there_is_named(setting: str, value: Any) -> None:
    config = parse({setting: {"Trainr": value}})
    with pytest.raises(ConfigError, match=f"{setting} names a step 'Trainr'.*'Trainer'"):
        compile_task(load_task("name_gender"), config)


def test_a_step_of_another_package_may_be_named() -> None:
    """One configuration is for all pipelines, those that tune and those that do not."""
    config = parse({"resources": {"Tuner": {"cpu": 3}}})
    task = load_task("name_gender")
    plain = compile_task(task, config)
    tuned = compile_task(task, config, options=dataclasses.replace(Options(), tune=True))
    assert "Tuner" not in plain.steps
    executor = tuned.spec["deploymentSpec"]["executors"]["Tuner_executor"]
    assert executor["container"]["resources"]["cpuLimit"] == 3
