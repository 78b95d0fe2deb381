"""The versions a server knows of, their states, and who is using them right now."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from serving import errors
from serving.models.labels import Labels
from serving.models.servable import Servable
from serving.models.states import Record, State

_MAX_ENDED_RECORDS = 50


class Registry:
    """All versions of all models. Every method may be called from any thread.

    Attributes:
        has_garbage: Whether a model was let go since somebody last reset it.
        on_can_answer: Told whenever `can_answer` changes, from the thread that changed it; it
            must not block.
    """

    def __init__(self, on_change: Callable[[Record, float], None]) -> None:
        """Starts empty.

        Args:
            on_change: Told of each AVAILABLE or END, with the seconds it took to get there.
        """
        self._on_change = on_change
        self._changed = threading.Condition()
        self._records: dict[str, dict[int, Record]] = {}
        self._labels = Labels()
        self._is_settled = False
        self._could_answer = False
        self.has_garbage = False
        self.on_can_answer: Callable[[bool], None] = lambda can_answer: None

    @contextlib.contextmanager
    def acquire(
        self, model: str, version: int | None = None, label: str | None = None
    ) -> Iterator[Servable]:
        """Holds a version for the time of one request; it is not unloaded meanwhile.

        Args:
            model: Name of the model.
            version: A version, or None for the highest available.
            label: A version label, instead of a version.

        Yields:
            The servable.

        Raises:
            ServingError: NOT_FOUND if it is not served, INVALID_ARGUMENT for no name or an
                unknown label.

        Source: `tensorflow_serving/model_servers/server_core.cc`,
            `tensorflow_serving/core/basic_manager.cc`.
        """
        if not model:
            raise errors.invalid_argument("ModelSpec has no name specified.")
        with self._changed:
            if label is not None:
                version = self.version_of_label(model, label)
            record = self._find(model, version)
            servable = record.servable
            assert servable is not None
            record.in_flight += 1
        try:
            yield servable
        finally:
            with self._changed:
                record.in_flight -= 1
                if record.state is State.UNLOADING and not record.in_flight:
                    self._end(record)

    def status(self, model: str, version: int | None = None) -> list[Record]:
        """Reports versions and their states.

        Args:
            model: Name of the model.
            version: One version, or None for all.

        Returns:
            A copy of each record, by ascending version; empty if nothing is known.
        """
        with self._changed:
            records = self._records.get(model, {})
            return [
                records[number].snapshot()
                for number in sorted(records)
                if version is None or number == version
            ]

    def version_of_label(self, model: str, label: str) -> int:
        """Looks a version label up.

        Args:
            model: Name of the model.
            label: The label.

        Returns:
            The version it stands for.

        Raises:
            ServingError: INVALID_ARGUMENT if the model has no such label.
        """
        return self._labels.version(model, label)

    def change_labels(
        self, wanted: Mapping[str, Mapping[str, int]], allow_unavailable: bool
    ) -> None:
        """Gives all models new labels, or none, see `serving.models.labels.Labels.change`."""
        with self._changed:
            self._labels.change(wanted, self._is_available, allow_unavailable)

    def can_answer(self) -> bool:
        """Tells whether any version can be asked."""
        with self._changed:
            return any(
                record.state is State.AVAILABLE
                for records in self._records.values()
                for record in records.values()
            )

    def models(self) -> list[str]:
        """Names of the models anything is known of, in alphabetical order."""
        with self._changed:
            return sorted(self._records)

    def available(self, model: str) -> list[int]:
        """The versions of a model that can be asked, ascending."""
        return [r.version for r in self.status(model) if r.state is State.AVAILABLE]

    def wait_until_available(self, model: str, timeout_s: float, version: int | None = None) -> int:
        """Waits until a model can be asked.

        Args:
            model: Name of the model.
            timeout_s: Longest wait, in seconds.
            version: A version, or None for any.

        Returns:
            The version that is available.

        Raises:
            ServingError: Every candidate failed to load; the error of the newest.
            TimeoutError: Nothing was there in time.
        """
        end_s = time.monotonic() + timeout_s
        with self._changed:
            while True:
                with contextlib.suppress(errors.ServingError):
                    return self._find(model, version).version
                failed = [
                    (record.version, record.error)
                    for record in self._records.get(model, {}).values()
                    if record.error is not None and version in (None, record.version)
                ]
                if failed and self._is_settled:
                    raise max(failed, key=lambda pair: pair[0])[1]
                remaining_s = end_s - time.monotonic()
                if remaining_s <= 0:
                    raise TimeoutError(
                        f"model {model!r} is not available after {timeout_s:g} s; "
                        f"known: {', '.join(sorted(self._records)) or 'none'}"
                    )
                self._changed.wait(remaining_s)

    def settle(self, is_settled: bool) -> None:
        """Marks the beginning and the end of a look at the folders.

        Args:
            is_settled: False at the beginning, True at the end.
        """
        with self._changed:
            self._is_settled = is_settled
            self._tell()

    def begin(self, model: str, version: int) -> Record:
        """Enters a version that is about to be loaded.

        Args:
            model: Name of the model.
            version: The version.

        Returns:
            Its record, in LOADING, for `become_available` or `fail`.
        """
        record = Record(model, version, State.LOADING)
        with self._changed:
            records = self._records.setdefault(model, {})
            records[version] = record
            ended = sorted(v for v, r in records.items() if r.state is State.END)
            for old in ended[:-_MAX_ENDED_RECORDS]:
                del records[old]
            self._tell()
        return record

    def become_available(self, record: Record, servable: Servable, seconds: float) -> None:
        """Sends requests to a version from now on.

        Args:
            record: What `begin` returned.
            servable: The loaded model.
            seconds: How long loading took.
        """
        with self._changed:
            record.servable = servable
            record.state = State.AVAILABLE
            self._on_change(record.snapshot(), seconds)
            self._tell()

    def fail(
        self,
        record: Record,
        error: errors.ServingError,
        files: tuple[tuple[str, int, int, int], ...],
        seconds: float,
    ) -> None:
        """Records that a version could not be loaded.

        Args:
            record: What `begin` returned.
            error: Why.
            files: Fingerprint of its files, taken before loading.
            seconds: How long it took to find out.
        """
        with self._changed:
            record.state = State.END
            record.error = error
            record.failed_files = files
            self._on_change(record.snapshot(), seconds)
            self._tell()

    def unload(self, model: str, version: int) -> None:
        """Takes a version away from new requests, and lets it go after the last old one.

        Args:
            model: Name of the model.
            version: A version that is available.
        """
        with self._changed:
            record = self._records[model][version]
            record.state = State.UNLOADING
            record.unload_started_s = time.monotonic()
            if record.in_flight:
                self._tell()
            else:
                self._end(record)

    def release_all(self) -> None:
        """Lets every model go, at the end of the server."""
        with self._changed:
            for records in self._records.values():
                for record in records.values():
                    record.state = State.END
                    record.servable = None
            self._tell()

    def _tell(self) -> None:
        """Wakes whoever waits, and tells of a change of `can_answer`."""
        can_answer = self.can_answer()
        if can_answer != self._could_answer:
            self._could_answer = can_answer
            self.on_can_answer(can_answer)
        self._changed.notify_all()

    def _end(self, record: Record) -> None:
        record.state = State.END
        record.servable = None
        self.has_garbage = True
        self._on_change(record.snapshot(), time.monotonic() - record.unload_started_s)
        self._tell()

    def _is_available(self, model: str, version: int) -> bool:
        record = self._records.get(model, {}).get(version)
        return record is not None and record.state is State.AVAILABLE

    def _find(self, model: str, version: int | None) -> Record:
        records = self._records.get(model, {})
        available = [v for v, r in records.items() if r.state is State.AVAILABLE]
        if version is None and available:
            return records[max(available)]
        if version in available:
            return records[version]
        request = f"Latest({model})" if version is None else f"Specific({model}, {version})"
        raise errors.not_found(f"Servable not found for request: {request}")
