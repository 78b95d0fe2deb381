"""Compiles the bytecode of what a run, a server and a question import, and of nothing else.

Of some 28,000 files that are installed they import 6,800. Python compiles a file when it imports
it, so importing every module as they do is what finds them, lazy imports aside, of which there are
few. What only Kubeflow's commands, notebooks and the gallery's page import is compiled when they
first do: clients of Google's and Kubernetes' services are nearly half, by size, of what there is.

    python requirements/compile_imported.py
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ("modules", "serving", "lianxi_client", "components", "pipelines")
_LAZY = ("tensorboard.summary", "jinja2", "grpc_reflection.v1alpha.reflection")


def import_all(names: Iterable[str]) -> None:
    """Imports modules, for what Python writes beside them.

    What cannot be imported is none of this script's business: whoever needs it will be told.
    """
    # Whoever has switched it off for themselves has not meant this.
    sys.dont_write_bytecode = False
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def own_modules() -> Iterator[str]:
    """Gives the names of Lianxi's modules that a run, a server or a question may import."""
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def main() -> None:
    """Imports all of it, without what runs do not import either."""
    sys.path.insert(0, str(ROOT))
    from modules.common.runtime.stack import prepare_environment
    from pipelines.imports import importing

    prepare_environment()
    with importing():
        import_all((*own_modules(), *_LAZY))


if __name__ == "__main__":
    # Libraries have things to say when they are imported, none of which is about installing.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    main()
