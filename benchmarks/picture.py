"""The picture: each contender's speed beside the floor's, workload by workload."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

_WORKLOADS: Final = ("get", "list", "filtered list", "create", "mix")
_COLOURS: Final = ("#bbbbbb", "#b07aa1", "#4e79a7", "#a0cbe8", "#59a14f", "#8cd17d")
_REPEATABLE: Final = {"svg.hashsalt": "taskward", "svg.fonttype": "none", "font.family": "sans-serif"}
"""The same figures give the same file."""


def draw(summary: Mapping[str, Any], floor: str, title: str, file: Path) -> None:
    """Draw the ratios to the floor as an SVG file; nothing where there is nobody to compare, or no floor."""
    compared = {name: part for name, part in summary.items() if name != floor}
    shown = [name for name in _WORKLOADS if any(_ratio(part, name) for part in compared.values())]
    if not shown:
        return
    with mpl.rc_context(_REPEATABLE):
        figure = Figure(figsize=(9, 4.5), layout="constrained")
        axes = figure.subplots()
        height = 0.8 / len(compared)
        for place, (name, part) in enumerate(compared.items()):
            ratios = [(row, ratio) for row, workload in enumerate(shown) if (ratio := _ratio(part, workload))]
            axes.barh(
                [row + place * height for row, _ in ratios],
                [ratio.median for _, ratio in ratios],
                height * 0.9,
                xerr=_spread([ratio for _, ratio in ratios]),
                label=name,
                color=_COLOURS[place % len(_COLOURS)],
                error_kw={"linewidth": 0.8},
            )
        axes.set_yticks([row + 0.4 - height / 2 for row in range(len(shown))], shown)
        axes.invert_yaxis()
        axes.axvline(1, color="#555555", linewidth=1.2, label=floor)
        axes.set_xlabel("requests per second, by those of the floor (median of the rounds; lines: lowest to highest)")
        axes.set_title(title, fontsize=9)
        figure.legend(loc="outside right upper", fontsize=8)
        figure.savefig(file, format="svg", metadata={"Date": None})


def _ratio(part: Mapping[str, Any], workload: str) -> Any:
    return part["workloads"].get(workload, {}).get("ratio")


def _spread(ratios: list[Any]) -> list[list[float]]:
    """How far the bars' ends reach to either side."""
    return [
        [ratio.median - ratio.lowest for ratio in ratios],
        [ratio.highest - ratio.median for ratio in ratios],
    ]
