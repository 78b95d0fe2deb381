"""Where things are: every task in every folder, imports one way, files a reader can hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from modules.common.declaring.registry import task_names
from modules.common.declaring.task import Task

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("kubeflow", "gallery", "pipelines", "components", "modules", "serving", "lianxi_client")
# Programs that are run by hand, and tests.
BESIDE = ("tests", "benchmarks", "docs")
MAX_LINES = 300
# A module, and a function or class of it.
IMPORT_PATH = re.compile(rf"((?:{'|'.join(PACKAGES)})(?:\.[a-z_0-9]+)+)\.[A-Za-z_]\w*")
# Rooms of one kind of data each, in `modules/common/` and in `components/example_gen/`.
KINDS = ("pictures", "sound", "dialogue", "midi", "series", "tables", "drawn")

# Rooms, each with those of its package that it may import. A step loads nothing that only compiling
# or asking needs, and no module of the project shadows a package that is called `kubeflow`.
ROOMS: dict[str, dict[str, tuple[str, ...]]] = {
    "kubeflow": {"step": (), "compile": ("step",), "client": ("compile", "step")},
    "gallery": {"drawing": (), "report": ("drawing",), "page": ("drawing", "report")},
}

# Commands that hand over to a package above them when they run; importing them loads nothing of it.
HANDS_OVER = {
    "pipelines.commands.compile": "kubeflow",
    "pipelines.commands.tfx": "kubeflow",
    "pipelines.commands.gallery": "gallery",
    "pipelines.commands.run_end": "gallery",
    "pipelines.commands.runs": "gallery",
}

# What every package may import: how libraries are met that are not as they should be, and the file
# by which a model tells its server.
FOR_ALL = (
    "modules",
    "modules.common.runtime.stack",
    "modules.common.runtime.plain_paths",
    "modules.common.export.request_limits",
)

# Package to what it may import of this project, besides itself.
BELOW = ("lianxi_client", "serving", "modules.common", "modules.*.task")
ALLOWED = {
    "lianxi_client": (),
    "serving": ("lianxi_client",),
    "modules.common": (),
    "components": BELOW,
    "pipelines": (*BELOW, "components"),
    "gallery": (*BELOW, "components", "pipelines"),
    "kubeflow": (*BELOW, "components", "pipelines", "gallery"),
}


def sources(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Modules that a file imports, those of import paths in its strings too."""
    return tuple(find_imports(path))


