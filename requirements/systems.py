"""Which of the two stacks a system can carry: what it has, what each asks for, and the choice.

The current stack's ml-metadata and TFDV are built for glibc 2.39 and for the libstdc++ of GCC 14.
Runs on any Python 3.8 or later, with nothing installed.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
from dataclasses import dataclass


class SystemTooOld(Exception):
    """A system can carry no stack, or not the one that was asked for; the message is a line."""


@dataclass(frozen=True)
class Stack:
    """One of the two stacks.

    Attributes:
        name: TFX's version, as in `requirements/tfx-<name>.txt`.
        pythons: Versions of Python that it knows, the newest first.
        glibc: The oldest glibc that its wheels load with.
        libstdcxx: The version that libstdc++ must name among its own; empty for any.
        needs_compiler: Whether a package of it comes as C++ source.
    """

    name: str
    pythons: tuple[str, ...]
    glibc: tuple[int, int]
    libstdcxx: str
    needs_compiler: bool


CURRENT = Stack("1.21", ("3.13", "3.12"), (2, 39), "CXXABI_1.3.15", needs_compiler=False)
OLD = Stack("1.16", ("3.10",), (2, 28), "", needs_compiler=True)
STACKS = {stack.name: stack for stack in (CURRENT, OLD)}


@dataclass(frozen=True)
class System:
    """What of a system decides.

    Attributes:
        kind: `Linux`, `Darwin`, `Windows`.
        machine: The processor's architecture, such as `x86_64`.
        glibc: Version of the C library; (0, 0) where it is another's.
        libstdcxx: The versions that libstdc++ names, each ended by a zero byte; empty where there
            is no libstdc++.
        has_compiler: Whether there is a C++ compiler.
    """

    kind: str
    machine: str
    glibc: tuple[int, int]
    libstdcxx: bytes
    has_compiler: bool


def read_system() -> System:
    """Looks at this system."""
    return System(
        kind=platform.system(),
        machine=platform.machine(),
        glibc=_glibc(),
        libstdcxx=_libstdcxx(),
        has_compiler=any(map(shutil.which, ("c++", "g++", "clang++"))),
    )


def choose(system: System, wanted: str = "") -> tuple[Stack, str]:
    """Chooses the stack.

    Args:
        system: What there is.
        wanted: `1.21` or `1.16` where a person has chosen; the current one if it can be where not.

    Returns:
        The stack, and why it is that one.

    Raises:
        SystemTooOld: If it cannot be had here, or no stack can.
    """
    if wanted and wanted not in STACKS:
        raise SystemTooOld(f"STACK: expected 1.21 or 1.16, found {wanted!r}")
    if wanted:
        problem = _problem(system, STACKS[wanted])
        if problem:
            raise SystemTooOld(f"STACK={wanted} cannot be had here: {problem}")
        return STACKS[wanted], "you chose it"
    problem = _problem(system, CURRENT)
    if not problem:
        return CURRENT, _reason(system)
    other = _problem(system, OLD)
    if other:
        raise SystemTooOld(
            f"Lianxi cannot be installed here. Of the current stack: {problem}. Of the old: {other}"
        )
    return OLD, f"{problem} (Debian 13 and Ubuntu 24.04 have them, and the image too)"


def _problem(system: System, stack: Stack) -> str:
    """Says what a stack lacks here; nothing where it lacks nothing."""
    if (system.kind, system.machine) == ("Darwin", "arm64"):
        return "" if stack is CURRENT else f"TFX {stack.name} has no wheels for macOS"
    if (system.kind, system.machine) != ("Linux", "x86_64"):
        return (
            f"TFX {stack.name} has wheels for Linux on x86-64, found {system.kind} on "
            f"{system.machine}"
        )
    needed = ".".join(map(str, stack.glibc))
    if system.glibc == (0, 0):
        return f"TFX {stack.name} needs glibc {needed}, found another C library"
    if system.glibc < stack.glibc:
        found = ".".join(map(str, system.glibc))
        return f"TFX {stack.name} needs glibc {needed}, found {found}"
    if stack.libstdcxx and stack.libstdcxx.encode() + b"\0" not in system.libstdcxx:
        return f"TFX {stack.name} needs GCC 14's libstdc++ ({stack.libstdcxx}), found an older one"
    if stack.needs_compiler and not system.has_compiler:
        return f"TFX {stack.name} needs a C++ compiler, found none; install g++"
    return ""


def _reason(system: System) -> str:
    if system.kind == "Darwin":
        return "there are wheels for macOS on arm64, which nobody here has run"
    return f"glibc {'.'.join(map(str, system.glibc))} and GCC 14's libstdc++ are here"


def _glibc() -> tuple[int, int]:
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
        major, minor = version.split(".")[:2]
    except (ValueError, OSError, AttributeError):
        return 0, 0
    return (int(major), int(minor)) if name == "glibc" else (0, 0)


def _libstdcxx() -> bytes:
    """Reads the library that a process gets; it names its versions in its own bytes."""
    try:
        ctypes.CDLL("libstdc++.so.6")
        with open("/proc/self/maps", encoding="utf-8") as maps:
            paths = {line.split()[-1] for line in maps if "libstdc++.so" in line}
        with open(paths.pop(), "rb") as library:
            return library.read()
    except (OSError, KeyError):
        return b""
