"""Values of EEG channels on the head, drawn by MNE."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from isc.plots.style import (
    DIVERGING,
    INK,
    MM_PER_INCH,
    PAGE_WIDTH,
    PaperFigure,
    add_colour_bar,
    centred_scale,
    check_dims,
    figure_of,
    get_axes,
    styled,
    value_label,
)

WIDTH, HEIGHT = 90.0, 75.0  # mm
FEWEST = 3  # channels with a value and a position that a map needs
MOST_COLUMNS, ROW_HEIGHT = 4, 60.0  # heads side by side, mm
SENSOR = 2.0  # pt; the larger dots are what is significant
MARK = {"marker": "o", "markersize": 5, "markerfacecolor": INK, "markeredgecolor": "white", "markeredgewidth": 0.4}


@styled
def plot_topomap(
    values: xr.DataArray,
    *,
    significant: xr.DataArray | None = None,
    scale: Normalize | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Values of the channels on the head from above, interpolated between the sensors (mne.viz.plot_topomap).

    Parameters
    ----------
    values : DataArray, dims (channel,), with coords ``x``, ``y``, ``z`` (m)
        One value a channel, such as ``tisc.isel(window=k)`` of a cube from `isc.read_eeg`. NaN, and channels without a
        position, are left out of the interpolation; the title counts them.
    significant : DataArray of bool, dims (channel,), optional
        Channels to mark with a dot.
    scale : Normalize, optional
        Colour scale, to share it between figures; by default from -m to m with m the largest absolute value.
    ax : Axes, optional
        Where to draw; by default a new figure, 90 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved.

    Raises
    ------
    TypeError, ValueError
        When dims differ, positions are not known, or the channels with a value and a position are fewer than three, or
        all on one circle or line.

    Examples
    --------
    >>> angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    >>> far = np.tile([0.04, 0.07], 4)  # m
    >>> place = {"x": ("channel", far * np.cos(angle)), "y": ("channel", far * np.sin(angle))}
    >>> place |= {"z": ("channel", np.full(8, 0.05)), "channel": list("abcdefgh")}
    >>> values = xr.DataArray(np.linspace(-0.1, 0.4, 8), dims="channel", coords=place, name="tisc")
    >>> plot_topomap(values).axes[1].get_ylabel()
    't-ISC'
    """
    values = check_dims(values, ("channel",), "values")
    place, shown = _positions(values)
    marked = np.zeros(values.size, bool) if significant is None else _marks(significant, values)
    ax = get_axes(ax, height=HEIGHT, width=WIDTH)
    scale = scale or centred_scale(values.values[shown])
    _draw(ax, values.values[shown], _info(values, place, shown), marked[shown], scale)
    ax.set_title(_title(values, shown, marked if significant is not None else None))
    add_colour_bar(ax, scale, value_label(values))
    return figure_of(ax)


