"""The state of one version of one model."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from serving.errors import ServingError

if TYPE_CHECKING:
    from serving.models.servable import Servable


class State(enum.IntEnum):
    """Numbers as in `tensorflow_serving/apis/get_model_status.proto`."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclasses.dataclass
class Record:
    """What is known of one version.

    Attributes:
        model: Name of the model.
        version: The version.
        state: Where it is between START and END.
        error: Why it could not be loaded, if so.
        servable: The loaded model while it can be asked.
        in_flight: Requests that hold it.
        failed_files: Its files when loading failed, to notice a repair.
        unload_started_s: When unloading began, on the clock of `time.monotonic`.
    """

    model: str
    version: int
    state: State = State.START
    error: ServingError | None = None
    servable: Servable | None = None
    in_flight: int = 0
    failed_files: tuple[tuple[str, int, int, int], ...] = ()
    unload_started_s: float = 0.0

    def snapshot(self) -> Record:
        """A copy for reading that does not hold the model."""
        return dataclasses.replace(self, servable=None)
