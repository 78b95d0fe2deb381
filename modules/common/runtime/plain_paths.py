"""Paths for libraries that take a path for a pattern.

Beam, TFX, TFMA and tf.data look for `*`, `?` and `[...]` in the whole path of what they read and
write, so that a folder which is called `runs [2]` is not found, or another is. They are given
another path of the same folder, without such characters. Nothing is made for it that would have to
be removed: Linux gives every open folder such a path, as long as the process lives that opened it.
"""

from __future__ import annotations

import os
import re
from types import TracebackType

# Backslashes quote in patterns, and a brace begins a choice or, to TFX, a span.
_WILDCARDS = re.compile(r"[*?\[\]{}\\]")


class PlainPaths:
    """Gives paths without wildcards, which hold inside the `with` block, in child processes too."""

    def __enter__(self) -> PlainPaths:
        """Begins the block."""
        self._plain: dict[str, str] = {}
        self._descriptors: list[int] = []
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the folders."""
        for descriptor in self._descriptors:
            os.close(descriptor)

    def plain(self, path: str) -> str:
        """Gives a path of the same file or folder that no library takes for a pattern.

        Args:
            path: Absolute, or a URI, which stays as it is. Its folders are there, down to the last
                one that has a wildcard in its name; what is below need not be.

        Raises:
            OSError: If such a folder is not there.
        """
        found = None if "://" in path else list(_WILDCARDS.finditer(path))
        if not found:
            return path
        end = path.find("/", found[-1].end())
        folder, rest = (path, "") if end < 0 else (path[:end], path[end:])
        if folder not in self._plain:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            self._descriptors.append(descriptor)
            self._plain[folder] = f"/proc/{os.getpid()}/fd/{descriptor}"
        return self._plain[folder] + rest

    def original(self, text: str) -> str:
        """Puts the true paths back into a text: a path, or a message that names some."""
        for folder, plain in self._plain.items():
            text = re.sub(rf"{re.escape(plain)}(?!\d)", folder.replace("\\", r"\\"), text)
        return text