@styled
def plot_topomaps(
    values: xr.DataArray, *, significant: xr.DataArray | None = None, scale: Normalize | None = None
) -> Figure:
    """A head for each band (or whatever the other dim is), side by side on one colour scale.

    Parameters
    ----------
    values : DataArray, dims (channel, other), with coords ``x``, ``y``, ``z`` (m)
        As in `plot_topomap`.
    significant : DataArray of bool, dims (channel, other), optional
        Channels to mark with a dot.
    scale : Normalize, optional
        Colour scale; by default from -m to m with m the largest absolute value.

    Returns
    -------
    Figure
        180 mm wide, neither shown nor saved.

    Raises
    ------
    TypeError, ValueError
        When there is not exactly one other dim, and as `plot_topomap` does.

    Examples
    --------
    >>> angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    >>> far = np.tile([0.04, 0.07], 4)  # m
    >>> place = {"x": ("channel", far * np.cos(angle)), "y": ("channel", far * np.sin(angle))}
    >>> place |= {"z": ("channel", np.full(8, 0.05)), "band": ["theta", "alpha"]}
    >>> values = xr.DataArray(np.linspace(-0.1, 0.4, 16).reshape(8, 2), dims=("channel", "band"), coords=place)
    >>> [ax.get_title(loc="left") for ax in plot_topomaps(values).axes[:2]]
    ['theta', 'alpha']
    """
    other = [str(dim) for dim in getattr(values, "dims", ()) if dim != "channel"]
    values = check_dims(values, ("channel", *(other[:1] or ["band"])), "values")
    scale = scale or centred_scale(values.values)
    n = values.sizes[other[0]]
    columns = min(n, MOST_COLUMNS)
    rows = -(-n // columns)
    figure = PaperFigure(figsize=(PAGE_WIDTH / MM_PER_INCH, rows * ROW_HEIGHT / MM_PER_INCH), layout="constrained")
    axes = list(np.ravel(figure.subplots(rows, columns, squeeze=False)))
    for ax, level in zip(axes, range(n), strict=False):
        at = values.isel({other[0]: level}).drop_vars(("start", "stop"), errors="ignore")
        marked = np.zeros(at.size, bool) if significant is None else _marks(significant.isel({other[0]: level}), at)
        place, shown = _positions(at)
        _draw(ax, at.values[shown], _info(at, place, shown), marked[shown], scale)
        name = str(at[other[0]].values) if other[0] in at.coords else f"{other[0]} {level}"
        ax.set_title("\n".join(filter(None, [name, _title(at, shown, None if significant is None else marked)])))
    for ax in axes[n:]:
        ax.set_axis_off()
    add_colour_bar(axes, scale, value_label(values))
    return figure


def _positions(values: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Positions (channel, 3) in m, and the channels that can be drawn."""
    missing = [axis for axis in "xyz" if axis not in values.coords or values[axis].dims != ("channel",)]
    if missing:
        raise ValueError(
            f"a topomap needs coords x, y, z (channel) in m; {', '.join(missing)} missing: give isc.read_eeg a montage="
        )
    place = np.stack([values[axis].values for axis in "xyz"], axis=1).astype(np.float64)
    shown = np.isfinite(place).all(axis=1) & np.isfinite(values.values)
    if shown.sum() < FEWEST:
        raise ValueError(f"a topomap needs {FEWEST} channels with a value and a position; given {int(shown.sum())}")
    return place, shown


def _marks(significant: xr.DataArray, values: xr.DataArray) -> np.ndarray:
    marked = check_dims(significant, ("channel",), "significant").values.astype(bool)
    if marked.size != values.size:
        raise ValueError(f"values has {values.size} channels and significant {marked.size}; give one a channel")
    return marked


def _info(values: xr.DataArray, place: np.ndarray, shown: np.ndarray) -> object:
    """What MNE needs to know of the sensors."""
    import mne

    labels = values["channel"].values if "channel" in values.coords else np.arange(values.size)
    names = [str(label) for label in labels[shown]]
    info = mne.create_info(names, sfreq=1.0, ch_types="eeg")
    montage = mne.channels.make_dig_montage(dict(zip(names, place[shown], strict=True)), coord_frame="head")
    return info.set_montage(montage, verbose="error")


def _draw(ax: Axes, values: np.ndarray, info: object, marked: np.ndarray, scale: Normalize) -> None:
    import mne
    from scipy.spatial import QhullError

    options: dict[str, Any] = {"cmap": DIVERGING, "vlim": (scale.vmin, scale.vmax), "contours": 0, "sensors": "k."}
    try:
        mne.viz.plot_topomap(values, info, axes=ax, show=False, mask=marked, mask_params=MARK, **options)
    except QhullError as error:
        raise ValueError(
            "the channels with a value lie on one circle or line: there is nothing between them"
        ) from error
    for line in ax.lines:
        if line.get_marker() == ".":
            line.set_markersize(SENSOR)


def _title(values: xr.DataArray, shown: np.ndarray, marked: np.ndarray | None) -> str:
    parts = []
    if {"start", "stop"} <= {name for name, coord in values.coords.items() if coord.ndim == 0}:
        parts.append(f"window {float(values['start']):.1f} to {float(values['stop']):.1f} s")
    if marked is not None:
        parts.append(f"● significant ({int((marked & shown).sum())} of {values.size} channels)")
    if not shown.all():
        count = int((~shown).sum())
        parts.append(f"{count} channel{'s' if count > 1 else ''} without a value or position")
    return "\n".join(parts)
