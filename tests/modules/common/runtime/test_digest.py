from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from modules.common.runtime.digest import ROOT, file_digests, source_digest

_SOURCES = {
    "modules/__init__.py": "",
    "modules/common/__init__.py": "",
    "modules/common/text/in_graph.py": "import modules.common.deep\n",
    "modules/common/deep.py": "X = 1\n",
    "modules/common/lazy.py": "X = 1\n",
    "modules/common/guarded.py": "X = 1\n",
    "modules/common/unrelated.py": "X = 1\n",
    "modules/a/__init__.py": "",
    "modules/a/task.py": "NAME = 'a'\n",
    "modules/a/features.py": (
        "import numpy\n"
        "from typing import TYPE_CHECKING\n"
        "from modules.common.text import in_graph\n"
        "from modules.a.task import NAME\n"
        "def preprocessing_fn():\n"
        "    from modules.common.lazy import X\n"
        "    return X\n"
        "if TYPE_CHECKING:\n"
        "    import modules.common.guarded\n"
    ),
    "modules/a/model.py": "from modules.a.features import NAME\n",
    "modules/a/trainer.py": "from modules.a.model import NAME\n",
    "modules/b/__init__.py": "",
    "modules/b/task.py": "NAME = 'b'\n",
    "components/__init__.py": "",
    "components/reader.py": "from modules.common.deep import X\n",
    "serving/__init__.py": "",
    "serving/client.py": "X = 1\n",
    "pipelines/builder.py": "import modules.a.features\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, source in _SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return tmp_path


def changes_digest(root: Path, module: str, edited: str) -> bool:
    before = source_digest(module, root=root)
    path = root / edited
    path.write_text(path.read_text() + "Y = 2\n")
    return source_digest(module, root=root) != before


@pytest.mark.parametrize(
    "edited",
    [
        "modules/a/features.py",
        "modules/a/task.py",
        "modules/common/text/in_graph.py",
        "modules/common/deep.py",
        "modules/common/lazy.py",
        "modules/common/guarded.py",
    ],
)
def test_an_edit_of_what_features_import_changes_their_digest(root: Path, edited: str) -> None:
    assert changes_digest(root, "modules.a.features", edited)


@pytest.mark.parametrize(
    "edited",
    [
        "modules/a/model.py",
        "modules/a/trainer.py",
        "modules/b/task.py",
        "modules/common/unrelated.py",
        "pipelines/builder.py",
        "serving/client.py",
    ],
)
def test_an_edit_of_anything_else_leaves_it(root: Path, edited: str) -> None:
    assert not changes_digest(root, "modules.a.features", edited)


@pytest.mark.parametrize("edited", ["modules/a/model.py", "modules/a/features.py"])
def test_the_trainer_depends_on_model_and_features(root: Path, edited: str) -> None:
    assert changes_digest(root, "modules.a.trainer", edited)


def test_components_depend_on_the_modules_they_import(root: Path) -> None:
    assert changes_digest(root, "components.reader", "modules/common/deep.py")


def test_a_new_import_is_followed(root: Path) -> None:
    path = root / "modules/a/features.py"
    path.write_text(path.read_text() + "import modules.common.unrelated\n")
    assert changes_digest(root, "modules.a.features", "modules/common/unrelated.py")


def test_one_of_several_modules_is_enough(root: Path) -> None:
    before = source_digest("modules.a.task", "modules.b.task", root=root)
    (root / "modules/b/task.py").write_text("NAME = 'c'\n")
    assert source_digest("modules.a.task", "modules.b.task", root=root) != before


def test_it_does_not_depend_on_place_or_time(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("elsewhere")
    for name in sorted(_SOURCES, reverse=True):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text(_SOURCES[name])
    digest = source_digest("modules.a.trainer", root=root)
    assert source_digest("modules.a.trainer", root=other) == digest
    assert len(digest) == 16
    assert set(digest) <= set("0123456789abcdef")


def test_two_modules_that_swap_their_sources_have_another_digest(root: Path) -> None:
    before = source_digest("modules.a.task", "modules.b.task", root=root)
    (root / "modules/a/task.py").write_text(_SOURCES["modules/b/task.py"])
    (root / "modules/b/task.py").write_text(_SOURCES["modules/a/task.py"])
    assert source_digest("modules.a.task", "modules.b.task", root=root) != before


def test_modules_that_import_each_other_are_no_endless_loop(root: Path) -> None:
    (root / "modules/common/deep.py").write_text("import modules.common.text.in_graph\n")
    assert changes_digest(root, "modules.a.features", "modules/common/deep.py")


def test_a_module_without_source_is_an_error(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"modules\.a\.nothing"):
        source_digest("modules.a.nothing", root=root)


@pytest.mark.parametrize(
    ("edited", "features_too"),
    [
        ("name_gender/model.py", False),
        ("common/training/loop.py", False),
        ("common/text/in_graph.py", True),
    ],
)
def test_the_real_task(tmp_path: Path, edited: str, features_too: bool) -> None:
    shutil.copytree(ROOT / "modules", tmp_path / "modules")
    entries = ("modules.name_gender.features", "modules.name_gender.trainer")
    before = [source_digest(entry, root=tmp_path) for entry in entries]
    path = tmp_path / "modules" / edited
    path.write_text(path.read_text() + "Y = 2\n")
    after = [source_digest(entry, root=tmp_path) for entry in entries]
    assert [old != new for old, new in zip(before, after, strict=True)] == [features_too, True]


def test_a_file_that_a_setting_names_is_digested_by_its_contents(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"weights" * 400_000)
    named = {"weights": str(tmp_path / "a.h5"), "font": "", "gone": str(tmp_path / "b")}
    wanted = hashlib.sha256(b"weights" * 400_000).hexdigest()[:16]
    assert file_digests(named) == {"weights": wanted}
    (tmp_path / "a.h5").write_bytes(b"others")
    assert file_digests(named) != {"weights": wanted}
