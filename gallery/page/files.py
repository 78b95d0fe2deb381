"""Files of the page that pieces of HTML show: in Gradio's folder, from where it serves them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

FOLDER_VARIABLE = "GRADIO_TEMP_DIR"
_ROUTE = "gradio_api/file="


def publish(contents: bytes, name: str) -> str:
    """Keeps a file where the page finds it.

    Args:
        contents: The file.
        name: What it is called when it is saved.

    Returns:
        Its address on the page.
    """
    digest = hashlib.sha256(contents).hexdigest()[:32]
    path = Path(os.environ[FOLDER_VARIABLE]) / digest / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)
    return _ROUTE + quote(str(path))