def find_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path} imports relatively"
            yield node.module
            yield from (
                module for alias in node.names if is_module(module := f"{node.module}.{alias.name}")
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = IMPORT_PATH.fullmatch(node.value)
            # A source names the component that reads it, which gets it by the task.
            if found and not found[1].startswith("components."):
                yield found[1]


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def imports_at_once(path: Path) -> Iterator[str]:
    """Modules that are imported when `path` is, not first when a function of it is called."""
    for node in tree_of(path).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def owner(module: str) -> str:
    """The part of the project that a module belongs to; tasks are parts of their own."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "modules" else parts[0]


def test_no_two_files_of_tests_are_called_the_same() -> None:
    """Two modules of one name cannot both be collected."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_a_task_stands_in_every_folder(task_name: str) -> None:
    missing = [
        path
        for path in (
            f"modules/{task_name}/task.py",
            f"modules/{task_name}/features.py",
            f"modules/{task_name}/model.py",
            f"modules/{task_name}/trainer.py",
            f"modules/{task_name}/signatures.py",
            f"modules/{task_name}/sample/maker.py",
            f"pipelines/{task_name}.py",
            f"schemas/{task_name}/schema.pbtxt",
            f"docs/{task_name}.md",
            f"tests/modules/{task_name}/test_{task_name}.py",
        )
        if not (ROOT / path).is_file()
    ]
    assert not missing


def test_no_folder_knows_a_task_that_is_not_there() -> None:
    names = set(task_names())
    schemas = {path.parent.name for path in (ROOT / "schemas").glob("*/schema.pbtxt")}
    assert schemas <= names


def test_a_task_is_declared_without_tensorflow(task: Task) -> None:
    code = (
        f"import sys, modules.{task.name}.task; "
        "heavy = {'tensorflow', 'tfx', 'apache_beam', 'keras', 'pandas'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr


# A test of each file would be thousands.
def test_imports_point_one_way() -> None:
    assert not [fault for path in sources(*PACKAGES) for fault in imports_upwards(path)]


def imports_upwards(path: Path) -> Iterator[str]:
    """Says what a file imports of packages that it may not know."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    here = owner(module)
    is_task = here.startswith("modules.") and here != "modules.common"
    allowed = ("modules.common",) if is_task else ALLOWED.get(here, PACKAGES)
    if module in HANDS_OVER:
        above = HANDS_OVER[module]
        at_once = [name for name in imports_at_once(path) if owner(name) == above]
        yield from (f"{module} imports {name} at once" for name in at_once)
        allowed = (*allowed, above)
    for name in imports(path):
        there = owner(name)
        if name.split(".")[0] not in PACKAGES or there == here or name in FOR_ALL:
            continue
        is_declaration = name.startswith("modules.") and name.endswith(".task")
        if there not in allowed and not (is_declaration and "modules.*.task" in allowed):
            yield f"{module} imports {name}"


def kind_of(module: str) -> str | None:
    parts = module.split(".")
    is_room = parts[:2] in (["modules", "common"], ["components", "example_gen"])
    return parts[2] if is_room and len(parts) > 2 and parts[2] in KINDS else None


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_data_imports_another(kind: str) -> None:
    rooms = sources(f"modules/common/{kind}", f"components/example_gen/{kind}")
    assert rooms
    others = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in rooms
        for name in imports(path)
        if kind_of(name) not in (None, kind)
    }
    assert not others


@pytest.mark.parametrize("place", [(name, room) for name in ROOMS for room in ROOMS[name]])
def test_rooms_of_a_package_import_one_way(place: tuple[str, str]) -> None:
    package, room = place
    assert ast.get_docstring(tree_of(ROOT / package / room / "__init__.py"))
    others = set(ROOMS[package]) - {room, *ROOMS[package][room]}
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(f"{package}/{room}")
        for name in imports(path)
        if name.split(".")[0] == package and name.split(".")[1:2] in [[other] for other in others]
    }
    assert not wrong


@pytest.mark.parametrize("package", ROOMS)
def test_everything_of_a_package_is_in_a_room(package: str) -> None:
    files = [path for path in sources(package) if path != ROOT / package / "__init__.py"]
    rooms = {Path(path.relative_to(ROOT / package).parts[0]) for path in files}
    assert rooms == {Path(room) for room in ROOMS[package]}


@pytest.mark.parametrize("folder", ["modules/common", "modules/common/*"])
def test_what_tasks_share_is_in_rooms_that_say_what_belongs_in_them(folder: str) -> None:
    inits = sorted(ROOT.glob(f"{folder}/__init__.py"))
    assert all(ast.get_docstring(tree_of(path)) for path in inits)
    if folder == "modules/common":
        assert [path.name for path in (ROOT / folder).glob("*.py")] == ["__init__.py"]
    else:
        assert {path.parent for path in inits} == {
            path for path in (ROOT / "modules/common").iterdir() if list(path.glob("*.py"))
        }


@cache
def names_of(module: str) -> frozenset[str]:
    """What a module of the project binds at its top, and what lies in it where it is a folder."""
    folder = ROOT.joinpath(*module.split("."))
    path = folder.with_suffix(".py") if not folder.is_dir() else folder / "__init__.py"
    found = {entry.stem for entry in folder.iterdir()} if folder.is_dir() else set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))) if path.is_file() else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return frozenset(found)


# The type checker reads the packages.
def test_what_a_program_imports_of_the_project_is_there() -> None:
    missing = [
        f"{name_of(path)}: {node.module}.{alias.name}"
        for path in sources(*BESIDE)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and is_module(node.module or "")
        for alias in node.names
        if (node.module or "").split(".")[0] in PACKAGES
        and alias.name not in names_of(node.module or "")
    ]
    assert not missing


def test_a_file_has_a_docstring_and_a_readable_length() -> None:
    files = sources(*PACKAGES, *BESIDE)
    long = [path for path in files if len(path.read_text("utf-8").splitlines()) > MAX_LINES]
    others = [path for path in files if not path.name.startswith("test_")]
    assert len(files) > 500
    assert (long, [path for path in others if not ast.get_docstring(tree_of(path))]) == ([], [])


def test_what_runs_is_not_built_on_a_library_for_tests() -> None:
    """`modules.common.runtime.replacing` is for parts of libraries that must be others."""
    built = [
        name_of(path)
        for path in sources(*PACKAGES, "benchmarks", "docs")
        for name in imports(path)
        if name.split(".")[0] in {"unittest", "pytest"}
    ]
    assert not built


def test_only_one_module_asks_which_stack_it_is() -> None:
    asking = [
        name_of(path)
        for path in sources(*PACKAGES)
        for node in ast.walk(tree_of(path))
        for name in (getattr(node, "attr", ""), getattr(node, "id", ""))
        if name in {"version_info", "__version__", "python_version", "IS_CURRENT"}
    ]
    assert set(asking) == {"modules/common/runtime/stack.py"}
