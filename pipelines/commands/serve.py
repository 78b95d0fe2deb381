"""`lianxi serve`: the embedded server over the pushed models."""

from __future__ import annotations

from pathlib import Path

import click

from modules.common.errors import LianxiError
from modules.common.stack import quiet_imports
from pipelines import stopping
from pipelines.commands.options import env_option, root_option
from pipelines.environment import environment


@click.command()
@root_option
@env_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8500, show_default=True, help="gRPC port; 0 picks a free one.")
@click.option("--metrics-port", type=int, help="HTTP port for Prometheus; none by default.")
@click.option("--max-message-mb", default=64, show_default=True, help="Largest message, in MiB.")
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
    from serving.container import write_container_config
    from serving.server import Server

    env = environment(env_name, root)
    stopping.kept(f"The pushed models in {env.models_dir} are as they were.")
    models_dir = Path(env.models_dir)
    config = ServerConfig(
        host=host, port=port, metrics_port=metrics_port, max_message_mb=max_message_mb
    )
    try:
        with quiet_imports():
            files = write_container_config(models_dir, Path(env.root) / "serving", config)
    except (ValueError, FileNotFoundError) as error:
        raise LianxiError(
            f"no model was pushed to {models_dir} yet; push one: lianxi run name_gender"
        ) from error
    click.echo(f"tensorflow/serving: docker compose -f {files[-1]} up")
    if config_only:
        return
    with quiet_imports():
        import tensorflow  # noqa: F401 - the server does, when it starts
    server = Server(models_dir, config, on_progress=click.echo)
    try:
        server.start()
    except (OSError, RuntimeError) as error:
        raise LianxiError(f"cannot listen on {host}:{port}: {error}; choose a --port") from error
    if server.metrics_port is not None:
        click.echo(f"metrics: http://{host}:{server.metrics_port}/monitoring/prometheus/metrics")
    click.echo("stop with Ctrl-C")
    server.wait()
