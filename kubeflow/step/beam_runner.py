"""Which runner Beam is told to use, and whether its workers are in the step's own pod."""

from __future__ import annotations

from collections.abc import Sequence

_OPTION = "--runner"
# In the step's own process, or in processes beside it in the same pod.
_IN_THE_POD = {"directrunner", "bundlebaseddirectrunner", "switchingdirectrunner", "fnapirunner"}


def remote_runner(beam_args: Sequence[str]) -> str:
    """Finds the runner whose workers are elsewhere.

    Args:
        beam_args: Arguments of Beam's runner.

    Returns:
        Its name as given; empty where Beam runs in the step's pod.
    """
    runner = ""
    for position, argument in enumerate(beam_args, start=1):
        if argument == _OPTION:
            runner = "".join(beam_args[position : position + 1])
        elif argument.startswith(f"{_OPTION}="):
            runner = argument.removeprefix(f"{_OPTION}=")
    is_local = runner.rpartition(".")[2].lower() in _IN_THE_POD
    return "" if is_local else runner
