"""What a cluster looks like: image, storage, resources, secrets; one value, read from YAML.

`kubeflow/config.example.yaml` shows every setting. Where a setting is given more than once,
the command line goes before the variables, and these before the file:

    LIANXI_KUBEFLOW_CONFIG   the file
    LIANXI_IMAGE, LIANXI_PIPELINE_ROOT, LIANXI_MODELS_DIR, LIANXI_DATA, LIANXI_SERVICE_ACCOUNT
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

import yaml
from pydantic.dataclasses import dataclass

from kubeflow.compile.config_checks import problems
from kubeflow.compile.pods import ALL_STEPS, Resources, Retries, Secret, Toleration, Volume, of_step
from kubeflow.compile.settings import (
    STRICT,
    ByName,
    ConfigError,
    Entries,
    Number,
    Switch,
    Text,
    WholeNumber,
    read_record,
)
from kubeflow.compile.training_job import Training

CONFIG_VARIABLE = "LIANXI_KUBEFLOW_CONFIG"
DEFAULT_IMAGE = "lianxi:latest"
BY_STEP = ("resources", "tolerations", "node_selector", "shared_memory_gb", "retries")
_VARIABLES = {
    "LIANXI_IMAGE": "image",
    "LIANXI_PIPELINE_ROOT": "pipeline_root",
    "LIANXI_MODELS_DIR": "models_dir",
    "LIANXI_DATA": "data",
    "LIANXI_SERVICE_ACCOUNT": "service_account",
}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class KubeflowConfig:
    """What a cluster looks like.

    What is by step has the names of steps; `default` stands for those that are not named.

    Attributes:
        image: Container image that holds Lianxi; see `kubeflow/Dockerfile`.
        pipeline_root: Where artifacts go, on an object store; KFP's own where empty.
        models_dir: Where models are pushed to: a path on a mounted volume, or a store.
        data: Default of the runtime parameter `data`; sample data where empty.
        train_steps: Default of the runtime parameter `train_steps`; by epochs where 0.
        service_account: Kubernetes service account that runs start with; KFP's own where empty.
        keep_versions: How many pushed versions of a model are kept; all where 0.
        caching: Whether unchanged steps are taken from earlier runs.
        env: Variables that every step gets.
        resources: What steps may use.
        tolerations: Which taints of nodes steps put up with.
        node_selector: Labels of the nodes that steps run on, and their values.
        shared_memory_gb: How much of `/dev/shm` steps have, in 10⁹ bytes; Kubernetes' 64 MB where
            0.
        retries: How often steps begin again after they failed.
        image_pull_secrets: Names of the secrets by which nodes pull the image.
        volumes: What is mounted.
        secrets: What is kept secret.
        beam_args: Arguments of Beam's runner, in place of the local one's.
        training: Over what training is spread.
    """

    image: Text = DEFAULT_IMAGE
    pipeline_root: Text = ""
    models_dir: Text = "/models"
    data: Text = ""
    train_steps: WholeNumber = 0
    service_account: Text = ""
    keep_versions: WholeNumber = 0
    caching: Switch = True
    env: ByName[Text] = field(default_factory=dict)
    resources: ByName[Resources] = field(default_factory=dict)
    tolerations: ByName[Entries[Toleration]] = field(default_factory=dict)
    node_selector: ByName[ByName[Text]] = field(default_factory=dict)
    shared_memory_gb: ByName[Number] = field(default_factory=dict)
    retries: ByName[Retries] = field(default_factory=dict)
    image_pull_secrets: Entries[Text] = ()
    volumes: Entries[Volume] = ()
    secrets: Entries[Secret] = ()
    beam_args: Entries[Text] = ()
    training: Training = Training()

    def __post_init__(self) -> None:
        """Raises `ConfigError` where a cluster could not do this."""
        found = problems(self)
        if found:
            raise ConfigError("the configuration of Kubeflow is not valid: " + "; ".join(found))

    def resources_of(self, step: str) -> Resources:
        """Says what a step may use."""
        return of_step(self.resources, step, Resources())

    def retries_of(self, step: str) -> Retries:
        """Says how often a step begins again."""
        return of_step(self.retries, step, Retries())

    @property
    def named_steps(self) -> dict[str, str]:
        """Steps that are named, each with the setting that names it."""
        return {step: name for name in BY_STEP for step in getattr(self, name) if step != ALL_STEPS}


def load(path: str | None = None, overrides: Mapping[str, Any] | None = None) -> KubeflowConfig:
    """Reads the configuration.

    Args:
        path: YAML file; the variable LIANXI_KUBEFLOW_CONFIG where not given, else defaults.
        overrides: Settings that go before all others; those that are `None` are passed over.

    Raises:
        ConfigError: For a file that is not there, a setting that does not exist, a wrong type.
    """
    path = path or os.environ.get(CONFIG_VARIABLE) or None
    settings = _read(path) if path else {}
    variables = {_VARIABLES[name]: os.environ[name] for name in _VARIABLES if os.environ.get(name)}
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    return parse({**settings, **variables, **given}, path or "the settings")


def parse(settings: Mapping[str, Any], where: str = "the settings") -> KubeflowConfig:
    """Makes the configuration of plain values, as YAML gives them.

    Args:
        settings: Values by the names of `KubeflowConfig`'s attributes.
        where: Names the place in error messages.

    Raises:
        ConfigError: For a setting that does not exist, or of a wrong type.
    """
    return read_record(KubeflowConfig, settings, where)


def _read(path: str) -> Mapping[str, Any]:
    file = Path(path).expanduser()
    if not file.is_file():
        raise ConfigError(
            f"no configuration file {path}; kubeflow/config.example.yaml shows what goes into one"
        )
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content or {}, dict):
        raise ConfigError(f"{path}: expected settings, `name: value`, found {content!r}")
    return content or {}
