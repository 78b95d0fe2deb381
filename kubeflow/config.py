"""What a cluster looks like: image, storage, resources, secrets; one value, read from YAML.

`config.example.yaml` beside this file shows every setting. Where a setting is given more than once,
the command line goes before the variables, and these before the file:

    LIANXI_KUBEFLOW_CONFIG   the file
    LIANXI_IMAGE, LIANXI_PIPELINE_ROOT, LIANXI_MODELS_DIR, LIANXI_DATA, LIANXI_SERVICE_ACCOUNT
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kubeflow.settings import ConfigError, check_keys, read_mapping, read_records, read_value
from kubeflow.staging import FOLDERS

CONFIG_VARIABLE = "LIANXI_KUBEFLOW_CONFIG"
DEFAULT_IMAGE = "lianxi:latest"
ALL_STEPS = "default"
_VARIABLES = {
    "LIANXI_IMAGE": "image",
    "LIANXI_PIPELINE_ROOT": "pipeline_root",
    "LIANXI_MODELS_DIR": "models_dir",
    "LIANXI_DATA": "data",
    "LIANXI_SERVICE_ACCOUNT": "service_account",
}
_STORES = tuple(FOLDERS)
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KUBERNETES_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a step may use; zero is no limit.

    Attributes:
        cpu: Cores.
        memory_gb: Memory, in 10⁹ bytes.
        accelerator: Kubernetes' name of an accelerator, such as `nvidia.com/gpu`.
        accelerators: How many.
    """

    cpu: float = 0.0
    memory_gb: float = 0.0
    accelerator: str = ""
    accelerators: int = 0


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A volume that every step sees.

    Attributes:
        claim: Name of the PersistentVolumeClaim.
        path: Where it is mounted.
    """

    claim: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A Kubernetes secret that every step sees, as variables, as files, or both.

    Attributes:
        secret: Its name.
        env: Keys of the secret by the variable that gets the value.
        path: Folder with a file for each key.
    """

    secret: str
    env: Mapping[str, str] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class KubeflowConfig:
    """What a cluster looks like.

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
        resources: What steps may use, by their names; `default` stands for those not named.
        volumes: What is mounted.
        secrets: What is kept secret.
        beam_args: Arguments of Beam's runner, in place of the local one's.
    """

    image: str = DEFAULT_IMAGE
    pipeline_root: str = ""
    models_dir: str = "/models"
    data: str = ""
    train_steps: int = 0
    service_account: str = ""
    keep_versions: int = 0
    caching: bool = True
    env: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Resources] = field(default_factory=dict)
    volumes: tuple[Volume, ...] = ()
    secrets: tuple[Secret, ...] = ()
    beam_args: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises `ConfigError` where a cluster could not do this."""
        problems = list(_problems(self))
        if problems:
            raise ConfigError("the configuration of Kubeflow is not valid: " + "; ".join(problems))

    def resources_of(self, step: str) -> Resources:
        """Says what a step may use."""
        return self.resources.get(step, self.resources.get(ALL_STEPS, Resources()))


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
    check_keys(KubeflowConfig, settings, where)
    readers: dict[str, Callable[[Any], Any]] = {
        "env": lambda value: read_mapping(value, f"{where}: env"),
        "resources": lambda value: {
            step: read_value(Resources, entry, f"{where}: resources, {step}")
            for step, entry in read_mapping(value, f"{where}: resources", of_text=False).items()
        },
        "volumes": lambda value: read_records(Volume, value, f"{where}: volumes"),
        "secrets": lambda value: read_records(Secret, value, f"{where}: secrets"),
        "beam_args": lambda value: tuple(str(argument) for argument in value or ()),
    }
    plain = {name: value for name, value in settings.items() if name not in readers}
    base: KubeflowConfig = read_value(KubeflowConfig, plain, where)
    nested: dict[str, Any] = {
        name: readers[name](settings[name]) for name in readers if name in settings
    }
    return dataclasses.replace(base, **nested)


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


def _problems(config: KubeflowConfig) -> list[str]:
    """Says what a cluster could not do with."""
    found = []
    if not config.image or any(letter.isspace() for letter in config.image):
        found.append(f"image must name a container image, found {config.image!r}")
    if config.pipeline_root and not config.pipeline_root.startswith(_STORES):
        found.append(
            f"pipeline_root must begin with {', '.join(_STORES)}, found {config.pipeline_root!r}; "
            "KFP keeps artifacts on an object store only (models_dir may be a volume)"
        )
    found += [
        f"{name} must be an absolute path, on a volume of volumes, or begin with "
        f"{', '.join(_STORES)}, found {place!r}"
        for name, place in (("models_dir", config.models_dir), ("data", config.data or "/"))
        if not place.startswith(("/", *_STORES))
    ]
    for name in ("train_steps", "keep_versions"):
        if getattr(config, name) < 0:
            found.append(f"{name} must not be negative, found {getattr(config, name)}")
    for step, resources in config.resources.items():
        if min(resources.cpu, resources.memory_gb, resources.accelerators) < 0:
            found.append(f"resources of {step} must not be negative")
        if bool(resources.accelerator) != bool(resources.accelerators):
            found.append(f"resources of {step}: accelerator and accelerators go together")
    variables = [*config.env, *(name for secret in config.secrets for name in secret.env)]
    found += [f"{name!r} is no variable's name" for name in variables if not _is_env(name)]
    names = [each.claim for each in config.volumes] + [each.secret for each in config.secrets]
    found += [
        f"{name!r} is no name of a Kubernetes object: small letters, digits, dashes, dots"
        for name in names
        if not _KUBERNETES_NAME.fullmatch(name)
    ]
    paths = [each.path for each in config.volumes]
    paths += [each.path for each in config.secrets if each.path]
    found += [f"mount path {path!r} is not absolute" for path in paths if path[:1] != "/"]
    found += [f"{path} is mounted twice" for path in sorted(set(paths)) if paths.count(path) > 1]
    found += [
        f"secret {each.secret} needs env or path, or no step sees it"
        for each in config.secrets
        if not each.env and not each.path
    ]
    return found


def _is_env(name: str) -> bool:
    return bool(_ENV_NAME.fullmatch(name))
