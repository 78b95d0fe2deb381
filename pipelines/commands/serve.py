"""`lianxi serve`: the embedded server over the pushed models."""

from __future__ import annotations

import errno
import ipaddress
import socket
from pathlib import Path
from typing import Any

import click

from modules.common.runtime.errors import LianxiError
from modules.common.runtime.stack import quiet_imports
from pipelines import pushed, stopping
from pipelines.commands import serve_config
from pipelines.commands.options import env_option, root_option
from pipelines.commands.serve_options import serve_options
from pipelines.environment import Environment, environment
from pipelines.explanations import explain


@click.command()
@root_option
@env_option
@serve_options
@click.option(
    "--config-only", is_flag=True, help="Write the files for tensorflow/serving and stop."
)
def command(root: str | None, env_name: str, config_only: bool, **options: Any) -> None:
    r"""Serve every pushed model over TensorFlow Serving's APIs, gRPC and REST.

    New versions are picked up while it runs. The files that the tensorflow/serving image needs to
    serve the same folder are written beside the models. Clients need no change; docs/serving.md
    says, feature by feature, what differs: requests are limited in size, examples and memory here,
    a broken version is passed over, and callers choose no models unless --allow-reload is given.

    \b
    lianxi serve
    lianxi serve --version-policy all --label name_gender:stable=3
    lianxi serve --models-config models.config --models-config-poll 10
    lianxi serve --host 0.0.0.0 --tls ssl.config
    """
    from serving.server import Server

    serve_config.check_together(options)
    env = environment(env_name, root)
    stopping.note_kept(f"The pushed models in {env.models_dir} are as they were.")
    models_dir = Path(env.models_dir)
    with quiet_imports():
        config = serve_config.server_config(options, models_dir)
        models = serve_config.models_of(options, models_dir)
    if models is None:
        _write_container_config(env, config, options["tls_file"])
    elif config_only:
        raise click.UsageError("--config-only writes files for the pushed models; name no others")
    if config_only:
        return
    host, ports = config.host, serve_config.listening(options)
    # Before TensorFlow is loaded, and gRPC says it in its own words.
    if refusal := _refusal(host, ports):
        raise refusal
    if config.tls is None and not _is_loopback(host):
        click.echo(
            f"warning: other machines reach {host}, and nothing is encrypted; --tls FILE encrypts",
            err=True,
        )
    with quiet_imports():
        import tensorflow  # noqa: F401 - the server does, when it starts
    if env.smoke and models is None:
        click.echo(f"note: {pushed.SMOKE_NOTE}", err=True)
    server = Server(models_dir if models is None else models, config, on_progress=click.echo)
    try:
        server.start()
    except (OSError, RuntimeError) as error:
        refused = _refusal(host, ports) or f"cannot listen on {host}: {explain(error)}"
        raise LianxiError(str(refused)) from error
    if server.metrics_port is not None:
        click.echo(f"metrics: http://{host}:{server.metrics_port}{config.metrics_path}")
    click.echo("stop with Ctrl-C")
    server.wait()


def _write_container_config(env: Environment, config: Any, tls_file: Path | None) -> None:
    from serving.files.container import write_container_config

    pushed.check_any(env)
    for model in {*config.model_policies, *config.version_labels}:
        if not (Path(env.models_dir) / model).is_dir():
            click.echo(f"note: no model is called {model} in {env.models_dir} yet", err=True)
    with quiet_imports():
        files = write_container_config(
            Path(env.models_dir), Path(env.root) / "serving", config, tls_file=tls_file
        )
    click.echo(f"tensorflow/serving: docker compose -f {files[-1]} up")


def _is_loopback(host: str) -> bool:
    """Tells whether only this machine reaches an address."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        # Nobody will listen there; whoever tries to says so.
        return True
    return all(ipaddress.ip_address(place[4][0]).is_loopback for place in found)


def _refusal(host: str, ports: dict[str, int | None]) -> LianxiError | None:
    """Says which of the ports cannot be listened on, and why; gRPC's own message says neither."""
    for option, port in ports.items():
        if not port:
            continue
        try:
            address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(address[0], socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address[4])
        except socket.gaierror:
            return LianxiError(f"no address is called {host!r}; name one of this machine's, --host")
        except OSError as refusal:
            if refusal.errno == errno.EADDRINUSE:
                return LianxiError(
                    f"port {port} of {host} is taken, perhaps by another `lianxi serve`; choose "
                    f"another with {option}"
                )
            reason = (refusal.strerror or str(refusal)).lower()
            return LianxiError(
                f"cannot listen on port {port} of {host}: {reason}; choose another with {option}, "
                "or an address of this machine with --host"
            )
    return None
