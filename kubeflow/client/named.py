"""Finds pipelines and experiments by name, in the namespace where KFP has users.

With users, KFP keeps pipelines by namespace, and shared ones under none; a list has those of one
namespace alone, and kfp's own `get_pipeline_id` asks for the shared ones only. Without users it
looks at no namespace.

Source: kubeflow/pipelines, backend/src/apiserver/server/pipeline_server.go (`listPipelines`),
backend/src/apiserver/storage/pipeline_store.go (`ListPipelines`),
backend/src/apiserver/validation/namespace.go (2.15 and later).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kubeflow.client.api import ApiError, Client, explain_errors, pages
from modules.common.runtime.errors import LianxiError, did_you_mean

# EQUALS, in backend/api/v2beta1/filter.proto.
_EQUALS = 1


def find_pipeline(client: Client, name: str, *, shared: bool = False) -> str | None:
    """Gives the id of a pipeline, or `None`.

    Args:
        client: Of the API.
        name: Its name.
        shared: Whether one that is shared with all namespaces will do, where there is no other.
    """
    wanted = {"operation": _EQUALS, "key": "display_name", "stringValue": name}
    found = _list(client, shared, filter=json.dumps({"predicates": [wanted]}))
    return next((str(each.pipeline_id) for _, each in found), None)


def pipeline_id(client: Client, name: str, *, shared: bool = False) -> str:
    """Gives the id of a pipeline that has to be there.

    Args:
        client: Of the API.
        name: Its name.
        shared: Whether one that is shared with all namespaces will do, where there is no other.

    Raises:
        LianxiError: If it is not there.
    """
    found = find_pipeline(client, name, shared=shared)
    if found is not None:
        return found
    there = {each.display_name: namespace for namespace, each in list_pipelines(client)}
    where = f"{client.endpoint}, namespace {client.namespace}" if client.namespace else ""
    where = where or client.endpoint
    if name in there:
        raise LianxiError(
            f"no pipeline {name} of your own is at {where}, only one that is shared with all "
            "namespaces: whoever runs KFP changes that on KFP's page; `pipeline create` makes yours"
        )
    hint = did_you_mean(name, there) if there else "there is none at all"
    raise LianxiError(
        f"no pipeline {name} is at {where}: {hint.rstrip('?')}; `pipeline create` makes one"
    )


def list_pipelines(client: Client) -> Iterator[tuple[str, Any]]:
    """Gives the pipelines, each with its namespace; shared ones have none."""
    return _list(client, shared=True)


def experiment_id(client: Client, name: str) -> str | None:
    """Gives the id of an experiment, or `None`."""
    with explain_errors(client.endpoint):
        try:
            found = client.get_experiment(experiment_name=name, namespace=client.namespace)
        except ValueError as error:
            if "No experiment" not in str(error):
                raise
            return None
    return str(found.experiment_id)


def _list(client: Client, shared: bool, **wanted: str) -> Iterator[tuple[str, Any]]:
    with explain_errors(client.endpoint):
        listing = pages(
            client.list_pipelines, "pipelines", namespace=client.namespace or None, **wanted
        )
        yield from ((client.namespace, each) for each in listing)
    if not (shared and client.namespace):
        return
    try:
        with explain_errors(client.endpoint):
            yield from (("", each) for each in pages(client.list_pipelines, "pipelines", **wanted))
    except ApiError as error:
        # A server that is told to keep everything in namespaces refuses to list what is in none.
        if error.status != 400:
            raise
