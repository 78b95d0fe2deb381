"""Which commit of the project a figure or a run is of."""

from __future__ import annotations

import subprocess
from pathlib import Path

from modules.common.runtime.digest import ROOT

_GIT_WAIT_S = 5.0


def read_git_commit(folder: Path = ROOT) -> str:
    """Gives the commit of a project's folder, with `+changes` where its files differ from it.

    Args:
        folder: The project's own; one that only lies in another project's has no commit.

    Returns:
        The commit, or an empty string where there is none, or no git.
    """
    try:
        top = _ask_git(folder, "rev-parse", "--show-toplevel")
        if Path(top).resolve() != folder.resolve():
            return ""
        commit = _ask_git(folder, "rev-parse", "HEAD")
        return commit + ("+changes" if _ask_git(folder, "status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _ask_git(folder: Path, *words: str) -> str:
    answer = subprocess.run(
        ["git", "--no-optional-locks", "-C", str(folder), *words],
        capture_output=True,
        check=True,
        text=True,
        errors="replace",
        timeout=_GIT_WAIT_S,
    )
    return answer.stdout.strip()
