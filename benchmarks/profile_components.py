"""Where the processor time of a run goes: seconds by component, and by whose code was busy.

    python benchmarks/profile_components.py run name_gender --env smoke --root FOLDER

Runs any command of Lianxi's in this process, and beside it a thread that looks every twentieth of
a second at what each thread has taken of the processor since, by the system's own count, and at
what it is doing. Seconds go to the component that is under way, whose time lasts until the next
begins, and to the innermost library of the stack that is one of `OWNERS`; what NumPy or Python's
own library do goes to who called them, whatever is called by an import to imports, and threads
that Python does not know to `C++ threads`. Printed is a table for the page. Linux only.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
LOOK_S = 0.05
IMPORTS, THREADS, REST = "imports", "C++ threads", "the rest"
START = "start"

# Name in the table, by a package in the place where packages are installed.
OWNERS = {
    "apache_beam": "Beam",
    "tensorflow_model_analysis": "TFMA",
    "tensorflow_data_validation": "TFDV",
    "ml_metadata": "MLMD",
    "tfx": "TFX",
    "tfx_bsl": "tfx-bsl",
    "tensorflow_transform": "Transform",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "sklearn": "scikit-learn",
}
_OWN = ("modules", "pipelines", "components", "serving", "gallery", "lianxi_client")
_INSTALLED = "/site-packages/"


def owner_of(files: Iterable[str]) -> str:
    """Says whose a stack is.

    Args:
        files: Those of its frames, the innermost first.
    """
    found = ""
    for file in files:
        if file.startswith("<frozen importlib"):
            return IMPORTS
        found = found or _owner_of_file(file)
    return found or REST


def _owner_of_file(file: str) -> str:
    _, is_installed, inside = file.rpartition(_INSTALLED)
    if is_installed:
        return OWNERS.get(inside.split("/")[0], "")
    is_own = file.startswith(f"{ROOT}/") and file[len(str(ROOT)) + 1 :].split("/")[0] in _OWN
    return "Lianxi" if is_own else ""


class Tally:
    """Processor seconds by component and owner."""

    def __init__(self) -> None:
        """Starts empty."""
        self.seconds: Counter[tuple[str, str]] = Counter()

    def add(self, component: str, owner: str, seconds: float) -> None:
        """Adds what was taken."""
        self.seconds[component, owner] += seconds

    def draw(self, least_s: float = 0.1) -> str:
        """Draws a table in Markdown, a row for each component in the order in which they ran.

        Args:
            least_s: Owners with less in all are put together with the rest.
        """
        by_owner: Counter[str] = Counter()
        for (_, owner), seconds in self.seconds.items():
            by_owner[owner] += seconds
        owners = [
            owner
            for owner, seconds in by_owner.most_common()
            if seconds >= least_s and owner != REST
        ]
        components = list(dict.fromkeys(component for component, _ in self.seconds))
        lines = [_row(["component", "all", *owners, REST]), _row(["---"] * (len(owners) + 3))]
        for component in [*components, "all"]:
            chosen = components if component == "all" else [component]
            known = [sum(self.seconds[each, owner] for each in chosen) for owner in owners]
            total = sum(value for (each, _), value in self.seconds.items() if each in chosen)
            cells = [total, *known, total - sum(known)]
            lines.append(_row([component, *(_cell(seconds) for seconds in cells)]))
        return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds >= 0.05 else ""


class Sampler:
    """A thread that looks at the others.

    Attributes:
        tally: What it has seen.
        component: What is under way.
    """

    def __init__(self) -> None:
        """Begins with the start, and has not looked yet."""
        self.tally = Tally()
        self.component = START
        self._taken: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sampler", daemon=True)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Looks while the block runs; what was taken before goes to the component of that time."""
        self.look()
        self._thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            self.look()
        self.look()

    def look(self) -> None:
        """Adds what each thread but this has taken since the last look."""
        component = self.component
        known = {thread.native_id: thread.ident for thread in threading.enumerate()}
        frames = sys._current_frames()
        for task in os.listdir("/proc/self/task"):
            number = int(task)
            taken = _taken_s(number)
            seconds = taken - self._taken.get(number, 0.0)
            self._taken[number] = taken
            if seconds <= 0 or number == self._thread.native_id:
                continue
            ident = known.get(number)
            frame = frames.get(ident) if ident is not None else None
            owner = THREADS if frame is None else owner_of(_files(frame))
            self.tally.add(component, owner, seconds)


def _taken_s(task: int) -> float:
    """Processor seconds of a thread; none where it has ended."""
    try:
        return int(Path(f"/proc/self/task/{task}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


def _files(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield frame.f_code.co_filename
        frame = frame.f_back


def profile(arguments: Sequence[str]) -> tuple[Tally, int]:
    """Runs a command of Lianxi's; gives what it took, and its exit code.

    Args:
        arguments: As on the command line.
    """
    sampler = Sampler()
    with sampler.watching():
        from modules.common.runtime.replacing import replace_attribute
        from pipelines import cli, stopping

        doing = stopping.doing

        def note(what: str) -> None:
            sampler.component = what or sampler.component
            doing(what)

        code = 0
        with replace_attribute(stopping, "doing", note):
            sys.argv = ["lianxi", *arguments]
            try:
                cli.main()
            except SystemExit as end:
                code = int(end.code or 0)
    return sampler.tally, code


def main() -> None:
    """Runs from the command line."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    sys.path.insert(0, str(ROOT))
    tally, code = profile(sys.argv[1:])
    print(tally.draw())
    sys.exit(code)


if __name__ == "__main__":
    main()
