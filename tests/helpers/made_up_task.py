"""A fifteenth task that has an input and an output of every kind, and a model that is made up."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image

from gallery.page.served import ModelFacts
from modules.common.asking.asking import Asker, Asking
from modules.common.declaring.fields import Field, Serving
from modules.common.declaring.registry import load_task
from modules.common.declaring.task import Task
from modules.common.midi.note_state import NOTES, PITCHES
from modules.common.sound import example_sound

NAME = "made_up"


def png(side_px: int = 8, colour: str = "red") -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (side_px, side_px), colour).save(file, "PNG")
    return file.getvalue()


INPUTS = (
    Field(name="line", dtype="string", at_most=20, doc="what is said"),
    Field(name="photo", dtype="string", kind="picture", doc="a picture"),
    Field(name="wav", dtype="string", kind="sound", doc="a recording"),
    Field(name="past", dtype="float32", shape=(None,), kind="series", above=0, min_items=2),
    Field(name="last", dtype="string", kind="month", doc="its last month"),
    Field(name="count", dtype="int64", at_least=1, at_most=4, default=2, staged=True, doc="stages"),
    Field(name="weight", dtype="float32", above=0, at_most=1, step=0.25, default=0.5, doc="share"),
    Field(name="many", dtype="int64", at_least=1, default=3, doc="how many"),
    Field(name="size", dtype="string", choices=("small", "large"), default="small", doc="size"),
    Field(name="loud", dtype="bool", default=False, doc="whether it is loud"),
    Field(name="seed", dtype="int64", kind="seed", default=0, doc="another draw"),
    Field(name="speed", dtype="float32", kind="tempo", at_least=20, at_most=400, default=120.0),
    Field(name="tune", dtype="string", kind="midi", default="", doc="a tune"),
    Field(name="layers", dtype="float32", shape=(None,), default=[], doc="weights"),
)
OUTPUTS = (
    Field(name="text", dtype="string", doc="as read"),
    Field(name="sure", dtype="float32", kind="probability", of="text"),
    Field(name="each", dtype="float32", shape=(None,), kind="probabilities", of="text"),
    Field(name="label", dtype="string", kind="label", choices=("cat", "dog")),
    Field(name="chance", dtype="float32", kind="probability", of="label"),
    Field(name="labels", dtype="string", shape=(None,), kind="labels"),
    Field(name="chances", dtype="float32", shape=(None,), kind="probabilities", of="labels"),
    Field(name="texts", dtype="string", shape=(None,), kind="texts"),
    Field(name="scores", dtype="float32", shape=(None,), of="texts"),
    Field(name="image", dtype="string", kind="picture"),
    Field(name="images", dtype="string", shape=(None,), kind="pictures"),
    Field(name="sound", dtype="string", kind="sound"),
    Field(name="notes", dtype="uint8", shape=(None, NOTES), kind="piano_roll"),
    Field(name="ahead", dtype="float32", shape=(2,), kind="forecast"),
    Field(name="low", dtype="float32", shape=(2,), kind="lower", of="ahead"),
    Field(name="high", dtype="float32", shape=(2,), kind="upper", of="ahead"),
    Field(name="duration_s", dtype="float32", unit="s"),
    Field(name="colour", dtype="float32", bands=((0, "grey"), (15, "slight"))),
    Field(name="curve", dtype="float32", shape=(None,)),
    Field(name="known", dtype="float32", kind="share"),
    Field(name="is_right", dtype="bool"),
    Field(name="born", dtype="string", kind="date"),
)
EXAMPLE = {
    "line": ["hello"],
    "photo": [png()],
    "wav": [example_sound.recording(220.0)],
    "past": [[1.0, 2.0, 3.0]],
    "last": ["2020-01"],
    "count": [3],
}


def make_answer() -> dict[str, np.ndarray]:
    """An answer of every kind, a batch of one, as the client gives it."""
    notes = np.zeros((16, NOTES), np.uint8)
    notes[0:4, 36] = notes[0, PITCHES + 36] = 1
    return {
        "text": np.array(["a<b"], object),
        "sure": np.array([0.5], np.float32),
        "each": np.array([[0.9, 0.4, 0.8]], np.float32),
        "label": np.array(["dog"], object),
        "chance": np.array([0.75], np.float32),
        "labels": np.array([["x", "y", ""]], object),
        "chances": np.array([[0.7, 0.2, 0.0]], np.float32),
        "texts": np.array([["one", "two", ""]], object),
        "scores": np.array([[-0.5, -1.5, 0.0]], np.float32),
        "image": np.array([png(8, "blue")], object),
        "images": np.array([[png(4), png(4, "green"), b""]], object),
        "sound": np.array([example_sound.recording(330.0)], object),
        "notes": notes[None],
        "ahead": np.array([[4.0, 5.0]], np.float32),
        "low": np.array([[3.0, 3.5]], np.float32),
        "high": np.array([[5.0, 7.5]], np.float32),
        "duration_s": np.array([1.25], np.float32),
        "colour": np.array([20.0], np.float32),
        "curve": np.array([[1.0, 2.0, 4.0]], np.float32),
        "known": np.array([0.5], np.float32),
        "is_right": np.array([False]),
        "born": np.array(["1949-12-31"], object),
    }


def make_task(**serving: Any) -> Task:
    """The task; with other fields if they are given."""
    whole: dict[str, Any] = {"inputs": INPUTS, "outputs": OUTPUTS, "example": EXAMPLE}
    made = Serving(**{**whole, **serving})
    return replace(load_task("name_gender"), name=NAME, title="All → all", serving=made)


def make_asker(asking: Asking | None = None, **serving: Any) -> Asker:
    """How it is asked."""
    return Asker(make_task(**serving), asking or Asking())


@dataclass
class MadeUpModels:
    """Stands for a server: answers as it is told, and keeps what it was asked.

    Attributes:
        tasks: Whose models there are.
        answer: Gives the answer to a request, or raises.
        facts: What is known of the models.
        asked: Requests, in their order.
    """

    tasks: list[Task]
    answer: Callable[[dict[str, Any]], dict[str, np.ndarray]] = lambda request: make_answer()
    facts: ModelFacts = ModelFacts(version="7", date="2026-11-30 12:00")
    asked: list[dict[str, Any]] = field(default_factory=list)

    def want(self, task_name: str) -> None:
        """Nothing is to be loaded."""

    def connect(self, task_name: str, stopped: threading.Event) -> Any:
        """Gives itself: it is the client, too."""
        return self

    def describe(self, task_name: str) -> ModelFacts:
        """Says what is known."""
        return self.facts

    def predict(self, name: str, request: dict[str, Any], **told: Any) -> dict[str, np.ndarray]:
        """Answers."""
        self.asked.append(request)
        return self.answer(request)

    def close(self) -> None:
        """Nothing is open."""
