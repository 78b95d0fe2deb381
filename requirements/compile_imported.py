"""Compiles the bytecode of what Lianxi imports, and of nothing else.

Of some 28,000 files that are installed Lianxi imports 9,000. Python compiles a file when it imports
it, so importing every module is what finds them, lazy imports aside, of which there are few. A
second process goes through libraries that need no TensorFlow, while the first is busy with it.

    python requirements/compile_imported.py
"""

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# In this order TensorFlow comes first, and Beam when the other process is done with it.
_PACKAGES = ("modules", "serving", "lianxi_client", "components", "pipelines", "kubeflow")
_LAZY = ("tensorboard.summary",)
_WITHOUT_TENSORFLOW = (
    "apache_beam",
    "kfp.kubernetes",
    "google.cloud.aiplatform",
    "pandas",
    "IPython",
    "librosa",
    "sklearn.linear_model",
    "matplotlib.pyplot",
    "s3fs",
)
_AS_SECOND = "--without-tensorflow"


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
    """Gives the names of all of Lianxi's modules."""
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def main() -> None:
    """Imports all of it, in this process and a second one."""
    if sys.argv[1:] == [_AS_SECOND]:
        import_all(_WITHOUT_TENSORFLOW)
        return
    sys.path.insert(0, str(ROOT))
    with subprocess.Popen([sys.executable, __file__, _AS_SECOND]):
        from modules.common.runtime.stack import prepare_environment

        prepare_environment()
        import_all((*own_modules(), *_LAZY))


if __name__ == "__main__":
    # Libraries have things to say when they are imported, none of which is about installing.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    main()
