"""What the stand-in of KFP 2's API keeps, and the rules that the API server holds it to.

Fields and routes: kubeflow/pipelines, backend/api/v2beta1/swagger/*.swagger.json, as generated into
kfp_server_api. Rules:

- a package: NewV2SpecTemplate in backend/src/apiserver/template/v2_template.go;
- runtime parameters: validatePipelineJobInputs in the same file;
- a pipeline with versions cannot be deleted: DeletePipeline in
  backend/src/apiserver/resource/resource_manager.go;
- names are unique: backend/src/apiserver/storage/pipeline_store.go;
- what an upload answers: backend/src/apiserver/server/pipeline_upload_server.go;
- with users, what is in a namespace, and who may: canAccessPipeline, canAccessExperiment and
  canAccessRun in backend/src/apiserver/server; ValidateNamespaceRequired in
  backend/src/apiserver/validation/namespace.go (2.15 and later, where it is so configured).

Left out: sorting other than by time of creation, filters other than the equality of a name,
recurring runs, artifacts, archiving.
"""

from __future__ import annotations

import itertools
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import kfp_server_api
import yaml
from api_workflow import Workflow
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

Item = dict[str, Any]

SCHEMA_VERSION = "2.1.0"
UNFINISHED = ("PENDING", "RUNNING", "PAUSED", "CANCELING")
_TYPES = {
    "NUMBER_DOUBLE": (int, float),
    "NUMBER_INTEGER": (int, float),
    "STRING": str,
    "BOOLEAN": bool,
    "LIST": list,
    "STRUCT": dict,
}


