"""What KFP keeps of artifacts, and what becomes of their metadata on the way.

Source: kubeflow/pipelines, backend/src/v2/metadata/converter.go (`StructValueToMLMDValue`,
`toRuntimeArtifact`), metadata/client.go (`RecordArtifact`, `GetOutputArtifactsByExecutionId`,
`ToRuntimeArtifact`). In all versions the type of an input is an empty `instanceSchema`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import yaml
from launcher_store import StoreError
from launcher_versions import NEWEST, Kfp

Json = dict[str, Any]


@dataclass
class Artifact:
    """One artifact as it is kept.

    Attributes:
        number: Its id, from 1.
        type_name: Title of its schema.
        uri: Where it is.
        metadata: Strings, floats, and structs.
    """

    number: int
    type_name: str
    uri: str
    metadata: Json

    def runtime(self) -> Json:
        """Gives the RuntimeArtifact that a later step gets: numbered, and without a type."""
        return {
            "name": str(self.number),
            "uri": self.uri,
            "type": {"instanceSchema": ""},
            "metadata": dict(self.metadata),
        }


@dataclass
class Metadata:
    """All artifacts, and the executions that the cache can use again.

    Attributes:
        kfp: The version.
        artifacts: In the order of their numbers.
        cache: Outputs of earlier executions by pipeline and fingerprint.
    """

    kfp: Kfp = NEWEST
    artifacts: list[Artifact] = field(default_factory=list)
    cache: dict[tuple[str, str], Outputs] = field(default_factory=dict)
    _numbering: threading.Lock = field(default_factory=threading.Lock)

    def record(self, name: str, runtime_artifact: Json, session: str = "{}") -> Artifact:
        """Keeps an output.

        Raises:
            StoreError: For a null in the metadata, or a type without a title.
        """
        given = runtime_artifact.get("metadata", {})
        kept = {key: _kept(key, value) for key, value in given.items()}
        kept.setdefault("display_name", name)
        if self.kfp.keeps_session_info:
            kept.setdefault("store_session_info", session)
        type_name = _title(runtime_artifact["type"])
        with self._numbering:
            artifact = Artifact(len(self.artifacts) + 1, type_name, runtime_artifact["uri"], kept)
            self.artifacts.append(artifact)
        return artifact

    def imported(self, name: str, runtime_artifact: Json, again: bool) -> Artifact:
        """Keeps what an importer brings in, or gives the same one of an earlier import."""
        kept = {key: _kept(key, value) for key, value in runtime_artifact["metadata"].items()}
        for artifact in self.artifacts:
            same = artifact.uri == runtime_artifact["uri"] and kept.items() <= (
                artifact.metadata.items()
            )
            if same and not again and artifact.type_name == _title(runtime_artifact["type"]):
                return artifact
        return self.record(name, runtime_artifact)


@dataclass
class Outputs:
    """What a step gave: artifacts and parameter values by name."""

    artifacts: dict[str, Artifact]
    parameters: Json


def _kept(key: str, value: Any) -> Any:
    """Gives a metadata value as it comes back: whole numbers as floats, lists in a struct."""
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return {"list": value}
    if isinstance(value, dict):
        return {"struct": value}
    raise StoreError(f"unknown/unsupported value type of metadata {key!r}: {value!r}")


def _title(type_schema: Json) -> str:
    if "schemaTitle" in type_schema:
        return str(type_schema["schemaTitle"])
    title = (yaml.safe_load(type_schema.get("instanceSchema", "")) or {}).get("title")
    if not title:
        raise StoreError(f"No title specified in {type_schema}")
    return str(title)
