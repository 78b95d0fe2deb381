"""What KFP's cache is told of a step: a change that matters is seen, and no other runs steps anew.

Source: kubeflow/pipelines, `GenerateCacheKey` in backend/src/v2/cacheutils/cache.go; claims of
volumes are in the key from 2.16 (`getFingerPrint` in backend/src/v2/driver/cache.go), variables in
none.
"""

from __future__ import annotations

from typing import Any

import pytest

from kubeflow.compile.config import parse
from kubeflow.compile.package import Package
from kubeflow.compile.runner import compile_task
from modules.common.declaring.registry import load_task

BASE: dict[str, Any] = {
    "image": "registry.example.com/lianxi:1",
    "models_dir": "/models",
    "volumes": [{"claim": "lianxi-models", "path": "/models"}],
}
# Value steps and Pusher run each time, whatever the cache knows.
NEVER_CACHED = {"DataFingerprint", "PushedVersion", "Pusher"}


def keys(package: Package, with_claims: bool) -> dict[str, Any]:
    """Gives of each step that the cache is asked for what a package alone decides of its key."""
    spec, found = package.spec, {}
    told = package.platform.get("platforms", {}).get("kubernetes", {}).get("deploymentSpec", {})
    for step, task in spec["root"]["dag"]["tasks"].items():
        if not task.get("cachingOptions", {}).get("enableCache"):
            continue
        label = f"{step}_executor"
        container = spec["deploymentSpec"]["executors"][label]["container"]
        mounts = told.get("executors", {}).get(label, {}).get("pvcMount", [])
        found[step] = (
            container["image"],
            [*container["command"], *container["args"]],
            task.get("inputs", {}).get("parameters"),
            spec["components"][step].get("outputDefinitions"),
            sorted(mount["constant"] for mount in mounts) if with_claims else [],
        )
    return found


def changed(config: dict[str, Any], settings: dict[str, str], with_claims: bool) -> set[str]:
    """Names the steps that a change of the configuration, or of settings, runs anew by itself."""
    task = load_task("name_gender")
    before = keys(compile_task(task, parse(BASE)), with_claims)
    after = keys(compile_task(task, parse({**BASE, **config}), settings), with_claims)
    assert set(before) == set(after)
    return {step for step in before if before[step] != after[step]}


def cached_steps() -> set[str]:
    return set(keys(compile_task(load_task("name_gender"), parse(BASE)), False))


def test_what_looks_at_files_is_not_asked_for() -> None:
    package = compile_task(load_task("name_gender"), parse(BASE))
    assert cached_steps() == set(package.steps) - NEVER_CACHED


@pytest.mark.parametrize(
    ("config", "settings", "steps"),
    [
        ({}, {}, set()),
        ({"models_dir": "/models/other"}, {}, {"PushedModel"}),
        # What a report says was asked for is in it.
        ({}, {"epochs": "3"}, {"Trainer", "RunReport"}),
        # Pusher alone reads it, which runs each time.
        ({"keep_versions": 3}, {}, set()),
        # A run's value counts, which is a parameter's; the default is none.
        ({"data": "/models/data"}, {}, set()),
        # KFP does not see these, and results do not depend on them.
        ({"env": {"TF_CPP_MIN_LOG_LEVEL": "1"}}, {}, set()),
        ({"resources": {"default": {"cpu": 8}}}, {}, set()),
        ({"retries": {"default": {"count": 3}}}, {}, set()),
        ({"tolerations": {"Trainer": [{"operator": "Exists"}]}}, {}, set()),
        ({"node_selector": {"Trainer": {"gpu": "l4"}}}, {}, set()),
        ({"shared_memory_gb": {"Trainer": 2}}, {}, set()),
        ({"image_pull_secrets": ["registry-key"]}, {}, set()),
        ({"secrets": [{"secret": "store", "env": {"KEY": "key"}}]}, {}, set()),
    ],
)
@pytest.mark.parametrize("with_claims", [False, True], ids=["2.0", "2.16"])
def test_a_change_runs_those_steps_anew_that_it_matters_to(
    config: dict[str, Any], settings: dict[str, str], steps: set[str], with_claims: bool
) -> None:
    assert changed(config, settings, with_claims) == steps


def test_another_image_or_engine_runs_every_step() -> None:
    image = {"image": "registry.example.com/lianxi:2"}
    assert changed(image, {}, with_claims=False) == cached_steps()
    engine = {"beam_args": ["--direct_num_workers=2"]}
    # The report has nothing to do with Beam.
    assert changed(engine, {}, with_claims=False) == cached_steps() - {"RunReport"}


def test_another_claim_runs_every_step_from_2_16_on() -> None:
    """Before, what is on it is seen by the steps that look at files."""
    other = {"volumes": [{"claim": "other-models", "path": "/models"}]}
    assert changed(other, {}, with_claims=False) == set()
    assert changed(other, {}, with_claims=True) == cached_steps()
