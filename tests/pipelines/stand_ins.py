"""Components that write what Trainer, Evaluator and Pusher write, in no time."""

from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Model, ModelBlessing, PushedModel

from components.pushed_versions import publish


def write(folder: str, name: str, text: str, fails: int) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder, name).write_text(text)
    if fails:
        raise RuntimeError("it broke")


@component
def Trainer(model: OutputArtifact[Model], seed: Parameter[int], fails: Parameter[int]) -> None:
    write(model.uri, "saved_model.pb", f"{seed} " * 1000, fails)


@component
def Evaluator(
    model: InputArtifact[Model], blessing: OutputArtifact[ModelBlessing], fails: Parameter[int]
) -> None:
    write(blessing.uri, "BLESSED", "", fails)
    blessing.set_int_custom_property("blessed", 1)
    blessing.set_int_custom_property("current_model_id", model.id)


@component
def Pusher(
    model: InputArtifact[Model],
    blessing: InputArtifact[ModelBlessing],
    pushed_model: OutputArtifact[PushedModel],
    folder: Parameter[str],
    fails: Parameter[int],
) -> None:
    version = publish(model.uri, folder)
    write(pushed_model.uri, "PUSHED", version, fails)
