"""Lines of dialogue: the one rule for text, whether it stands in a file or comes as a request."""

from __future__ import annotations


def tidy(text: str) -> str:
    """Makes one space of each run of white space, and none of those at the ends.

    Nothing else is changed: people's spaces, punctuation and widths belong to what they type.
    `modules.common.text.in_graph.tidy` does the same in the graph.

    Args:
        text: As it was typed.
    """
    return " ".join(text.split())
