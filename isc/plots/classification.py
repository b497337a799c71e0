"""Who was recognised: confusion matrices, curves, subjects under several protocols, calibration."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isc.plots.style import (
    BAND_GREY,
    BLUE,
    DASHED,
    GREEN,
    INK,
    KEY,
    LINE_GREY,
    ORANGE,
    VERMILLION,
    figure_of,
    get_axes,
    key_layout,
    styled,
)

COLOURS = (BLUE, VERMILLION, GREEN, ORANGE)
SEQUENTIAL = "Blues"
DARK = 0.55  # of the scale; numbers on darker cells are white
X_LABELS = {
    "size": "training clips",
    "level": "smallest hit rate kept (%)",
    "n_own": "own clips of each class in the training set",
}
LARGEST_DOT, SMALLEST_DOT = 120.0, 6.0  # points squared
CURVE_WIDTH, CURVE_HEIGHT = 110.0, 70.0  # mm


@styled
def plot_confusion(confusion: xr.Dataset, *, ax: Axes | None = None) -> Figure:
    """Confusion matrix: share of each true class, its interval over subjects, and the number of clips.

    Parameters
    ----------
    confusion : Dataset, dims (label, predicted)
        From `isc.classification.scores.confusion`: ``share``, ``low``, ``high``, ``n_clip``.
    ax : Axes, optional
        Where to draw; by default a new figure, 22 mm a class wide.

    Returns
    -------
    Figure
        Neither shown nor saved.

    Raises
    ------
    ValueError
        When a variable is missing.

    Examples
    --------
    >>> share = xr.DataArray(np.eye(2), {"label": ["a", "b"], "predicted": ["a", "b"]}, ("label", "predicted"))
    >>> table = xr.Dataset({"share": share, "low": share, "high": share, "n_clip": 5 * share})
    >>> plot_confusion(table).axes[0].get_xlabel()
    'predicted'
    """
    lacking = [name for name in ("share", "low", "high", "n_clip") if name not in confusion]
    if lacking:
        raise ValueError(f"a confusion matrix needs share, low, high and n_clip; {lacking} missing")
    names, n_class = [str(name) for name in confusion["label"].values], confusion.sizes["label"]
    ax = get_axes(ax, height=26 + 13 * n_class, width=46 + 20 * n_class)
    share = confusion["share"].values
    picture = ax.imshow(share, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(share.shape):
        _write_cell(ax, confusion, row, column)
    clips = confusion["n_clip"].values.sum(axis=1)
    ax.set_xticks(range(n_class), names)
    ax.set_yticks(range(n_class), [f"{name}\n({n:g} clips)" for name, n in zip(names, clips, strict=True)])
    ax.set(xlabel="predicted", ylabel="true")
    ax.spines[:].set_visible(False)
    bar = ax.figure.colorbar(picture, ax=ax, label="share of the true class", fraction=0.05, pad=0.02)
    bar.outline.set_linewidth(0.4)
    if "n_subject" in confusion.attrs:
        level = confusion.attrs.get("level", 0.95)
        ax.set_title(f"in brackets {level:.0%} over {confusion.attrs['n_subject']} subjects")
    return figure_of(ax)


def _write_cell(ax: Axes, confusion: xr.Dataset, row: int, column: int) -> None:
    share, low, high, n_clip = (
        float(confusion[name].values[row, column]) for name in ("share", "low", "high", "n_clip")
    )
    if not np.isfinite(share):
        return
    colour = "white" if share > DARK else INK
    ax.text(column, row - 0.14, f"{share:.0%}", ha="center", va="center", color=colour, weight="bold")
    if np.isfinite(low):
        small: dict[str, Any] = {"ha": "center", "va": "center", "color": colour, "fontsize": "small"}
        ax.text(column, row + 0.2, f"[{low:.0%}, {high:.0%}]", **small)


@styled
def plot_learning_curve(curves: xr.Dataset | dict[str, xr.Dataset], *, ax: Axes | None = None) -> Figure:
    """Accuracy along a curve, with its band over subjects and the chance level.

    Parameters
    ----------
    curves : Dataset or dict of name to Dataset, dims (size,), (level,) or (n_own,)
        From `isc.learning_curve`, `isc.hit_rate_curve` or `isc.reintroduction_curve`: ``accuracy``, ``low``, ``high``,
        and ``chance``, ``chance_high``, ``matched`` or ``by_subject`` where there are. Curves of one kind.
    ax : Axes, optional
        Where to draw; by default a new figure, 110 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved.

    Raises
    ------
    ValueError
        When a curve has no known dim, or curves are of different kinds.

    Examples
    --------
    >>> band = {name: ("size", [0.4, 0.6]) for name in ("accuracy", "low", "high")}
    >>> plot_learning_curve(xr.Dataset(band, {"size": [10, 100]})).axes[0].get_xlabel()
    'training clips'
    """
    named = {"": curves} if isinstance(curves, xr.Dataset) else dict(curves)
    kinds = {next((dim for dim in X_LABELS if dim in curve.dims), None) for curve in named.values()}
    if len(kinds) != 1 or None in kinds:
        raise ValueError(f"curves must all have one of the dims {tuple(X_LABELS)}; given {sorted(map(str, kinds))}")
    dim = kinds.pop()
    ax = get_axes(ax, height=CURVE_HEIGHT, width=CURVE_WIDTH)
    for number, (name, curve) in enumerate(named.items()):
        _draw_curve(ax, curve, str(dim), name, COLOURS[number % len(COLOURS)], alone=len(named) == 1)
    ax.set(xlabel=X_LABELS[str(dim)], ylabel="accuracy", ylim=(0, 1))
    if dim == "level":
        ax.invert_xaxis()
    if dim == "size":
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter("{x:g}")
    if dim == "n_own":
        ax.set_xticks(next(iter(named.values()))["n_own"].values)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=key_layout(ax)[0], **KEY)
    return figure_of(ax)


def _draw_curve(ax: Axes, curve: xr.Dataset, dim: str, name: str, colour: str, *, alone: bool) -> None:
    x, label = curve[dim].values, name or "accuracy"
    if "by_subject" in curve and alone:
        for person in curve["by_subject"].transpose(dim, "subject").values.T:
            ax.plot(x, person, color=LINE_GREY, linewidth=0.5, alpha=0.6)
        ax.plot([], [], color=LINE_GREY, linewidth=0.5, label="single subjects")
    ax.fill_between(x, curve["low"].values, curve["high"].values, color=colour, alpha=0.2, linewidth=0)
    ax.plot(x, curve["accuracy"].values, "o-", color=colour, markersize=3, label=f"{label} (band: 95 % over subjects)")
    if "matched" in curve:
        text = "as many training clips at every level"
        ax.plot(x, curve["matched"].values, linestyle=DASHED, color=colour, label=f"{name}: {text}" if name else text)
    if "chance" in curve:
        said = "labels permuted" if alone else f"{label}, labels permuted"
        ax.plot(x, curve["chance"].values, color=colour if not alone else INK, linestyle=":", linewidth=0.9, label=said)
        ax.fill_between(x, curve["chance"].values, curve["chance_high"].values, color=BAND_GREY, linewidth=0, zorder=0)


@styled
def plot_subject_accuracy(table: pd.DataFrame, *, chance: float | None = None, ax: Axes | None = None) -> Figure:
    """Accuracy of every subject under several protocols, a line a subject.

    Parameters
    ----------
    table : DataFrame
        A row a subject, a column a protocol, in the order of the axis.
    chance : float, optional
        Level to mark.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Figure
        Neither shown nor saved. The mean of each protocol is a bar with its number.

    Raises
    ------
    ValueError
        When the table is empty.

    Examples
    --------
    >>> table = pd.DataFrame({"10-fold": [0.8, 0.7], "leave one out": [0.5, 0.4]}, index=["01", "02"])
    >>> plot_subject_accuracy(table, chance=1 / 6).axes[0].get_ylabel()
    'accuracy (n = 2 subjects)'
    """
    if table.empty:
        raise ValueError("the table has no subject or no protocol")
    n_protocol = table.shape[1]
    ax = get_axes(ax, height=75, width=max(70.0, 32 * n_protocol + 20))
    x = np.arange(n_protocol)
    for values in table.to_numpy(dtype=float):
        ax.plot(x, values, "-o", color=LINE_GREY, linewidth=0.6, markersize=2.5, alpha=0.8)
    for place, mean in zip(x, table.mean().to_numpy(), strict=True):
        ax.plot([place - 0.18, place + 0.18], [mean, mean], color=BLUE, linewidth=2.4, zorder=3, solid_capstyle="butt")
        paper: dict[str, Any] = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
        ax.annotate(f"{mean:.2f}", (place + 0.21, mean), color=BLUE, va="center", weight="bold", bbox=paper, zorder=4)
    ax.plot([], [], color=BLUE, linewidth=2.4, label="mean over subjects")
    if chance is not None:
        ax.axhline(chance, color=INK, linestyle=":", linewidth=0.9, label=f"chance {chance:.2f}")
    ax.set_xticks(x, [str(name) for name in table.columns])
    ax.set(ylim=(0, 1), xlim=(-0.35, n_protocol - 0.5), ylabel=f"accuracy (n = {len(table)} subjects)")
    ax.legend(loc="lower left", **KEY)
    return figure_of(ax)


@styled
def plot_reliability(calibration: xr.Dataset, *, ax: Axes | None = None) -> Figure:
    """Reliability diagram: how often what was stated with a probability came true.

    Parameters
    ----------
    calibration : Dataset, dims (bin,)
        From `isc.classification.scores.calibration`.
    ax : Axes, optional
        Where to draw; by default a new figure, 85 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved. The area of a dot is proportional to its number of clips, but for the smallest.

    Examples
    --------
    >>> bins = {"confidence": ("bin", [0.3, 0.8]), "accuracy": ("bin", [0.2, 0.8]), "n_clip": ("bin", [10.0, 20.0])}
    >>> plot_reliability(xr.Dataset(bins | {"ece": 0.03, "brier": 0.4})).axes[0].get_ylabel()
    'share that came true'
    """
    ax = get_axes(ax, height=80, width=85)
    clips = calibration["n_clip"].values
    ax.plot([0, 1], [0, 1], color=LINE_GREY, linestyle=DASHED, linewidth=0.8, label="as stated")
    ax.plot(calibration["confidence"], calibration["accuracy"], color=BLUE, linewidth=0.8)
    area = np.maximum(LARGEST_DOT * clips / max(clips.max(), 1), SMALLEST_DOT)
    ax.scatter(
        calibration["confidence"],
        calibration["accuracy"],
        s=area,
        color=BLUE,
        clip_on=False,
        label=f"{clips.sum():g} clips",
    )
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability of the predicted class", ylabel="share that came true")
    ax.set_title(f"ECE {float(calibration['ece']):.3f}, Brier score {float(calibration['brier']):.3f}")
    ax.legend(loc="lower right", **KEY)
    return figure_of(ax)
