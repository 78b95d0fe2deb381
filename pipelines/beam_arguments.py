"""Looks at what a person tells Beam, whose own words end a process past everyone."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

from apache_beam.options.pipeline_options import PipelineOptions

from modules.common.runtime.errors import WrongUsage


def check_arguments(arguments: Sequence[str]) -> None:
    """Raises `WrongUsage` for an argument whose value Beam refuses.

    Args:
        arguments: Such as `--direct_num_workers=4`.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            PipelineOptions(list(arguments)).get_all_options()
    except SystemExit as stop:
        reason = (said.getvalue().strip().splitlines() or ["it does not parse"])[-1]
        reason = reason.partition("error: ")[2] or reason
        raise WrongUsage(f"Beam refuses {' '.join(arguments)}: {reason}") from stop
