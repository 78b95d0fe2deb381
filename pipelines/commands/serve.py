"""`lianxi serve`: the embedded server over the pushed models."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from modules.common.runtime.errors import LianxiError
from modules.common.runtime.stack import quiet_imports
from pipelines import pushed, resident, stopping, versions
from pipelines.commands import serve_config
from pipelines.commands.options import env_option, root_option
from pipelines.commands.serve_options import serve_options
from pipelines.environment import Environment, environment
from pipelines.explanations import explain
from pipelines.ports import check_free, find_refusal, is_loopback
from serving.models.tensorflow_alone import import_tensorflow_alone


@click.command()
@root_option
@env_option
@serve_options
@click.option(
    "--config-only", is_flag=True, help="Write the files for tensorflow/serving and stop."
)
def command(root: str | None, env_name: str, config_only: bool, **options: Any) -> None:
    r"""Serve every pushed model over TensorFlow Serving's APIs, gRPC and REST.

    New versions are picked up while it runs, and so is what `lianxi models` says of them. The files
    that the tensorflow/serving image needs to serve the same folder are written beside the models.
    Clients need no change; docs/serving.md says, feature by feature, what differs: requests are
    limited in size, examples and memory here, a broken version is passed over, and callers choose
    no models unless --allow-reload is given.

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
    check_free(host, ports, "lianxi serve")
    if config.tls is None and not is_loopback(host):
        click.echo(
            f"warning: other machines reach {host}, and nothing is encrypted; --tls FILE encrypts",
            err=True,
        )
    with quiet_imports():
        # The server does, when it starts.
        import_tensorflow_alone()
    if env.smoke and models is None:
        click.echo(f"note: {pushed.SMOKE_NOTE}", err=True)
    # Who asks pushed models on this machine has no certificate to show.
    is_found = models is None and config.tls is None
    if models is None:
        _note_pins(env)
        models = versions.source(env, config)
    server = Server(models, config, on_progress=click.echo)
    try:
        server.start()
    except (OSError, RuntimeError) as error:
        refused = (
            find_refusal(host, ports, "lianxi serve")
            or f"cannot listen on {host}: {explain(error)}"
        )
        raise LianxiError(str(refused)) from error
    if server.metrics_port is not None:
        click.echo(f"metrics: http://{host}:{server.metrics_port}{config.metrics_path}")
    click.echo("stop with Ctrl-C")
    with resident.announced(env, host, server.port) if is_found else nullcontext():
        server.wait()


def _write_container_config(env: Environment, config: Any, tls_file: Path | None) -> None:
    from serving.files.container import write_container_config

    pushed.check_any(env)
    for model in {*config.model_policies, *config.version_labels}:
        if not (Path(env.models_dir) / model).is_dir():
            click.echo(f"note: no model is called {model} in {env.models_dir} yet", err=True)
    with quiet_imports(), versions.readable():
        files = write_container_config(
            Path(env.models_dir), versions.kept_path(env).parent, config, tls_file=tls_file
        )
    click.echo(f"tensorflow/serving: docker compose -f {files[-1]} up")


def _note_pins(env: Environment) -> None:
    """Says which models are not served in their newest version, so that nobody wonders."""
    for path in sorted(Path(env.models_dir).iterdir()):
        pinned = versions.pinned_of(versions.read_entry(env, path.name))
        if pinned is not None:
            click.echo(
                f"note: {path.name} is pinned to version {pinned}; `lianxi models unpin "
                f"{path.name}{env.options}` serves the newest",
                err=True,
            )
