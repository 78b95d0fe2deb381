"""deep_dream: what a person reads of the objective of each octave."""

from __future__ import annotations

from pathlib import Path

from modules.common.asking.asking import Answer, Asking, Request, Said
from modules.deep_dream.task import TASK


def show(request: Request, answer: Answer, out: Path | None, said: Said) -> str:
    """Writes the dreamt picture and says how the objective rose.

    Args:
        request: What was asked.
        answer: Outputs of the signature, `[1, ...]` each.
        out: Where to write.
        said: Not used.
    """
    path = out or Path("deep_dream.png")
    path.write_bytes(answer["image"][0])
    octaves, iterations = (
        int(request.get(name, [TASK.serving.input(name).default])[0])
        for name in ("octaves", "iterations")
    )
    found = answer["objective"][0][: octaves * iterations].reshape(octaves, iterations)
    rises = [
        f"octave {number}: {row[0]:.4g} → {row[-1]:.4g}" for number, row in enumerate(found, 1)
    ]
    return f"{path}\tobjective, {'; '.join(rises)}"


# A person names layers; a program gives each a weight.
ASKING = Asking(unsaid=("layer_weights",), show=show)
