"""Figures of the expression challenge: what each shows stands in its function's first line."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from isc.plots.style import BLUE, LINE_GREY, VERMILLION, styled


@styled
def draw_curves(runs: Path) -> Figure:
    """Training loss and validation criterion by iteration, a thin line a fold, their mean thick."""
    logs = [pd.read_csv(path) for path in sorted(runs.glob("*/log.csv"))]
    figure = Figure(figsize=(6.3, 2.6), layout="constrained")
    axes = figure.subplots(1, 2)
    labels = {"loss": "training loss (weighted mean)", "abaw": "validation: 0.67 F1 + 0.33 accuracy"}
    for ax, (column, label), colour in zip(axes, labels.items(), (VERMILLION, BLUE), strict=True):
        for log in logs:
            ax.plot(log["iteration"], log[column], color=LINE_GREY, linewidth=0.7)
        every = pd.concat(logs).groupby("iteration")[column].agg(["mean", "size"])
        whole = every[every["size"] == len(logs)]  # until the first fold stops
        ax.plot(whole.index, whole["mean"], color=colour, linewidth=1.8)
        ax.set_xlabel("iteration")
        ax.set_ylabel(label)
        ax.set_ylim(bottom=0)
    figure.suptitle(
        f"{len(logs)} folds, one person left out of each; thick: mean while all folds run", fontsize="medium"
    )
    return figure


@styled
def draw_weighting(table: pd.DataFrame) -> Figure:
    """Scores with and without class weights, a line a random start."""
    figure = Figure(figsize=(4.6, 2.6), layout="constrained")
    axes = figure.subplots(1, 2)
    for ax, (score, label) in zip(axes, {"macro_f1": "macro F1", "accuracy": "accuracy"}.items(), strict=True):
        pairs = table[[f"unweighted_{score}", f"weighted_{score}"]].to_numpy()
        ax.plot([0, 1], pairs.T, color=LINE_GREY, linewidth=0.8, marker="o", markersize=3)
        ax.plot([0, 1], pairs.mean(axis=0), color=BLUE, linewidth=1.8, marker="o", markersize=5)
        ax.set_xticks([0, 1], ["equal\nweights", "class\nweights"])
        ax.set_xlim(-0.3, 1.3)
        ax.set_ylim(bottom=0)
        ax.set_ylabel(f"{label}, people never seen")
    return figure