class Refused(Exception):
    """A request that the API server refuses.

    Args:
        status: HTTP status.
        message: What it says.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class State:
    """Pipelines, their versions, experiments and runs, oldest first.

    Attributes:
        namespaces: Those that who asks may use; `None` where KFP has no users.
        needs_namespace: Whether pipelines that are shared are refused.
        workflows: Of runs that have begun.
    """

    namespaces: tuple[str, ...] | None = None
    needs_namespace: bool = False
    workflows: dict[str, Workflow] = field(default_factory=dict)
    pipelines: dict[str, Item] = field(default_factory=dict)
    versions: dict[str, Item] = field(default_factory=dict)
    experiments: dict[str, Item] = field(default_factory=dict)
    runs: dict[str, Item] = field(default_factory=dict)
    _clock: Any = field(default_factory=itertools.count)

    def upload_pipeline(self, name: str, package: bytes, namespace: str = "") -> Item:
        """Makes a pipeline and its first version."""
        spec = parse_package(package)
        fields = {"display_name": name} | self.pipelines_of(namespace)
        if any(fields.items() <= each.items() for each in self.pipelines.values()):
            raise Refused(409, "Failed to create a pipeline and a pipeline version")
        pipeline = self._add(self.pipelines, "pipeline_id", fields)
        self._version(pipeline["pipeline_id"], name, spec)
        return pipeline

    def upload_version(self, pipeline_id: str, name: str, package: bytes) -> Item:
        """Makes another version of a pipeline."""
        spec = parse_package(package)
        self.one("pipelines", pipeline_id)
        if any(
            each["display_name"] == name and each["pipeline_id"] == pipeline_id
            for each in self.versions.values()
        ):
            raise Refused(409, "Failed to create a pipeline version")
        return self._version(pipeline_id, name, spec)

    def delete_pipeline(self, pipeline_id: str) -> None:
        """Deletes a pipeline that has no version left."""
        self.one("pipelines", pipeline_id)
        for version in self.versions.values():
            if version["pipeline_id"] == pipeline_id:
                raise Refused(
                    400,
                    f"Failed to delete pipeline with id {pipeline_id} as it has existing pipeline "
                    f"versions (e.g. {version['pipeline_version_id']})",
                )
        del self.pipelines[pipeline_id]

    def create_experiment(self, body: Item) -> Item:
        """Makes an experiment."""
        check_fields(body, kfp_server_api.V2beta1Experiment)
        name = required(body, "display_name")
        body = body | self.experiments_of(body.get("namespace") or "")
        wanted = {"display_name": name, "namespace": body["namespace"]}
        if any(wanted.items() <= each.items() for each in self.experiments.values()):
            raise Refused(409, f"The name {name} already exist. Please specify a new name")
        return self._add(self.experiments, "experiment_id", {**body, "storage_state": "AVAILABLE"})

    def create_run(self, body: Item) -> Item:
        """Makes a run of a version, with parameters of the types that the version declares."""
        check_fields(body, kfp_server_api.V2beta1Run)
        required(body, "display_name")
        reference = required(body, "pipeline_version_reference")
        check_fields(reference, kfp_server_api.V2beta1PipelineVersionReference)
        config = body.get("runtime_config") or {}
        check_fields(config, kfp_server_api.V2beta1RuntimeConfig)
        experiment = self.one("experiments", required(body, "experiment_id"))
        self._allow(experiment["namespace"], "run")
        self.one("pipelines", required(reference, "pipeline_id"))
        version = self.one("versions", required(reference, "pipeline_version_id"))
        if version["pipeline_id"] != reference["pipeline_id"]:
            raise Refused(400, "the pipeline version is not one of the pipeline")
        spec = version["pipeline_spec"]
        check_parameters(spec.get("pipeline_spec", spec), config.get("parameters") or {})
        return self._add(
            self.runs, "run_id", {**body, "state": "PENDING", "storage_state": "AVAILABLE"}
        )

    def terminate_run(self, run_id: str) -> None:
        """Stops a run that has not ended."""
        run = self.one("runs", run_id)
        if run["state"] not in UNFINISHED:
            raise Refused(400, f"Failed to terminate run {run_id}: it has ended already")
        run["state"] = "CANCELING"

    def begin_run(self, run_id: str, workflow: Workflow) -> None:
        """Does what KFP's persistence agent does when a workflow has got on."""
        run = self.runs[run_id]
        self.workflows[run_id] = workflow
        run["state"] = workflow.state
        run["run_details"] = {"task_details": workflow.details(run_id)}
        if "finishedAt" in workflow.manifest["status"]:
            run["finished_at"] = workflow.manifest["status"]["finishedAt"]

    def run_v1(self, run_id: str) -> Item:
        """Gives a run as version v1beta1 of the API does, with its workflow."""
        self.one("runs", run_id)
        found = self.workflows.get(run_id)
        runtime = {"workflow_manifest": json.dumps(found.manifest)} if found else {}
        return {"run": {"id": run_id}, "pipeline_runtime": runtime}

    def log(self, run_id: str, pod: str) -> str:
        """Gives a pod's log; where there is none, an error that looks like success."""
        found = self.workflows.get(run_id)
        if found is None or pod not in found.logs:
            said = f"Failed to read logs for run {run_id}: pods {pod} not found"
            return json.dumps({"error_message": said, "error_details": said})
        return found.logs[pod]

    def pipelines_of(self, namespace: str) -> dict[str, str]:
        """Gives by what pipelines of a namespace are known; of none, those that are shared."""
        if self.namespaces is None:
            return {"namespace": ""}
        if self.needs_namespace and not namespace:
            raise Refused(400, "Namespace is required for pipeline operations")
        if namespace:
            self._allow(namespace, "pipeline")
        return {"namespace": namespace}

    def experiments_of(self, namespace: str) -> dict[str, str]:
        """Gives by what experiments of a namespace are known."""
        if self.namespaces is None:
            return {"namespace": ""}
        self._allow(namespace, "experiment")
        return {"namespace": namespace}

    def _allow(self, namespace: str, kind: str) -> None:
        if self.namespaces is None:
            return
        if not namespace:
            raise Refused(400, f"A {kind} cannot have an empty namespace in multi-user mode")
        if namespace not in self.namespaces:
            raise Refused(403, f"Failed to access namespace {namespace}: not authorized")

    def one(self, kind: str, identity: str) -> Item:
        """Gives one thing by its id."""
        found = getattr(self, kind).get(identity)
        if found is None:
            raise Refused(404, f"{kind[:-1]} {identity} not found")
        return found

    def page(self, kind: str, query: dict[str, str], **equal: str) -> Item:
        """Gives one page of a list, newest first where asked for."""
        items = [
            each
            for each in getattr(self, kind).values()
            if all(each.get(name) == value for name, value in equal.items())
        ]
        for predicate in json.loads(query.get("filter") or "{}").get("predicates", ()):
            # 1 is EQUALS, in backend/api/v2beta1/filter.proto.
            if predicate["operation"] != 1:
                raise Refused(400, f"operation {predicate['operation']} is left out of this")
            items = [x for x in items if x.get(predicate["key"]) == predicate["stringValue"]]
        if query.get("sort_by", "").endswith(" desc"):
            items.reverse()
        start, size = int(query.get("page_token") or 0), int(query.get("page_size") or 20)
        answer: Item = {"total_size": len(items)}
        if items[start : start + size]:
            name = "pipeline_versions" if kind == "versions" else kind
            answer[name] = items[start : start + size]
        if start + size < len(items):
            answer["next_page_token"] = str(start + size)
        return answer

    def _version(self, pipeline_id: str, name: str, spec: Item) -> Item:
        fields = {"pipeline_id": pipeline_id, "display_name": name, "pipeline_spec": spec}
        return self._add(self.versions, "pipeline_version_id", fields)

    def _add(self, kind: dict[str, Item], key: str, fields: Item) -> Item:
        made = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=next(self._clock))
        item = {**fields, key: str(uuid.uuid4()), "created_at": made.isoformat()}
        return kind.setdefault(item[key], item)


