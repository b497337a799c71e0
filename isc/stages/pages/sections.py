"""What the sections of the report show: figures and tables of finished results, with what they mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.bids import ROOT_FILES
from isc.mesh import region_of
from isc.plots import plot_carpet, plot_face_map, plot_pair_map, plot_quality, plot_tisc
from isc.plots.style import centred_scale
from isc.report import ReportFigure, ReportTable, Section, figure_svg

if TYPE_CHECKING:
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

FACE_MAPS = 3  # windows shown on the face
GROUPS = ("band", "structure", "hemisphere")  # coords by which features that are no face are gathered
MM_PER_M = 1e3
STRONGEST_ROWS = 12  # windows or features listed in a table of the page
ACCOUNTED = {  # what a p-value accounts for, by scope of the error rate
    "recording": "the selection (maximum statistic)",
    "window": "the number of features in its window, not for the number of windows",
}


@dataclass(frozen=True)
class Results:
    """Results of the group by feature set (vertices, pairs), as they were read back from the products."""

    tisc: Mapping[str, xr.DataArray]
    significant: Mapping[str, xr.DataArray]
    p: Mapping[str, xr.DataArray]
    nulls: Mapping[str, Mapping[str, xr.DataArray]]
    thresholds: Mapping[str, Mapping[str, xr.Dataset]]
    deciding: Mapping[str, xr.Dataset]
    mean_face: xr.DataArray | None
    agreement: xr.DataArray | None
    chance_upper: float | None
    associations: Mapping[str, pd.DataFrame]
    association_notes: tuple[str, ...]
    quality: pd.DataFrame
    epochs: pd.DataFrame | None
    links: Mapping[str, str]
    pages: Mapping[str, str]

    @property
    def scheme(self) -> str:
        """The schemes that decide, in words."""
        return str(self.deciding[self.main].attrs["scheme"])

    @property
    def main(self) -> str:
        """The feature set that the page is about: vertices, channels, regions, ..."""
        return next(iter(self.tisc))

    @property
    def shape(self) -> xr.DataArray:
        """Mean face of the study."""
        if self.mean_face is None:
            raise TypeError(f"{self.main} have no mean face; draw them with isc.stages.pages.maps.map_of")
        return self.mean_face


def strongest_cell(tisc: xr.DataArray) -> tuple[int, int]:
    """Window and feature of the largest t-ISC; NaN cells do not count.

    Parameters
    ----------
    tisc : DataArray, dims (window, feature)

    Returns
    -------
    window, feature : int

    Raises
    ------
    ValueError
        When no cell has a value.

    Examples
    --------
    >>> strongest_cell(xr.DataArray([[0.1, np.nan], [0.3, 0.2]], dims=("window", "vertex")))
    (1, 0)
    """
    window, feature = np.unravel_index(int(np.nanargmax(tisc.values)), tisc.shape)
    return int(window), int(feature)


def series_section(results: Results) -> Section:
    """Synchrony in time: the strongest vertex, the strongest pair, and all vertices."""
    figures = [_series_figure(results, features) for features in results.tisc]
    figures.append(_carpet_figure(results.tisc[results.main]))
    tables = tuple(
        ReportTable(
            strongest_table(results, features),
            f"Windows with significant {features}, with the strongest of each; p is familywise ({results.scheme}).",
            results.links[f"tisc {features}"],
        )
        for features in results.tisc
    )
    shading = "" if results.epochs is None else " Shaded stretches are epochs that the study annotates."
    return Section("Temporal inter-subject correlation", f"Synchrony in time.{shading}", tuple(figures), tables)


def _carpet_figure(tisc: xr.DataArray) -> ReportFigure:
    """All features in all windows, gathered by what they have in common."""
    dim = str(tisc.dims[1])
    if _on_face(tisc):
        how, groups = "grouped by region of the face", None
    else:
        groups = next((name for name in GROUPS if name in tisc.coords and tisc[name].dims == (dim,)), None)
        how = "in the order of the cube" if groups is None else f"grouped by {groups}"
    return report_figure(
        plot_carpet(tisc, groups=groups),
        f"t-ISC of every {dim}, {how}, in every window.",
        f"Heat map of t-ISC over windows and {tisc.sizes[dim]} {plural(dim)}, {how}.",
    )


def _on_face(tisc: xr.DataArray) -> bool:
    """Whether the features are points of the face mesh, or distances between them."""
    return tisc.dims[1] in ("vertex", "pair") and tisc.attrs.get("feature") != "scalar"


def plural(dim: str) -> str:
    """'vertices', 'channels', 'series'.

    Parameters
    ----------
    dim : str

    Returns
    -------
    str

    Examples
    --------
    >>> plural("vertex"), plural("region")
    ('vertices', 'regions')
    """
    return {"vertex": "vertices", "series": "series"}.get(dim, f"{dim}s")


def _series_figure(results: Results, features: str) -> ReportFigure:
    tisc = results.tisc[features]
    window, feature = strongest_cell(tisc)
    dim = tisc.dims[1]
    series, name = tisc.isel({dim: feature}), feature_name(tisc, feature)
    n_significant = int(results.significant[features].isel({dim: feature}).sum())
    figure = plot_tisc(
        series,
        thresholds=results.deciding[features],
        significant=results.significant[features].isel({dim: feature}),
        agreement=results.agreement,
        epochs=results.epochs,
    )
    caption = (
        f"t-ISC of {name} with the null band of {_of_which(results.scheme)}; significant windows are marked. It was "
        f"selected because it reaches the largest t-ISC, so its height is optimistic{_accounted(results, features)}."
    )
    alt = (
        f"t-ISC of {name}: largest r = {float(series[window]):.2f} at {float(series['time'][window]):.1f} s, "
        f"{n_significant} of {series.size} windows significant."
    )
    return report_figure(figure, caption, alt)


def _accounted(results: Results, features: str) -> str:
    """What the p-value of the selected series accounts for; nothing where there is none, with too few people."""
    if not results.p[features].notnull().any():
        return ""
    scope = results.deciding[features].attrs.get("scope", "recording")
    return f"; its p-value accounts for {ACCOUNTED[scope]}"


def _of_which(scheme: str) -> str:
    """The null that is drawn, where a cell has to pass one or several."""
    return f"the stricter of {scheme}" if " and " in scheme else scheme


def feature_name(tisc: xr.DataArray, feature: int) -> str:
    """A vertex with its region, the two vertices of a pair, or what another feature is called.

    Parameters
    ----------
    tisc : DataArray, dims (window, feature dim)
    feature : int

    Returns
    -------
    str
    """
    if "pair" in tisc.dims:
        ends = (int(tisc["vertex_a"][feature]), int(tisc["vertex_b"][feature]))
        return f"the distance between vertices {ends[0]} and {ends[1]}"
    if _on_face(tisc):
        return f"vertex {feature} ({str(region_of(feature)).replace('_', ' ')})"
    dim = str(tisc.dims[1])
    if dim == "voxel" and "x" in tisc.coords:
        x, y, z = (round(float(tisc[axis][feature]) * MM_PER_M) for axis in "xyz")
        return f"the voxel at {x}, {y}, {z} mm"
    label = tisc[dim].values[feature] if dim in tisc.coords else feature
    return str(label) if isinstance(label, str) and dim in ("feature", "series") else f"{dim} {label}"


def strongest_table(results: Results, features: str) -> pd.DataFrame:
    """Windows with something significant: how many features, and the strongest.

    Parameters
    ----------
    results : Results
    features : str

    Returns
    -------
    DataFrame
        One row a window, strongest first, at most 12; empty when nothing is significant.
    """
    tisc, significant = results.tisc[features], results.significant[features]
    rows = []
    for window in np.flatnonzero(significant.any(str(tisc.dims[1])).values):
        values = np.where(significant.values[window], tisc.values[window], -np.inf)
        feature = int(values.argmax())
        rows.append(
            {
                "window": f"{float(tisc['start'][window]):.1f}-{float(tisc['stop'][window]):.1f} s",
                f"significant {features}": int(significant.values[window].sum()),
                "strongest": feature_name(tisc, feature),
                "r": round(float(values[feature]), 3),
                "p": float(results.p[features].values[window, feature]),
                "participants": int(tisc["n_subject"].values[window, feature]),
            }
        )
    columns = ["window", f"significant {features}", "strongest", "r", "p", "participants"]
    return pd.DataFrame(rows, columns=columns).sort_values("r", ascending=False).head(STRONGEST_ROWS)


def face_section(results: Results) -> Section:
    """Synchrony on the face at the largest values, in the order of the film, and pairs of vertices at the largest."""
    tisc = results.tisc["vertices"]
    windows = strongest_windows(tisc)
    scale = centred_scale(tisc.values[windows])
    maps = [_face_figure(results, window, scale) for window in sorted(windows)]
    shown = f"The {len(maps)} windows" if len(maps) > 1 else "The window"
    intro = (
        f"{shown} with the largest t-ISC that do not overlap, in the order of the film and on one colour scale. Every "
        "other window is in the interactive map, explore.html."
    )
    return Section("Where on the face", intro, (*maps, _pair_figure(results, windows[0])))


def strongest_windows(tisc: xr.DataArray, *, most: int = FACE_MAPS) -> list[int]:
    """Windows with the largest values that share no second with one another, the largest first.

    Parameters
    ----------
    tisc : DataArray, dims (window, feature)
        Coords ``start``, ``stop`` (s). Windows without a value do not count.
    most : int

    Returns
    -------
    list of int

    Examples
    --------
    >>> coords = {"start": ("window", [0.0, 2.0, 4.0]), "stop": ("window", [3.0, 5.0, 7.0])}
    >>> strongest_windows(xr.DataArray([[0.5], [0.4], [0.3]], dims=("window", "vertex"), coords=coords))
    [0, 2]
    """
    start, stop = tisc["start"].values, tisc["stop"].values
    peak = np.where(np.isfinite(tisc.values), tisc.values, -np.inf).max(axis=1)
    chosen: list[int] = []
    for window in np.argsort(-peak, kind="stable").tolist():
        apart = all(stop[window] <= start[other] or start[window] >= stop[other] for other in chosen)
        if len(chosen) < most and apart and np.isfinite(peak[window]):
            chosen.append(window)
    return chosen


def span_of(tisc: xr.DataArray, window: int) -> str:
    """'10.0-15.0 s', of one window."""
    return f"{float(tisc['start'][window]):.1f}-{float(tisc['stop'][window]):.1f} s"


def _face_figure(results: Results, window: int, scale: "Normalize") -> ReportFigure:
    tisc = results.tisc["vertices"]
    at, significant = tisc.isel(window=window), results.significant["vertices"].isel(window=window)
    feature = int(np.nanargmax(at.values))
    return report_figure(
        plot_face_map(at, results.shape, significant=significant, scale=scale),
        f"t-ISC of every vertex in the window {span_of(tisc, window)}, on the mean face of the study (landmarks, no "
        "picture of a participant). Significant vertices are outlined.",
        f"Face map at {span_of(tisc, window)}: {int(significant.sum())} of {at.size} vertices significant, largest r = "
        f"{float(at[feature]):.2f} at {feature_name(tisc, feature)}.",
        link=f"{ROOT_FILES['explorer']}#window={window + 1}",
    )


def _pair_figure(results: Results, window: int) -> ReportFigure:
    tisc = results.tisc["pairs"]
    pairs = tisc.isel(window=window)
    return report_figure(
        plot_pair_map(pairs, results.shape, pairs["vertex_a"].values, pairs["vertex_b"].values),
        f"t-ISC of the distances between vertices in the window {span_of(tisc, window)}, where t-ISC of vertices is "
        "largest.",
        f"Pairs of vertices as lines on the face at {span_of(tisc, window)}; largest r = {float(pairs.max()):.2f}.",
    )


def quality_section(results: Results) -> Section:
    """How well each participant's face was tracked."""
    worst = results.quality.loc[results.quality["detected_share"].idxmin()]
    figure = plot_quality(results.quality)
    figures = (
        report_figure(
            figure,
            "Quality of the face tracking, one row a participant.",
            f"Tracking quality; the lowest share of frames with a face is {worst['detected_share']:.0%} "
            f"({worst['subject']}).",
        ),
    )
    table = ReportTable(
        results.quality.round(3),
        "Quality of every recording; units are in the column names, and a page about each behind its name.",
        row_links=results.pages,
    )
    return Section("Recordings", figures=figures, tables=(table,))


def report_figure(figure: "Figure", caption: str, alt: str, *, link: str | None = None) -> ReportFigure:
    """Figure of a section, as vector graphics."""
    return ReportFigure(figure_svg(figure), caption, alt, link)
