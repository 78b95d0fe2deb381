"""The client of KFP 2's API: it gives up in good time, and says what to do about a failure."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import warnings
from collections.abc import Iterator
from typing import Any

import kfp_server_api
import urllib3
from kfp import client as kfp_client
from kfp.client.set_volume_credentials import ServiceAccountTokenVolumeCredentials

from modules.common.runtime.errors import LianxiError
from modules.common.runtime.stack import ask_kfp_health

ENDPOINT_VARIABLE = "KF_PIPELINES_ENDPOINT"
TOKEN_VARIABLE = "LIANXI_KFP_TOKEN"
TOKEN_FILE_VARIABLE = "KF_PIPELINES_SA_TOKEN_PATH"
DEFAULT_NAMESPACE = "kubeflow"
CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 60
_PAGE_SIZE = 100
_FORWARD = "kubectl port-forward -n kubeflow svc/ml-pipeline 8888:8888"


class ApiError(LianxiError):
    """KFP 2's API could not be reached, or refused.

    Attributes:
        status: HTTP status of the answer; 0 where there was none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        """Takes the message for people.

        Args:
            message: What failed and what to do.
            status: HTTP status of the answer; 0 where there was none.
        """
        super().__init__(message)
        self.status = status


class Client(kfp_client.Client):
    """kfp's client, which asks for the server's health once, and waits no longer than a minute.

    Attributes:
        has_users: Whether KFP keeps what it has by namespace.
    """

    has_users = False

    def get_kfp_healthz(self, sleep_duration: int = 0) -> kfp_server_api.V2beta1GetHealthzResponse:
        """Asks for the server's health.

        kfp's own asks five times, five seconds apart, and logs a stack trace each time.

        Args:
            sleep_duration: Unused; it is kfp's.
        """
        # It is asked while the client is made, when `_limit` is still to come.
        return ask_kfp_health(self._healthz_api, _limits())

    def _load_config(self, *arguments: Any) -> kfp_server_api.Configuration:
        config = super()._load_config(*arguments)
        config.retries = urllib3.Retry(total=1, backoff_factor=0.5, redirect=3)
        return config

    @property
    def endpoint(self) -> str:
        """Address of the API."""
        return str(self._existing_config.host)

    @property
    def namespace(self) -> str:
        """Namespace of pipelines, experiments and runs; empty where KFP has no users.

        Raises:
            LianxiError: If KFP has users, and it is not known which is meant.
        """
        if not self.has_users:
            return ""
        found = self.get_user_namespace()
        if not found:
            raise LianxiError(
                f"{self.endpoint} has users, each with namespaces of their own: name yours with "
                "--namespace"
            )
        return str(found)

    def get_raw(self, path: str) -> urllib3.HTTPResponse:
        """Asks for what the generated client has no method for.

        Args:
            path: Below the address, with its query.

        Returns:
            The answer, of which the body is still to be read.

        Raises:
            kfp_server_api.ApiException: If the status is not one of success.
        """
        return self._run_api.api_client.call_api(
            path,
            "GET",
            auth_settings=["Bearer"],
            _preload_content=False,
            _return_http_data_only=True,
        )


def connect(endpoint: str | None, namespace: str, iap_client_id: str | None) -> Client:
    """Connects to the API, and makes sure that it is there.

    Args:
        endpoint: Address; the variable KF_PIPELINES_ENDPOINT, the service of the cluster that this
            runs in, or that of kubectl's configuration, where there is none.
        namespace: Kubernetes namespace of KFP, or a user's where KFP has several users.
        iap_client_id: OAuth client behind Google's Identity-Aware Proxy.

    Raises:
        ApiError: If it cannot be reached, is no KFP 2, or refuses.
    """
    endpoint = endpoint or os.environ.get(ENDPOINT_VARIABLE) or None
    if endpoint is None and not _has_cluster():
        raise ApiError(
            f"no endpoint of Kubeflow Pipelines was given; name it with --endpoint or in "
            f"{ENDPOINT_VARIABLE}, such as http://localhost:8888 after `{_FORWARD}`"
        )
    if endpoint and not endpoint.startswith(("http://", "https://")):
        endpoint = f"https://{endpoint}"
    credentials = None
    if os.environ.get(TOKEN_FILE_VARIABLE):
        credentials = ServiceAccountTokenVolumeCredentials()
    where = endpoint or "the cluster"
    # What comes of trying again is said once, and better.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    with explain_errors(where), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # kfp asks for the health itself, where it does not know the namespace yet.
            client = Client(
                host=endpoint,
                client_id=iap_client_id or None,
                namespace=namespace or DEFAULT_NAMESPACE,
                existing_token=os.environ.get(TOKEN_VARIABLE) or None,
                credentials=credentials,
            )
            _limit(client)
            client.has_users = bool(client.get_kfp_healthz().multi_user)
        except kfp_server_api.ApiException as error:
            if error.status != 404:
                raise
            raise ApiError(
                f"{where} is no Kubeflow Pipelines 2: expected /apis/v2beta1/healthz to answer, "
                "found 404; give the address of the ml-pipeline service, version 2.0 or later",
                404,
            ) from error
    return client


