"""Whether an artifact's folder still holds what its component wrote.

TFX's cache asks only whether the folder is there: one that was emptied by hand, or of which a part
was deleted, would be handed to the components that follow.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml_metadata.proto import metadata_store_pb2
    from tfx.types.artifact import Artifact

CONTENTS = "contents"
"""Custom property of an artifact: its files' bytes by their paths in it, as JSON."""


def note_contents(artifact: metadata_store_pb2.Artifact) -> None:
    """Writes down what a local artifact's folder holds.

    Args:
        artifact: As it is about to be published; changed in place.
    """
    if "://" not in artifact.uri:
        contents = json.dumps(read_contents(artifact.uri), ensure_ascii=False, sort_keys=True)
        artifact.custom_properties[CONTENTS].string_value = contents


def is_whole(artifact: Artifact) -> bool:
    """Tells whether all that was written down is there; what came later does not matter.

    Args:
        artifact: A published one; where nothing was written down, that it is there is enough.
    """
    if "://" in artifact.uri:
        return True
    noted = artifact.get_string_custom_property(CONTENTS)
    if not noted:
        return os.path.exists(artifact.uri)
    wanted, found = json.loads(noted), read_contents(artifact.uri)
    return os.path.exists(artifact.uri) and wanted.items() <= found.items()


def read_contents(uri: str) -> dict[str, int]:
    """Gives the bytes of an artifact's files by their paths in it.

    Args:
        uri: Its folder or file on this machine.
    """
    if os.path.isfile(uri):
        return {"": os.stat(uri).st_size}
    paths = (os.path.join(folder, name) for folder, _, names in os.walk(uri) for name in names)
    return {os.path.relpath(path, uri): os.lstat(path).st_size for path in sorted(paths)}
