"""`lianxi serve`: the embedded server over the pushed models."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import click

from modules.common.errors import LianxiError
from modules.common.stack import quiet_imports
from pipelines import pushed, stopping
from pipelines.commands.options import env_option, root_option
from pipelines.environment import environment
from pipelines.explanations import explain

_PORT = click.IntRange(0, 65535)


@click.command()
@root_option
@env_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=_PORT, default=8500, show_default=True, help="gRPC port; 0 picks a free one."
)
@click.option("--metrics-port", type=_PORT, help="HTTP port for Prometheus; none by default.")
@click.option(
    "--max-message-mb",
    type=click.IntRange(1, 2047),
    default=64,
    show_default=True,
    help="Largest message, in MiB.",
)
@click.option(
    "--config-only", is_flag=True, help="Write the files for tensorflow/serving and stop."
)
def command(
    root: str | None,
    env_name: str,
    host: str,
    port: int,
    metrics_port: int | None,
    max_message_mb: int,
    config_only: bool,
) -> None:
    r"""Serve every pushed model over TensorFlow Serving's gRPC API.

    New versions are picked up while it runs. The files that the tensorflow/serving image needs to
    serve the same folder are written beside the models; no client notices the difference.

    \b
    lianxi serve
    lianxi serve --host 0.0.0.0 --metrics-port 8501
    """
    from serving.config import ServerConfig
    from serving.files.container import write_container_config
    from serving.server import Server

    if metrics_port and metrics_port == port:
        raise click.UsageError(f"--port and --metrics-port are both {port}; choose two")
    env = environment(env_name, root)
    stopping.kept(f"The pushed models in {env.models_dir} are as they were.")
    models_dir = Path(env.models_dir)
    config = ServerConfig(
        host=host, port=port, metrics_port=metrics_port, max_message_mb=max_message_mb
    )
    pushed.check_any(env)
    with quiet_imports():
        files = write_container_config(models_dir, Path(env.root) / "serving", config)
    click.echo(f"tensorflow/serving: docker compose -f {files[-1]} up")
    if config_only:
        return
    ports = {"--port": port, "--metrics-port": metrics_port}
    # Before TensorFlow is loaded, and gRPC says it in its own words.
    if refusal := _refusal(host, ports):
        raise refusal
    with quiet_imports():
        import tensorflow  # noqa: F401 - the server does, when it starts
    if env.smoke:
        click.echo(f"note: {pushed.SMOKE_NOTE}", err=True)
    server = Server(models_dir, config, on_progress=click.echo)
    try:
        server.start()
    except (OSError, RuntimeError) as error:
        refused = _refusal(host, ports) or f"cannot listen on {host}: {explain(error)}"
        raise LianxiError(str(refused)) from error
    if server.metrics_port is not None:
        click.echo(f"metrics: http://{host}:{server.metrics_port}/monitoring/prometheus/metrics")
    click.echo("stop with Ctrl-C")
    server.wait()


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