@contextlib.contextmanager
def explain_errors(endpoint: str) -> Iterator[None]:
    """Turns failures of the client into one line that says what to do.

    Args:
        endpoint: Address, for the message.

    Raises:
        ApiError: In place of the client's own exceptions.
    """
    try:
        yield
    except kfp_server_api.ApiException as error:
        raise ApiError(_refusal(endpoint, error), int(error.status or 0)) from error
    except urllib3.exceptions.HTTPError as error:
        raise ApiError(_unreachable(endpoint, error)) from error
    except (ValueError, TypeError, AttributeError, OSError) as error:
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ApiError(
            f"{endpoint} did not answer as Kubeflow Pipelines 2 does: {first_line[:300]}; check "
            "the address, and that nothing between signs people in"
        ) from error


def pages(listing: Any, field: str, **arguments: Any) -> Iterator[Any]:
    """Goes through the pages of a list.

    Args:
        listing: A method of the client that takes `page_token` and `page_size`.
        field: Which field of its answer holds the items.
        **arguments: What else it takes.
    """
    token = ""
    while True:
        page = listing(page_token=token, page_size=_PAGE_SIZE, **arguments)
        yield from getattr(page, field) or ()
        token = page.next_page_token
        if not token:
            return


def _has_cluster() -> bool:
    """Says whether kfp would find a cluster by itself."""
    paths = os.environ.get("KUBECONFIG") or os.path.expanduser("~/.kube/config")
    is_inside = "KUBERNETES_SERVICE_HOST" in os.environ
    return is_inside or any(map(os.path.isfile, paths.split(os.pathsep)))


def _limit(client: Client) -> None:
    """Gives each request of a client limits of time, which kfp has no option for."""
    rest = client._healthz_api.api_client.rest_client
    request = rest.request

    def limit_time(*arguments: Any, _request_timeout: Any = None, **named: Any) -> Any:
        return request(*arguments, _request_timeout=_request_timeout or _limits(), **named)

    rest.request = limit_time


def _limits() -> tuple[int, int]:
    """Gives how long a connection, and then an answer, may take, in seconds."""
    return CONNECT_TIMEOUT_S, READ_TIMEOUT_S


def _refusal(endpoint: str, error: kfp_server_api.ApiException) -> str:
    said = _message(error)
    if error.status == 401:
        return (
            f"{endpoint} wants to know who asks (401){said}; put a token into {TOKEN_VARIABLE}, or "
            f"its file into {TOKEN_FILE_VARIABLE}, or give --iap_client_id behind Google's proxy"
        )
    if error.status == 403:
        return (
            f"{endpoint} does not allow this (403){said}; choose a --namespace in which you may, "
            "or ask its owner for the role kubeflow-edit"
        )
    if error.status == 404:
        return f"{endpoint} knows no such thing (404){said}; see what is there with `list`"
    if error.status == 409:
        return f"{endpoint} has this already (409){said}; choose another name, or `update` it"
    if error.status == 400:
        return f"{endpoint} refused what it was sent (400){said}"
    if not error.status:
        return f"{endpoint} cannot be spoken to safely{said}; check its certificate, or the address"
    return (
        f"{endpoint} failed ({error.status}){said}; look at "
        "`kubectl logs -n kubeflow deploy/ml-pipeline`, then try again"
    )


def _message(error: kfp_server_api.ApiException) -> str:
    """Gives what the server said, as it does in JSON, or the reason of the status line."""
    body = error.body or error.reason or ""
    try:
        fields = json.loads(body)
        body = fields.get("message") or fields.get("error_message") or fields.get("error") or ""
    except (ValueError, AttributeError):
        pass
    words = " ".join(str(body).split())
    return f": {words[:300]}" if words and not words.startswith("<") else ""


def _unreachable(endpoint: str, error: urllib3.exceptions.HTTPError) -> str:
    cause = getattr(error, "reason", None) or error
    if isinstance(cause, urllib3.exceptions.ReadTimeoutError):
        return (
            f"{endpoint} did not answer within {READ_TIMEOUT_S} s; look at "
            "`kubectl get pods -n kubeflow`, then try again"
        )
    why = "no answer within 10 s"
    if not isinstance(cause, urllib3.exceptions.ConnectTimeoutError):
        why = str(cause).rpartition(": ")[2] or type(cause).__name__
    elif isinstance(cause, urllib3.exceptions.NewConnectionError):
        why = str(cause).rpartition("] ")[2] or "no connection"
    return f"cannot reach {endpoint} ({why}); is it right, and is `{_FORWARD}` running?"
