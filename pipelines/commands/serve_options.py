"""Options of `lianxi serve`, and what they say to the server.

TensorFlow Serving's own spellings are taken too; those with underscores are not in the help.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
_PORT = click.IntRange(0, 65535)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path)
_SECONDS = click.FloatRange(0, min_open=True)
_AT_LEAST_1 = click.IntRange(min=1)


class Option(click.Option):
    """An option of which the help shows no name with an underscore."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Writes the help with the names that are Lianxi's."""
        names = self.opts
        self.opts = [name for name in names if "_" not in name]
        try:
            return super().get_help_record(ctx)
        finally:
            self.opts = names


class PolicyType(click.ParamType):
    """`[MODEL=]latest[:N]`, `[MODEL=]all` or `[MODEL=]specific:3,5`."""

    name = "policy"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Gives the model, empty for all, and a `VersionPolicy`."""
        from serving.config import VersionPolicy

        if isinstance(value, tuple):
            return value
        model, _, policy = str(value).rpartition("=")
        kind, colon, rest = policy.partition(":")
        try:
            if kind == "all" and not colon:
                return model, VersionPolicy.all()
            if kind == "latest":
                return model, VersionPolicy.latest(int(rest) if colon else 1)
            if kind == "specific":
                return model, VersionPolicy.specific(*map(int, rest.split(",")))
        except ValueError:
            pass
        self.fail(
            f"expected latest, latest:2, all or specific:3,5, for one model after MODEL=; found "
            f"{value!r}",
            param,
            ctx,
        )


class LabelType(click.ParamType):
    """`MODEL:LABEL=VERSION`."""

    name = "label"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str, int]:
        """Gives model, label and version."""
        if isinstance(value, tuple):
            return value
        target, _, version = str(value).rpartition("=")
        model, _, label = target.partition(":")
        if not (model and label and version.isascii() and version.isdigit()):
            self.fail(
                f"expected MODEL:LABEL=VERSION, such as name_gender:stable=3; found {value!r}",
                param,
                ctx,
            )
        return model, label, int(version)


def _option(*names: str, about: str, **settings: Any) -> Callable[[Any], Any]:
    return click.option(*names, cls=Option, show_default=True, help=about, **settings)


def _make_hidden_flag(*names: str) -> Callable[[Any], Any]:
    """A yes or no of TensorFlow Serving's, which writes `--name` or `--name=true`."""
    return click.option(*names, type=bool, is_flag=False, flag_value="true", hidden=True)


_OPTIONS = (
    _option("--host", default="127.0.0.1", about="Address to listen on."),
    _option("--port", type=_PORT, default=8500, about="gRPC port; 0 picks a free one."),
    _option(
        "--rest-port",
        type=_PORT,
        default=8501,
        about="HTTP port of the REST API and the metrics; 0 picks a free one.",
    ),
    _option("--no-rest", is_flag=True, about="Serve gRPC alone."),
    click.option("--rest_api_port", type=_PORT, hidden=True),
    _option(
        "--rest-timeout",
        "rest_timeout_s",
        type=_SECONDS,
        metavar="SECONDS",
        about="How long a REST request may take; without, as long as its caller waits.",
    ),
    click.option("--rest_api_timeout_in_ms", type=click.IntRange(1), hidden=True),
    _option("--metrics-port", type=_PORT, about="One more HTTP port, for Prometheus alone."),
    _option(
        "--cors-origin",
        "cors_origins",
        multiple=True,
        metavar="ORIGIN",
        about="Let web pages of this origin call the REST API, such as http://localhost:3000; * is "
        "any. May be given many times.",
    ),
    _make_hidden_flag("--rest_api_enable_cors_support"),
    _option(
        "--tls",
        "--ssl_config_file",
        "tls_file",
        type=_FILE,
        metavar="FILE",
        about="Encrypt; an SSLConfig with key and certificates, see docs/serving.md.",
    ),
    _option(
        "--models-config",
        "--model_config_file",
        type=_FILE,
        metavar="FILE",
        about="Serve the models of a models.config instead of the pushed ones.",
    ),
    _option(
        "--models-config-poll",
        "--model_config_file_poll_wait_seconds",
        type=click.FloatRange(0),
        default=0.0,
        metavar="SECONDS",
        about="How often that file is read again; 0 never.",
    ),
    _option(
        "--model-path",
        "--model_base_path",
        type=_FOLDER,
        metavar="DIR",
        about="Serve one model instead, whose versions are in this folder.",
    ),
    _option(
        "--model-name",
        "--model_name",
        default="default",
        metavar="NAME",
        about="What that model is called.",
    ),
    _option(
        "--version-policy",
        "version_policies",
        type=PolicyType(),
        multiple=True,
        metavar="[MODEL=]POLICY",
        about="Which versions are served: latest (the default), latest:2, all, or specific:3,5. "
        "May be given many times.",
    ),
    _option(
        "--label",
        "labels",
        type=LabelType(),
        multiple=True,
        metavar="MODEL:LABEL=VERSION",
        about="Let callers ask for a version by a name. May be given many times.",
    ),
    _make_hidden_flag(
        "--allow_version_labels_for_unavailable_models", "allow_labels_for_unavailable"
    ),
    _option(
        "--poll",
        "--file_system_poll_wait_seconds",
        "poll_interval_s",
        type=_SECONDS,
        default=1.0,
        metavar="SECONDS",
        about="How often folders are looked at for new versions.",
    ),
    _option(
        "--allow-reload",
        is_flag=True,
        about="Let callers say which folders below the models' root are served, and how.",
    ),
    _option(
        "--batching-config",
        "--batching_parameters_file",
        type=_FILE,
        metavar="FILE",
        about="How concurrent requests are merged, in BatchingParameters.",
    ),
    _option("--no-batching", is_flag=True, about="Run each request by itself."),
    _make_hidden_flag("--enable_batching"),
    _option(
        "--monitoring-config",
        "--monitoring_config_file",
        type=_FILE,
        metavar="FILE",
        about="Where metrics are, in MonitoringConfig.",
    ),
    _make_hidden_flag("--enable_model_warmup", "warmup"),
    _option(
        "--max-message-mb",
        type=click.IntRange(1, 2047),
        default=64,
        about="Largest message, in MiB.",
    ),
    _option(
        "--max-examples",
        type=_AT_LEAST_1,
        default=16384,
        about="Most examples in a request to a model that has no limit of its own.",
    ),
    _option(
        "--max-in-flight-mb",
        type=_AT_LEAST_1,
        default=1024,
        about="Most memory that all requests may take together, in MiB.",
    ),
    _option(
        "--max-memory-mb",
        type=_AT_LEAST_1,
        about="Refuse requests while the server holds more, in MiB. Default: four fifths of the "
        "machine's.",
    ),
    _option(
        "--receive-timeout",
        "receive_timeout_s",
        type=_SECONDS,
        default=30.0,
        metavar="SECONDS",
        about="How long a caller may take to send a message.",
    ),
)


def serve_options(command: Command) -> Command:
    """Adds the options.

    Args:
        command: A function that takes them as keywords.

    Returns:
        The same, for `click.command`.
    """
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