def parse_package(package: bytes) -> Item:
    """Reads a package of one or two YAML documents.

    Returns:
        The pipeline spec, or `pipeline_spec` and `platform_spec` where there are both.
    """
    try:
        documents = [each for each in yaml.safe_load_all(package) if each]
        specs = [each for each in documents if "pipelineInfo" in each]
        platforms = [each for each in documents if "platforms" in each]
        spec = json_format.ParseDict(specs[0], pipeline_spec_pb2.PipelineSpec())
        for each in platforms:
            json_format.ParseDict(each, pipeline_spec_pb2.PlatformSpec())
    except (yaml.YAMLError, json_format.ParseError, IndexError, TypeError) as error:
        raise Refused(400, f"Failed to read a pipeline spec file: {error}") from error
    if spec.schema_version != SCHEMA_VERSION:
        raise Refused(400, f"KFP only supports schema version 2.1.0, found {spec.schema_version}")
    if not spec.pipeline_info.name or not spec.HasField("root"):
        raise Refused(400, "invalid v2 pipeline spec: name or root component is empty")
    if len(specs) + len(platforms) != len(documents) or max(len(specs), len(platforms)) > 1:
        raise Refused(400, "expected one pipeline spec and at most one platform spec")
    if platforms:
        return {"pipeline_spec": specs[0], "platform_spec": platforms[0]}
    return specs[0]


def check_parameters(spec: Item, given: Item) -> None:
    """Holds runtime parameters against their declaration."""
    declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, about in declared.items():
        if name not in given:
            if "defaultValue" not in about and not about.get("isOptional"):
                raise Refused(400, f"parameter {name} is not optional, yet has no default value")
        elif not isinstance(given[name], _TYPES[about["parameterType"]]):
            raise Refused(400, f"input parameter {name} requires type {about['parameterType']}")
    extra = sorted(set(given) - set(declared))
    if extra:
        raise Refused(400, f"parameter(s) provided are not required by the pipeline: {extra}")


def check_fields(body: Any, model: type) -> None:
    """Refuses fields that a message does not have."""
    if not isinstance(body, dict):
        raise Refused(400, f"expected a {model.__name__}, found {type(body).__name__}")
    extra = set(body) - set(model.attribute_map.values())  # type: ignore[attr-defined]
    if extra:
        raise Refused(400, f"unknown fields in {model.__name__}: {sorted(extra)}")


def required(body: Item, name: str) -> Any:
    """Gives a field that must be there."""
    if not body.get(name):
        raise Refused(400, f"{name} is required")
    return body[name]
