"""Figures of the comparison: what each shows stands in its function's first line."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isc.plots.style import BLUE, LINE_GREY, VERMILLION, styled

PANELS = {"loss": ("training loss\n(weighted mean)", VERMILLION), "abaw": ("validation\n0.67 F1 + 0.33 accuracy", BLUE)}


def training_logs(runs: Path) -> list[pd.DataFrame]:
    """Log of the training that decides, of every fold: the only one, or the fusion where a system has several."""
    found = sorted(runs.glob("*/log.csv")) or sorted(runs.glob("*/fusion/log.csv"))
    return [pd.read_csv(path) for path in found]


@styled
def draw_training(logs: dict[str, list[pd.DataFrame]]) -> Figure:
    """Training loss and validation criterion of every network by iteration, a thin line a fold, their mean thick."""
    figure = Figure(figsize=(1.6 * len(logs) + 0.9, 3.4), layout="constrained")
    axes = figure.subplots(2, len(logs), sharey="row", squeeze=False)
    for row, (column, (label, colour)) in zip(axes, PANELS.items(), strict=True):
        for ax, (name, folds) in zip(row, logs.items(), strict=True):
            _draw_folds(ax, folds, column, colour)
            if column == "loss":
                ax.set_title(f"{name.replace('_', ' ')}\n{len(folds)} folds", fontsize="medium")
            else:
                ax.set_xlabel("iteration")
        row[0].set_ylabel(label)
        row[0].set_ylim(0, 1.05 * max(log[column].max() for folds in logs.values() for log in folds))
    return figure


def _draw_folds(ax: Axes, folds: list[pd.DataFrame], column: str, colour: str) -> None:
    for log in folds:
        ax.plot(log["iteration"], log[column], color=LINE_GREY, linewidth=0.6)
    every = pd.concat(folds).groupby("iteration")[column].agg(["mean", "size"])
    whole = every[every["size"] == len(folds)]  # until the first fold stops
    ax.plot(whole.index, whole["mean"], color=colour, linewidth=1.8)
