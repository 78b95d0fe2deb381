"""Loading and unloading versions so that a model, once served, stays served.

A version goes START → LOADING → AVAILABLE → UNLOADING → END. A new version is loaded and warmed
up beside the old one; requests go to it from the moment it is AVAILABLE, and the old one is
unloaded when its last request is answered. A version that cannot be loaded ends in END with an
error, is passed over when versions are chosen, and is tried again when its files have changed
and then rested for one look. Files of a version that is being served are not looked at again:
new content is a new version.

Source: `tensorflow_serving/core/availability_preserving_policy.cc` for when to unload;
`tensorflow_serving/sources/storage_path/file_system_storage_path_source.cc`: a folder that is
away unloads nothing, an empty one unloads everything. Passing over a broken version is kinder
than TensorFlow Serving, which serves nothing in its place.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from serving import errors
from serving.config import ModelEntry
from serving.models import versions
from serving.models.notices import Notices, reason
from serving.models.registry import Registry
from serving.models.servable import Servable
from serving.models.sources import Entries, Source
from serving.models.states import State

_LOG = logging.getLogger(__name__)
Loader = Callable[[str, int, Path], Servable]
_Files = tuple[tuple[str, int, int, int], ...]


class ModelManager:
    """Keeps a registry in step with the folders, with one thread."""

    def __init__(
        self,
        registry: Registry,
        find_entries: Source,
        load: Loader,
        poll_interval_s: float,
        allow_labels_for_unavailable: bool = True,
    ) -> None:
        """Prepares; nothing is loaded before `start`.

        Args:
            registry: What to fill.
            find_entries: Lists the models to serve; called at every look at the folders.
            load: Loads and warms up one version.
            poll_interval_s: How often the folders are looked at, in seconds.
            allow_labels_for_unavailable: See `ServerConfig`.
        """
        self._registry = registry
        self._find_entries = find_entries
        self._load = load
        self._poll_interval_s = poll_interval_s
        self._allow_labels_for_unavailable = allow_labels_for_unavailable
        self._entries: Entries | None = None
        self._notices = Notices(_LOG)
        self._seen_files: dict[tuple[str, int], _Files] = {}
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

        Raises:
            ServingError: FAILED_PRECONDITION: a label may not be; then nothing changes. As in
                TensorFlow Serving, labels are checked before anything is loaded.
        """
        with self._reconciling:
            self._change_labels(entries)
            self._find_entries = lambda: entries
            self._seen_files.clear()
            self._reconcile(is_asked_for=True)

    def reconcile(self) -> None:
        """Brings what is loaded in step with what is on disk, once."""
        with self._reconciling:
            self._reconcile(is_asked_for=False)

    def _reconcile(self, is_asked_for: bool) -> None:
        try:
            wanted = self._find_entries()
        except OSError as error:
            self._notices.say(f"cannot list the models, keeping what is served: {reason(error)}")
            return
        self._notices.clear()
        entries = self._with_labels(wanted)
        self._registry.settle(is_settled=False)
        try:
            for name in sorted({*entries, *self._registry.models()}):
                if self._stopping.is_set():
                    return
                self._reconcile_model(name, entries.get(name), is_asked_for)
        finally:
            self._registry.settle(is_settled=True)

    def _change_labels(self, entries: Entries) -> None:
        self._registry.change_labels(
            {name: entry.labels for name, entry in entries.items()},
            self._allow_labels_for_unavailable,
        )

    def _with_labels(self, wanted: Entries) -> Entries:
        """Takes the entries with their labels, or stays with the former entries."""
        try:
            self._change_labels(wanted)
        except errors.ServingError as error:
            self._notices.say(f"the labels stay as they were: {error.message}", "labels")
            return wanted if self._entries is None else self._entries
        self._notices.clear("labels")
        self._entries = wanted
        return wanted

    def _watch(self) -> None:
        while not self._stopping.wait(self._poll_interval_s):
            try:
                self.reconcile()
            except Exception:
                _LOG.exception("looking for new versions failed")
            if self._registry.has_garbage:
                # Loaded models are full of reference cycles.
                self._registry.has_garbage = False
                gc.collect()

    def _reconcile_model(self, name: str, entry: ModelEntry | None, is_asked_for: bool) -> None:
        try:
            listing = versions.list_versions(entry.base_path) if entry else versions.Listing()
        except OSError as error:
            state = "stays as it is" if self._registry.available(name) else "is not served"
            self._notices.say(f"{name} {state}: cannot read {reason(error)}", name)
            return
        self._tell_of(name, entry, listing)
        tried: set[int] = set()
        while True:
            usable = self._usable(name, listing, tried, is_asked_for)
            aspired = entry.policy.select(usable) if entry else []
            missing = [version for version in aspired if not self._is_held(name, version)]
            if not missing:
                break
            tried.add(missing[-1])
            self._load_version(name, missing[-1], listing.ready[missing[-1]])
        available = self._registry.available(name)
        if (listing.ready or listing.unreadable) and not set(aspired) & set(available):
            return
        for version in sorted(set(available) - set(aspired)):
            self._registry.unload(name, version)

    def _tell_of(self, name: str, entry: ModelEntry | None, listing: versions.Listing) -> None:
        """Says what a person should know of a model's folder."""
        if entry is None or listing.ready or listing.unreadable:
            self._notices.clear(name)
        else:
            self._notices.say(
                f"no versions of {name} found in {entry.base_path}: expected folders named by a "
                "number that hold saved_model.pb, such as 1/",
                name,
            )
        for version, error in listing.unreadable.items():
            self._notices.say(
                f"{name} version {version} is passed over: cannot read {reason(error)}",
                name,
                version,
            )
        for version in listing.ready:
            self._notices.clear(name, version)

    def _usable(
        self, name: str, listing: versions.Listing, tried: set[int], is_asked_for: bool
    ) -> list[int]:
        """Lists what may be chosen.

        Left out are the versions that failed and have not changed since, and those that cannot
        be read, unless they are loaded.
        """
        records = {record.version: record for record in self._registry.status(name)}
        usable = [version for version in listing.unreadable if self._is_held(name, version)]
        for version, path in listing.ready.items():
            record = records.get(version)
            if record is None or record.error is None:
                usable.append(version)
            elif version not in tried:
                files = versions.fingerprint(path)
                rested = is_asked_for or self._seen_files.get((name, version)) == files
                self._seen_files[name, version] = files
                if rested and record.failed_files != files:
                    usable.append(version)
        return usable

    def _is_held(self, name: str, version: int) -> bool:
        records = self._registry.status(name, version)
        return bool(records) and records[0].state in (State.AVAILABLE, State.UNLOADING)

    def _load_version(self, name: str, version: int, path: Path) -> None:
        record = self._registry.begin(name, version)
        files = versions.fingerprint(path)
        started_s = time.monotonic()
        try:
            servable = self._load(name, version, path)
        except Exception as error:
            failure = errors.to_load_error(error)
            self._registry.fail(record, failure, files, time.monotonic() - started_s)
        else:
            self._registry.become_available(record, servable, time.monotonic() - started_s)
