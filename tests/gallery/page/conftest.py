"""Every task by discovery; and Gradio, quiet, with a folder of its own for its files."""

from __future__ import annotations

import os

import pytest

from gallery.page.offline import keep_libraries_quiet
from modules.common.declaring.registry import task_names

keep_libraries_quiet()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs each test that takes `task_name` once for every task."""
    if "task_name" in metafunc.fixturenames:
        metafunc.parametrize("task_name", task_names(), scope="session")


@pytest.fixture(scope="session", autouse=True)
def _own_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["GRADIO_TEMP_DIR"] = str(tmp_path_factory.mktemp("gradio"))
