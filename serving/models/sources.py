"""Which models shall be served: those of a folder, of a mapping, or of whoever is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from serving.config import ModelEntry, ServerConfig
from serving.models import versions

Entries = Mapping[str, ModelEntry]
Source = Callable[[], Entries]
Models = str | os.PathLike[str] | Mapping[str, ModelEntry | str | os.PathLike[str]] | Source


def source_of(models: Models, config: ServerConfig) -> Source:
    """Makes what a manager asks for the models at every look.

    Args:
        models: A root folder; or model name to base path or entry; or a function that returns
            the entries, such as `serving.files.models_config.ModelsFile`.
        config: Policies and labels of models that come without.

    Returns:
        The source. It raises OSError while the folder is away.
    """
    if callable(models):
        return models
    if not isinstance(models, Mapping):
        return RootSource(Path(models), config.entry)
    entries = {
        name: place if isinstance(place, ModelEntry) else config.entry(name, Path(place))
        for name, place in models.items()
    }
    return lambda: entries


class RootSource:
    """Every folder of a root that holds a version."""

    def __init__(self, root: Path, make_entry: Callable[[str, Path], ModelEntry]) -> None:
        """Remembers where to look.

        Args:
            root: Folder with one folder per model.
            make_entry: Completes a model that was found.
        """
        self._root = root
        self._make_entry = make_entry
        self._identity: tuple[int, int] | None = None

    def __call__(self) -> dict[str, ModelEntry]:
        """Lists the models.

        Returns:
            Model name to entry, also for those that cannot be read just now: whoever has them
            loaded shall keep them.

        Raises:
            OSError: The root is away. A mount point whose disk is away is an empty folder; it
                is told by its being another folder than before.
        """
        stat = os.stat(self._root)
        identity = (stat.st_dev, stat.st_ino)
        found = {
            name: self._make_entry(name, self._root / name)
            for name in filter(versions.is_model_name, os.listdir(self._root))
            if self._may_be_model(self._root / name)
        }
        if not found and self._identity not in (None, identity):
            raise FileNotFoundError(2, "an empty folder is in its place", str(self._root))
        self._identity = identity
        return found

    @staticmethod
    def _may_be_model(path: Path) -> bool:
        try:
            listing = versions.list_versions(path)
        except NotADirectoryError:
            return False
        except FileNotFoundError:
            return path.is_symlink()
        except OSError:
            return True
        return bool(listing.ready or listing.unreadable)
