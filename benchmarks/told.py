"""How a benchmark tells its figures to `python -m benchmarks`: by lines among those for people."""

from __future__ import annotations

import re

_LINE = re.compile(r"^= (?P<name>.+): (?P<value>[-+.0-9e]+) (?P<unit>\S+)$")


def tell_figure(name: str, value: float, unit: str = "x") -> None:
    """Prints a figure.

    Args:
        name: What it is of, in words.
        value: The figure.
        unit: `x` for a ratio, or else a unit such as `s`.
    """
    print(f"= {name}: {value:.4g} {unit}", flush=True)


def read_figures(output: str) -> dict[str, tuple[float, str]]:
    """Reads the figures that a benchmark told: value and unit by name.

    Args:
        output: All that it printed.
    """
    found = (_LINE.match(line) for line in output.splitlines())
    return {line["name"]: (float(line["value"]), line["unit"]) for line in found if line}
