"""Who is like whom: dyads as a subject x subject matrix, and subjects or dyads over time, similar ones together."""

from typing import Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from isc.plots.style import (
    DIVERGING,
    INK,
    NO_VALUE,
    add_colour_bar,
    axis_label,
    centred_scale,
    check_dims,
    figure_of,
    get_axes,
    styled,
    summary_label,
)
from isc.plots.time_axis import TIME_LABEL, window_borders

Order = Literal["similarity", "given"]
SIDE = 95.0  # mm
MOST_NAMES = 40  # subjects; the names of more would overlap
ROW_HEIGHT, LEAST_HEIGHT, MOST_HEIGHT, MARGIN = 3.2, 25.0, 130.0, 16.0  # mm


@styled
def plot_subject_matrix(
    dyads: xr.DataArray,
    *,
    groups: ArrayLike | None = None,
    order: Order = "similarity",
    scale: Normalize | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Synchrony of every dyad as a subject x subject matrix.

    Parameters
    ----------
    dyads : DataArray, dims (dyad,)
        Coords ``subject_a`` and ``subject_b``, as `isc.isc` or `isc.temporal_isc` give them with ``summary=None``, at
        one feature or averaged. NaN and the diagonal are grey.
    groups : array of str, shape (subject,), optional
        A label a subject, in the order in which subjects first occur: subjects are ordered within their group, and
        lines stand between groups.
    order : {"similarity", "given"}
        Similar subjects side by side (average linkage on 1 - r, leaves in the best order), or as they come.
    scale : Normalize, optional
        Colour scale; by default from -m to m with m the largest absolute value.
    ax : Axes, optional
        Where to draw; by default a new figure, 95 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved.

    Raises
    ------
    TypeError, ValueError
        When dims differ, a coord is missing, `groups` has another length, or the order is not known.

    Notes
    -----
    The order of the rows is a way of looking, not a test: some subjects stand side by side in any data.

    Examples
    --------
    >>> coords = {"subject_a": ("dyad", ["1", "1", "2"]), "subject_b": ("dyad", ["2", "3", "3"])}
    >>> figure = plot_subject_matrix(xr.DataArray([0.1, 0.5, 0.2], dims="dyad", coords=coords))
    >>> figure.axes[0].get_ylabel()
    'subject (n = 3)'
    """
    names, matrix = _matrix(check_dims(dyads, ("dyad",), "dyads"))
    labels = np.zeros(len(names), dtype=int) if groups is None else np.asarray(groups)
    if labels.shape != (len(names),):
        raise ValueError(f"groups has {labels.size} labels and there are {len(names)} subjects; give one a subject")
    rows = _grouped_order(matrix, labels, order)
    ax = get_axes(ax, height=SIDE * 0.86, width=SIDE)
    scale = scale or centred_scale(matrix)
    ax.set_facecolor(NO_VALUE)
    shown = np.ma.masked_invalid(matrix[np.ix_(rows, rows)])
    ax.pcolormesh(shown, norm=scale, cmap=DIVERGING, edgecolor="face", linewidth=0.1)
    ax.set_aspect("equal")
    _name_subjects(ax, [names[row] for row in rows])
    _part_groups(ax, labels[rows])
    ax.set(xlim=(0, len(names)), ylim=(len(names), 0), ylabel=f"subject (n = {len(names)})")
    add_colour_bar(ax, scale, axis_label("ISC of the dyad", "r"))
    return figure_of(ax)


@styled
def plot_subject_series(
    tisc: xr.DataArray, *, order: Order = "similarity", scale: Normalize | None = None, ax: Axes | None = None
) -> Figure:
    """Synchrony (t-ISC) of every subject or dyad over time, similar rows together.

    Parameters
    ----------
    tisc : DataArray, dims (window, subject) or (window, dyad)
        One feature of `isc.temporal_isc` with ``summary=None``; coord ``time`` (s). NaN is grey.
    order : {"similarity", "given"}
        Rows with similar courses side by side (average linkage on 1 - r), or as they come.
    scale : Normalize, optional
        Colour scale; by default from -m to m with m the largest absolute value.
    ax : Axes, optional
        Where to draw; by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved. Its cells are pixels: for print, save it with ``dpi=300``.

    Raises
    ------
    TypeError, ValueError
        When dims differ or the order is not known.

    Examples
    --------
    >>> tisc = xr.DataArray(np.eye(4), dims=("window", "subject"), coords={"time": ("window", np.arange(4.0))})
    >>> plot_subject_series(tisc).axes[0].get_ylabel()
    'subject (n = 4)'
    """
    unit = "dyad" if isinstance(tisc, xr.DataArray) and "dyad" in tisc.dims else "subject"
    tisc = check_dims(tisc, ("window", unit), "tisc")
    values = tisc.values.T
    rows = _order(_correlations(values), order)
    ax = get_axes(ax, height=MARGIN + np.clip(ROW_HEIGHT * len(rows), LEAST_HEIGHT, MOST_HEIGHT))
    scale = scale or centred_scale(values)
    ax.set_facecolor(NO_VALUE)
    borders, shown = window_borders(tisc["time"].values), np.ma.masked_invalid(values[rows])
    ax.pcolormesh(borders, np.arange(len(rows) + 1), shown, norm=scale, cmap=DIVERGING, rasterized=True)
    ax.set(ylim=(len(rows), 0), xlabel=TIME_LABEL, ylabel=f"{unit} (n = {len(rows)})")
    if unit == "subject" and "subject" in tisc.coords and len(rows) <= MOST_NAMES:
        ax.set_yticks(np.arange(len(rows)) + 0.5, tisc["subject"].values[rows].astype(str), parse_math=False)
    else:
        ax.set_yticks([])
    add_colour_bar(ax, scale, axis_label("t-ISC", summary_label(tisc) or "r"))
    return figure_of(ax)


def _matrix(dyads: xr.DataArray) -> tuple[list[str], np.ndarray]:
    """Names of the subjects as they first occur, and the symmetric matrix; NaN on the diagonal and where no dyad is."""
    missing = {"subject_a", "subject_b"} - set(dyads.coords)
    if missing:
        raise ValueError(f"dyads needs the coords subject_a and subject_b; {sorted(missing)} missing")
    first, second = (dyads[name].values.astype(str) for name in ("subject_a", "subject_b"))
    names = list(dict.fromkeys([*first, *second]))
    place = {name: number for number, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    for a, b, value in zip(first, second, dyads.values, strict=True):
        matrix[place[a], place[b]] = matrix[place[b], place[a]] = value
    return names, matrix


def _grouped_order(matrix: np.ndarray, labels: np.ndarray, order: Order) -> np.ndarray:
    """Rows by group, in the order in which groups first occur, and within each by similarity."""
    rows = []
    for label in dict.fromkeys(labels.tolist()):
        members = np.flatnonzero(labels == label)
        rows.append(members[_order(matrix[np.ix_(members, members)], order)])
    return np.concatenate(rows)


def _order(similarity: np.ndarray, order: Order) -> np.ndarray:
    """Rows so that similar ones are neighbours; a missing similarity counts as the mean of all."""
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    if order not in ("similarity", "given"):
        raise ValueError(f"order must be similarity or given; given {order!r}")
    n_row = len(similarity)
    if order == "given" or n_row < 3 or not np.isfinite(similarity).any():
        return np.arange(n_row)
    known = np.where(np.isfinite(similarity), similarity, similarity[np.isfinite(similarity)].mean())
    distance = 1 - (known + known.T) / 2
    np.fill_diagonal(distance, 0)
    between = squareform(np.maximum(distance, 0), checks=False)
    return leaves_list(optimal_leaf_ordering(linkage(between, "average"), between))


def _correlations(values: np.ndarray) -> np.ndarray:
    """Correlations of the rows over the columns that all rows have; NaN where a row does not vary."""
    whole = values[:, np.isfinite(values).all(axis=0)]
    centred = whole - whole.mean(axis=1, keepdims=True) if whole.shape[1] else np.zeros((len(values), 1))
    length = np.sqrt((centred**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return centred @ centred.T / np.outer(length, length)


def _name_subjects(ax: Axes, names: list[str]) -> None:
    if len(names) > MOST_NAMES:
        ax.set(xticks=[], yticks=[])
        return
    middles = np.arange(len(names)) + 0.5
    ax.set_yticks(middles, names, parse_math=False)  # a $ in a name is a $
    ax.set_xticks(middles, names, rotation=90, parse_math=False)
    ax.tick_params(length=0)


def _part_groups(ax: Axes, labels: np.ndarray) -> None:
    for border in (np.flatnonzero(labels[1:] != labels[:-1]) + 1).tolist():
        ax.axhline(border, color=INK, linewidth=0.8)
        ax.axvline(border, color=INK, linewidth=0.8)
