"""Which engine Beam runs on, and what all of its workers must then see.

KFP's launcher stages artifacts in folders of the step's own pod. Workers of a remote engine are
other pods, so for them an artifact is either in Google Cloud Storage, which Beam and TensorFlow
open themselves, or on a volume that every pod mounts where KFP stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kubeflow.compile.pods import Volume
from kubeflow.step.beam_runner import remote_runner
from kubeflow.step.staging import FOLDERS

if TYPE_CHECKING:
    from kubeflow.compile.config import KubeflowConfig

_GCS = "gs://"
# What `make_beam_dependency_flags` in tfx/utils/dependency_utils.py looks for, and `extra_package`,
# which is the name of one of them as an argument.
_DEPENDENCIES = {
    "extra_package", "extra_packages", "setup_file", "requirements_file",
    "worker_harness_container_image", "sdk_container_image",
}  # fmt: skip


def complete_arguments(beam_args: Sequence[str], image: str) -> tuple[str, ...]:
    """Says which image workers have, without which TFX packs itself and sends that to them.

    Args:
        beam_args: Arguments of Beam's runner.
        image: The image of steps.

    Returns:
        The arguments, and the image where a remote runner is given without any such argument.
    """
    given = {argument.partition("=")[0].lstrip("-") for argument in beam_args}
    if not remote_runner(beam_args) or given & _DEPENDENCIES:
        return tuple(beam_args)
    return (*beam_args, f"--sdk_container_image={image}")


def find_shared_staging(volumes: Sequence[Volume]) -> list[str]:
    """Finds the folders of KFP's staging that a volume is mounted at.

    Args:
        volumes: What every step mounts.

    Returns:
        Of `minio`, `s3`, `gcs` those that are shared.
    """
    mounted = {volume.path.rstrip("/") for volume in volumes}
    return [folder for folder in FOLDERS.values() if f"/{folder}" in mounted]


def problems(config: KubeflowConfig) -> list[str]:
    """Says what workers of a remote engine would not see.

    Args:
        config: What the cluster looks like.
    """
    runner = remote_runner(config.beam_args)
    if not runner:
        return []
    found, shared = [], find_shared_staging(config.volumes)
    root = config.pipeline_root
    if not root.startswith((_GCS, *(uri for uri, folder in FOLDERS.items() if folder in shared))):
        folder = next((FOLDERS[uri] for uri in FOLDERS if root.startswith(uri)), "minio")
        told = f"found {root!r}" if root else "found none, which leaves it to KFP"
        found.append(
            f"beam_args: workers of {runner} are not in the step's pod and must see artifacts "
            f"too: expected a pipeline_root of gs://, or of a store whose staging folder is a "
            f"volume that steps and workers mount, {told}; write pipeline_root: gs://BUCKET/…, or "
            f"add {{claim: NAME, path: /{folder}}} to volumes and mount the claim in the workers"
        )
    if "://" in config.data and not config.data.startswith(_GCS) and not shared:
        found.append(
            f"data: workers of {runner} do not see what a step fetches: expected gs://, a path on "
            f"a volume that they mount, or a staging folder on such a volume, found {config.data!r}"
        )
    return found
