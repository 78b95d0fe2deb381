"""Installs Lianxi into `.venv`: `make setup` for what it needs, with `--develop` what develops it.

Chooses the stack that this system can carry and says so, takes the newest Python that the stack
knows, installs the lock by its hashes, and compiles the bytecode of what is imported. Where all of
that was done before, it does nothing.

    python3 requirements/install.py [--develop] [--stack 1.16]

Runs on any Python 3.8 or later, with nothing installed; `uv` is fetched where it is not there.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from get_uv import find_uv
from systems import Stack, SystemTooOld, choose, read_system

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
VENV = ROOT / ".venv"
_STAMP = VENV / "lianxi-installed"


class InstallError(Exception):
    """Something could not be installed; the message says what to do."""


def main() -> None:
    """Installs; ends with code 1 and a line where it cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--develop", action="store_true", help="also what tests and linters need")
    parser.add_argument(
        "--stack",
        default=os.environ.get("STACK", ""),
        help="1.21 or 1.16; the variable STACK, or what the system can carry, where not given",
    )
    args = parser.parse_args()
    try:
        stack, reason = choose(read_system(), args.stack)
        install(stack, reason, develop=args.develop)
    except (SystemTooOld, InstallError) as error:
        sys.exit(f"error: {error}")


def install(stack: Stack, reason: str, *, develop: bool) -> None:
    """Installs a stack, unless that has been done.

    Args:
        stack: Which.
        reason: Why it is that one.
        develop: Whether tests and linters are wanted. Where they are there already, they stay.

    Raises:
        InstallError: If there is no Python, or a package cannot be had.
    """
    locks = [LOCKS / f"tfx-{stack.name}.txt", LOCKS / f"tfx-{stack.name}-develop.txt"]
    wanted = [_stamp(stack, locks[:count]) for count in (1, 2)]
    found = _STAMP.read_text(encoding="utf-8") if _STAMP.is_file() else ""
    if found in wanted[1 if develop else 0 :]:
        return
    develop = develop or "develop" in found.split()
    print(f"TFX {stack.name}: {reason}", flush=True)
    _STAMP.unlink(missing_ok=True)
    uv = find_uv(ROOT)
    if not found.startswith(f"{stack.name} "):
        run([uv, "venv", "--quiet", "--clear", "--python", find_python(uv, stack), str(VENV)])
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    chosen = [str(lock) for lock in locks[: 2 if develop else 1]]
    run([uv, "pip", "sync", "--quiet", "--require-hashes", *chosen], environment)
    project = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    run([uv, "pip", "install", "--quiet", *project], environment)
    run([str(VENV / "bin" / "python"), str(LOCKS / "compile_imported.py")])
    _STAMP.write_text(wanted[1 if develop else 0], encoding="utf-8")


def find_python(uv: str, stack: Stack) -> str:
    """Finds the newest Python of a stack, or has uv fetch it.

    Args:
        uv: The program.
        stack: Whose Python.

    Returns:
        Path of the interpreter.

    Raises:
        InstallError: If none is there and none can be fetched.
    """
    for version in stack.pythons:
        found = _installed_python(uv, version)
        if found:
            return found
    newest = stack.pythons[0]
    print(f"fetching Python {newest}", flush=True)
    fetched = subprocess.run([uv, "python", "install", newest], capture_output=True, text=True)
    found = _installed_python(uv, newest)
    if found:
        return found
    lines = fetched.stderr.strip().splitlines() or ["uv says nothing about it"]
    raise InstallError(
        f"TFX {stack.name} needs Python {' or '.join(stack.pythons)}: found none, and none could "
        f"be fetched ({lines[-1].strip()}); install one, such as by pyenv or the system's packages"
    )


def _installed_python(uv: str, version: str) -> str:
    """Gives the path of an installed Python; empty where there is none."""
    search = [uv, "python", "find", "--system", "--no-python-downloads", version]
    found = subprocess.run(search, capture_output=True, text=True)
    if found.returncode == 0:
        return found.stdout.strip()
    # What pyenv has but has not switched on is on no path.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    patches = {int(path.name.rpartition(".")[2]): path for path in pyenv.glob(f"{version}.[0-9]*")}
    return str(patches[max(patches)] / "bin" / "python") if patches else ""


def run(command: list[str], environment: dict[str, str] | None = None) -> None:
    """Runs a program whose output a person sees.

    Raises:
        InstallError: If it fails.
    """
    if subprocess.run(command, env=environment).returncode:
        raise InstallError(f"`{' '.join(command[:4])} …` failed, as it says above")


def _stamp(stack: Stack, locks: list[Path]) -> str:
    """Says what is installed: the stack, for what, and a digest of what it is made of."""
    contents = [path.read_bytes() for path in (*locks, ROOT / "pyproject.toml")]
    purpose = "develop" if len(locks) > 1 else "use"
    return f"{stack.name} {purpose} {hashlib.sha256(b''.join(contents)).hexdigest()}"


if __name__ == "__main__":
    main()
