"""Finds uv, which installs, or gets it with the clients that a system has.

It is a package like others, so `pip` brings it. Debian's and Ubuntu's Python comes without pip and
without the part of `venv` that makes one; their pip can be downloaded as a package by anybody, and
runs from the wheel in it.
"""

from __future__ import annotations

import glob
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_NEEDED = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore", "uv"]
_DEBIAN_PIP = "python3-pip-whl", "python-pip-whl"


def find_uv(root: Path) -> str:
    """Finds uv on the path or in `.uv`, or gets it into `.uv`.

    Args:
        root: Folder of the project.

    Returns:
        Path of the program.
    """
    here = root / ".uv" / "bin" / "uv"
    found = shutil.which("uv") or (str(here) if here.is_file() else "")
    if found:
        return found
    pip = [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("pip") is not None:
        subprocess.run([*pip, "install", "--target", str(here.parents[1]), *_NEEDED])
    elif importlib.util.find_spec("ensurepip") is not None:
        subprocess.run([sys.executable, "-m", "venv", str(here.parents[1])])
        subprocess.run([str(here.with_name("python")), "-m", "pip", "install", *_NEEDED])
    elif shutil.which("apt-get"):
        _install_with_debians_pip(here.parents[1])
    if not here.is_file():
        sys.exit(
            "error: uv is not here and could not be fetched; install it (`pip install uv`), or "
            "Python's pip or venv (Debian, Ubuntu: `apt-get install python3-venv`), then try again"
        )
    return str(here)


def _install_with_debians_pip(target: Path) -> None:
    """Takes pip out of the package that has its wheel, without installing that."""
    with tempfile.TemporaryDirectory() as folder:
        for package in _DEBIAN_PIP:
            subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True)
        for package in glob.glob(f"{folder}/*.deb"):
            subprocess.run(["dpkg-deb", "--extract", package, folder])
        for wheel in glob.glob(f"{folder}/usr/share/python-wheels/pip-*.whl"):
            command = [sys.executable, f"{wheel}/pip", "install", "--target", str(target), *_NEEDED]
            subprocess.run(command, env={**os.environ, "PIP_NO_CACHE_DIR": "1"})
