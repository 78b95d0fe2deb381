"""Writes files of conversations, and reads them by the reader itself or as TFX does."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from components.example_gen.dialogue.dialogue_reader import read_dialogue
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject
from modules.common.declaring.settings import DATA, tell
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.dialogue.settings import DialogueSettings
from modules.common.dialogue.sources import DialogueSource

Pair = tuple[str, str]


class Settings(TrainingSettings, DialogueSettings):
    """What may be set for a task that reads conversations."""


TASK = Task(
    name="tiny_task",
    title="A tiny task",
    sources=(DialogueSource(),),
    features=(Feature(name="reply", dtype="int64", shape=(None,)),),
    label="reply",
    settings=Settings,
    metrics=(Metric(name="accuracy", doc="share", gate=Gate(floor=0.5)),),
    serving=Serving(
        inputs=(Field(name="text", dtype="string"),),
        outputs=(Field(name="replies", dtype="string"),),
        example={"text": ["你好"]},
    ),
)


class Found(NamedTuple):
    """What a file gave.

    Attributes:
        pairs: Questions with replies, in order.
        rejects: Those of lines and files.
        alone: What was said of lines that are in no pair, or empty.
        records: What the pairs come from.
    """

    pairs: list[Pair]
    rejects: list[Reject]
    alone: str
    records: list[Record]

    @property
    def places(self) -> list[tuple[str, str, str]]:
        """Place, kind and reason of each reject."""
        return [(reject.where, reject.kind, reject.reason) for reject in self.rejects]


def config_for(folder: Path, **settings: str | int) -> ReadConfig:
    """What the reader is told."""
    return ReadConfig(
        task_name="tiny_task",
        source=DialogueSource(),
        settings=tell(TASK.resolve(settings), DATA),
        data_dir=str(folder),
    )


def read_file(path: Path, **settings: str | int) -> Found:
    """Reads a file."""
    items = list(read_dialogue(str(path), config_for(path.parent, **settings)))
    records = [item for item in items if isinstance(item, Record)]
    rejects = [item for item in items if isinstance(item, Reject)]
    alone = [reject for reject in rejects if "in no pair" in reject.reason]
    assert all((reject.where, reject.kind) == ("", "set aside") for reject in alone[:1])
    assert len(alone) <= 1 and rejects[len(rejects) - len(alone) :] == alone
    return Found(
        [(record.features["question"], record.features["reply"]) for record in records],
        [reject for reject in rejects if reject not in alone],
        alone[0].reason if alone else "",
        records,
    )


def read(folder: Path, contents: str | bytes, **settings: str | int) -> Found:
    """Writes a file, UTF-8 unless it is bytes, and reads it."""
    path = folder / "a.conv"
    path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    return read_file(path, **settings)
