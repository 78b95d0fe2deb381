"""The volume's jobs, and what Kubernetes' Pod Security lets a pod do."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kustomize import Manifest, render

MANIFESTS = Path(__file__).resolve().parents[3] / "kubeflow" / "manifests"
FOLDERS = sorted(path.parent for path in MANIFESTS.rglob("kustomization.yaml"))
AS_ROOT = MANIFESTS / "volume" / "as-root"
# What level `baseline` lets a container add.
BASELINE = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETGID", "SETUID"}
STEP = 1000


def pods(objects: list[Manifest]) -> Iterator[Any]:
    for each in objects:
        spec = each.get("spec") or {}
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield spec["template"]["spec"]


def is_restricted(pod: Any) -> bool:
    """Says whether a pod keeps to https://kubernetes.io/docs/concepts/security/pod-security-standards."""
    context = pod["securityContext"]
    return (
        context.get("runAsNonRoot") is True
        and context.get("seccompProfile", {}).get("type") == "RuntimeDefault"
        and not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        and not any("hostPath" in volume for volume in pod.get("volumes", ()))
        and all(
            container["securityContext"]["allowPrivilegeEscalation"] is False
            and container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            and container["securityContext"].get("runAsUser") != 0
            for container in pod["containers"]
        )
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(MANIFESTS)))
def test_a_restricted_namespace_takes_all_but_one(folder: Path) -> None:
    for pod in pods(render(folder)):
        assert is_restricted(pod) == (folder != AS_ROOT)


def test_root_takes_no_more_than_it_needs() -> None:
    (pod,) = pods(render(AS_ROOT))
    (container,) = pod["containers"]
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert set(container["securityContext"]["capabilities"]["add"]) <= BASELINE


def test_the_jobs_and_the_server_mean_the_same_volume_and_group() -> None:
    (server,) = pods(render(MANIFESTS / "base"))
    for folder in (MANIFESTS / "volume", AS_ROOT):
        (pod,) = pods(render(folder))
        assert [pod["volumes"][0]] == [x for x in server["volumes"] if x["name"] == "models"]
    (pod,) = pods(render(MANIFESTS / "volume"))
    assert pod["securityContext"]["fsGroup"] == server["securityContext"]["fsGroup"] == STEP


def run(folder: Path, volume: Path, user: int | None) -> subprocess.CompletedProcess[str]:
    """Runs a job's command here."""
    (pod,) = pods(render(folder))
    (container,) = pod["containers"]
    words = [*container["command"], *(x.replace("/models", str(volume)) for x in container["args"])]
    return subprocess.run(
        words, user=user, group=user, extra_groups=[], capture_output=True, text=True
    )


@pytest.fixture
def volume() -> Iterator[Path]:
    """Makes a folder of root's that others see, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_the_jobs_do_what_they_say(volume: Path) -> None:
    done = run(MANIFESTS / "volume", volume, STEP)
    assert done.returncode == 1
    assert "user 0, group 0, mode 755" in done.stderr and "volume/as-root" in done.stderr
    assert AS_ROOT.is_dir()

    done = run(AS_ROOT, volume, None)
    assert (done.returncode, done.stderr) == (0, "")
    assert "now user 1000, group 1000, mode 2775" in done.stdout
    done = run(MANIFESTS / "volume", volume, STEP)
    assert done.returncode == 0 and "the volume is writable" in done.stdout
    assert not list(volume.iterdir())
