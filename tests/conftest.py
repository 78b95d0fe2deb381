"""What every test needs: Keras 3, quiet logs, the real data where there is some, and a worker.

With `-n`, tests run on several workers. What shares a task's smoke run is on one, what shares a
file too, so that nothing is made twice; the tasks, which take longest, come first.
"""

from __future__ import annotations

import os
import sys

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()
# Workers share the cores, and so do the processes that they start.
_workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if _workers > 1:
    _threads = str(max(1, (os.cpu_count() or 1) // _workers))
    for _variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(_variable, _threads)

from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
from browser import visit  # noqa: E402, F401 - a fixture
from dry_runs import dry  # noqa: E402, F401 - a fixture
from smoke import SmokeRun, smoke_run_of  # noqa: E402

from modules.common.declaring.registry import load_task  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
_SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Says which tests belong on one worker, and has workers begin with those of a whole run."""
    groups = {item: _group(item) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    if hasattr(config, "workerinput"):
        long = {groups[item] for item in items if item.get_closest_marker("e2e")}
        items.sort(key=lambda item: groups[item] not in long)


def _group(item: pytest.Item) -> str:
    """Gives the task whose smoke run a test shares, or the file that it is in."""
    marker = item.get_closest_marker("smoke_of")
    if marker:
        return str(marker.args[0])
    if hasattr(item, "callspec") and "task_name" in item.callspec.params:
        return str(item.callspec.params["task_name"])
    return str(item.path.relative_to(ROOT / "tests").with_suffix(""))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fails where the groups do not hold: every smoke run would be made many times."""
    is_grouped = getattr(session.config.option, "loadgroup", False)
    if is_grouped and not all("@" in item.nodeid for item in session.items):
        raise pytest.UsageError("pytest-xdist does not group the tests; is it too old for pytest?")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names bytes by their argument: a sound file says when it was made, so workers differ."""
    return argname if isinstance(val, bytes) else None


def pytest_configure(config: pytest.Config) -> None:
    """Has the process that reports say names of tests by which they can be run."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_NamesWithoutGroups())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what tests recorded (`record_property`), such as what each smoke run reached."""
    passed = terminalreporter.stats.get("passed", [])
    recorded = sorted(line for report in passed for line in report.user_properties)
    for title in sorted({title for title, _ in recorded}):
        terminalreporter.section(title)
        for text in (text for of, text in recorded if of == title):
            terminalreporter.write_line(text)


class _NamesWithoutGroups:
    """Takes the group, which pytest-xdist appends, off the names of tests in reports."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name, mark, group = report.nodeid.rpartition("@")
        if mark and "]" not in group:
            report.nodeid = name


@pytest.fixture(scope="session", autouse=True)
def _no_arguments() -> None:
    """Keeps pytest's arguments from TFX's executors, which look for flags of Abseil in them."""
    sys.argv[1:] = []


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; tests that want it are skipped where it is absent."""
    if not _SHARED_DATA.is_dir():
        pytest.skip("needs the real data in ../shared/data, which is not there")
    return _SHARED_DATA


@pytest.fixture
def run_of_one(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> SmokeRun:
    """The smoke run of the task that the test's marker `smoke_of` names."""
    name = request.node.get_closest_marker("smoke_of").args[0]
    return smoke_run_of(load_task(name), lambda: tmp_path_factory.mktemp(name))
