"""A digest of the source that a task's components run, so that TFX's cache notices an edit.

TFX fingerprints a component's inputs and parameters, not the code behind an import path: without
this, an edited model would stay cached. Only what a component depends on counts, found by walking
the imports from its entry module: an edit of `model.py` runs Trainer again, not Transform.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_PACKAGES = ("modules", "components", "serving", "lianxi_client")


def source_digest(*modules: str, root: Path = ROOT) -> str:
    """Digests modules and every module of this project that they import, directly or not.

    Comments and formatting count, docstrings too: a false alarm costs one execution, a missed
    change costs a wrong model.

    Args:
        modules: Dotted names, such as `modules.name_gender.trainer`.
        root: The folder that holds the top-level packages.

    Returns:
        The first 16 hexadecimal digits of a SHA-256 over names and contents.

    Raises:
        FileNotFoundError: If a module named in `modules` has no source under `root`.
    """
    found: dict[str, Path] = {}
    todo = list(modules)
    while todo:
        name = todo.pop()
        path = _source_of(name, root)
        if path is None:
            if name in modules:
                raise FileNotFoundError(f"no source for module {name} under {root}")
            continue
        if name not in found:
            found[name] = path
            todo.extend(_imports(path))
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(name.encode() + b"\0" + found[name].read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def file_digests(paths: Mapping[str, str]) -> dict[str, str]:
    """Digests files that settings name, so that TFX's cache notices when their contents change.

    Args:
        paths: Path by setting; empty paths and files elsewhere are passed over.

    Returns:
        The first 16 hexadecimal digits of the SHA-256 of each file's contents, by setting.
    """
    digests = {}
    for name, path in paths.items():
        file = Path(path).expanduser()
        if path and file.is_file():
            with file.open("rb") as contents:
                digest = hashlib.sha256()
                for block in iter(lambda: contents.read(2**20), b""):
                    digest.update(block)
            digests[name] = digest.hexdigest()[:16]
    return digests


def _source_of(name: str, root: Path) -> Path | None:
    path = root.joinpath(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(path: Path) -> tuple[str, ...]:
    stat = path.stat()
    return _imports_of_version(path, stat.st_mtime_ns, stat.st_size)


@functools.cache
def _imports_of_version(path: Path, mtime_ns: int, size: int) -> tuple[str, ...]:
    """Names of this project's modules that `path` may import, anywhere in it."""
    return tuple(_walk_imports(ast.parse(path.read_bytes())))


def _walk_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.startswith(tuple(f"{p}." for p in _PACKAGES)))
