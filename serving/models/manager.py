"""Loading and unloading versions so that a model, once served, stays served.

A version goes START → LOADING → AVAILABLE → UNLOADING → END. A new version is loaded and warmed
up beside the old one; requests go to it from the moment it is AVAILABLE, and the old one is
unloaded when its last request is answered. A version that cannot be loaded ends in END with an
error, is passed over when versions are chosen, and is tried again when its files change. Files
of a version that is being served are not looked at again: new content is a new version.

Source: `tensorflow_serving/core/availability_preserving_policy.cc` for when to unload. Passing
over a broken version is kinder than TensorFlow Serving, which serves nothing in its place.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from serving import errors
from serving.config import ModelEntry
from serving.models import versions
from serving.models.registry import Registry
from serving.models.servable import Servable
from serving.models.states import State

_LOG = logging.getLogger(__name__)
Entries = Mapping[str, ModelEntry]
Loader = Callable[[str, int, Path], Servable]


class ModelManager:
    """Keeps a registry in step with the folders, with one thread."""

    def __init__(
        self,
        registry: Registry,
        find_entries: Callable[[], Entries],
        load: Loader,
        poll_interval_s: float,
    ) -> None:
        """Prepares; nothing is loaded before `start`.

        Args:
            registry: What to fill.
            find_entries: Lists the models to serve; called at every look at the folders.
            load: Loads and warms up one version.
            poll_interval_s: How often the folders are looked at, in seconds.
        """
        self._registry = registry
        self._find_entries = find_entries
        self._load = load
        self._poll_interval_s = poll_interval_s
        self._reconciling = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="model-manager", daemon=True)

    def start(self) -> None:
        """Loads what is there, then keeps watching."""
        self.reconcile()
        self._thread.start()

    def stop(self) -> None:
        """Stops watching and lets every model go."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._registry.release_all()

    def replace_entries(self, entries: Entries) -> None:
        """Serves exactly these models from now on, and loads them before returning.

        Args:
            entries: Model name to where it is and which versions.
        """
        with self._reconciling:
            self._find_entries = lambda: entries
        self.reconcile()

    def reconcile(self) -> None:
        """Brings what is loaded in step with what is on disk, once."""
        with self._reconciling:
            try:
                entries = self._find_entries()
            except OSError as error:
                _LOG.error("cannot list the models, keeping what is loaded: %s", error)
                return
            self._registry.settle(entries)
            try:
                for name in sorted({*entries, *self._registry.models()}):
                    if self._stopping.is_set():
                        return
                    self._reconcile_model(name, entries.get(name))
            finally:
                self._registry.settle(None)

    def _watch(self) -> None:
        while not self._stopping.wait(self._poll_interval_s):
            try:
                self.reconcile()
            except Exception:  # noqa: BLE001 - the watch must go on
                _LOG.exception("looking for new versions failed")
            if self._registry.has_garbage:
                # Loaded models are full of reference cycles.
                self._registry.has_garbage = False
                gc.collect()

    def _reconcile_model(self, name: str, entry: ModelEntry | None) -> None:
        try:
            found = versions.find_versions(entry.base_path) if entry else {}
        except OSError as error:
            _LOG.error("cannot list %s, keeping what is loaded: %s", name, error)
            return
        tried: set[int] = set()
        while True:
            usable = self._usable(name, found, tried)
            aspired = entry.policy.select(usable) if entry else []
            missing = [version for version in aspired if not self._is_held(name, version)]
            if not missing:
                break
            tried.add(missing[-1])
            self._load_version(name, missing[-1], found[missing[-1]])
        available = self._registry.available(name)
        if found and not set(aspired) & set(available):
            return
        for version in sorted(set(available) - set(aspired)):
            self._registry.unload(name, version)

    def _usable(self, name: str, found: dict[int, Path], tried: set[int]) -> list[int]:
        """Leaves out the versions that failed and have not changed since."""
        failed = {r.version: r.failed_files for r in self._registry.status(name) if r.error}
        return [
            version
            for version, path in found.items()
            if version not in failed
            or (version not in tried and failed[version] != versions.fingerprint(path))
        ]

    def _is_held(self, name: str, version: int) -> bool:
        records = self._registry.status(name, version)
        return bool(records) and records[0].state in (State.AVAILABLE, State.UNLOADING)

    def _load_version(self, name: str, version: int, path: Path) -> None:
        record = self._registry.begin(name, version)
        files = versions.fingerprint(path)
        started_s = time.monotonic()
        try:
            servable = self._load(name, version, path)
        except Exception as error:  # noqa: BLE001 - a broken model must not stop the server
            failure = errors.to_serving_error(error)
            self._registry.fail(record, failure, files, time.monotonic() - started_s)
        else:
            self._registry.become_available(record, servable, time.monotonic() - started_s)
