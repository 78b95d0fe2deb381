"""Settings of what reads conversations."""

from __future__ import annotations

from modules.common.declaring.settings import DATA, Settings, setting


class DialogueSettings(Settings):
    """For conversations that become pairs of lines."""

    pairing: str = setting(
        "successors",
        choices=("two_by_two", "successors"),
        reads=DATA,
        doc="Which lines are a pair: every line and the next, or lines 1 and 2, 3 and 4, and "
        "so on.",
    )
    max_chars: int = setting(
        60, at_least=1, reads=DATA, doc="Longer lines are set aside, in characters."
    )
