"""The report of a cube that somebody else made: EEG, fMRI, physiology, other trackers."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from isc.cube import subject_ids
from isc.plots.style import centred_scale
from isc.report import CITATIONS, Fact, Notice, ReportContent, ReportTable, Section
from isc.stages.group.members import Group
from isc.stages.group.products import Products
from isc.stages.group.synchrony import diagnosis_of, inference_findings
from isc.stages.pages.evidence import diagnostics_section, null_section
from isc.stages.pages.maps import FeatureMap, flat
from isc.stages.pages.methods import cited, cube_methods_text
from isc.stages.pages.report import inference_facts
from isc.stages.pages.results import results_of
from isc.stages.pages.sections import (
    Results,
    feature_name,
    plural,
    report_figure,
    series_section,
    span_of,
    strongest_windows,
)
from isc.stages.provenance.shelf import load_array, load_dataset
from isc.stages.provenance.version import software_versions

if TYPE_CHECKING:
    from matplotlib.colors import Normalize

MOST_NAMED = 8  # features of a recording listed by name


def cube_content(group: Group, products: Products, feature_map: FeatureMap | None) -> ReportContent:
    """What the report of a cube shows.

    Parameters
    ----------
    group : Group
    products : Products
    feature_map : FeatureMap or None
        None when nothing says where the features are.

    Returns
    -------
    ReportContent
    """
    cube = load_array(products.cube)
    quality = recordings_table(cube)
    results = results_of(group, products, mean_face=None, quality=quality)
    result = load_dataset(products.tisc[results.main])
    diagnosis = diagnosis_of(group, cube, result)
    found = inference_findings(group, diagnosis, cube.sizes["subject"])
    sections = [
        series_section(results),
        *([] if feature_map is None else [map_section(results, result, feature_map)]),
        null_section(results),
        diagnostics_section(diagnosis),
        Section("Recordings", tables=(ReportTable(quality, "What each participant's recording holds."),)),
    ]
    methods = cube_methods_text(group.study, cube, result["tisc"])
    notices = [Notice(finding.severity, finding.message) for finding in found]
    return ReportContent(
        title=group.study.title,
        warnings=(*notices, *(Notice("warning", text) for text in group.notes)),
        facts=(*_facts(group, cube), *inference_facts(group.study, results)),
        sections=tuple(sections),
        methods=methods,
        citations=tuple(CITATIONS[name] for name in cited(methods)),
        software=software_versions(),
    )


def _facts(group: Group, cube: xr.DataArray) -> tuple[Fact, ...]:
    sizes = " x ".join(f"{cube.sizes[dim]} ({dim})" for dim in cube.dims if dim not in ("subject", "time"))
    first, last = (float(cube["time"][k]) + 0.0 for k in (0, -1))  # + 0: -0.0 is not shown
    said = ", ".join(
        f"{name} {value}" for name, value in sorted(cube.attrs.items()) if isinstance(value, str | int | float)
    )
    return (
        Fact("participants", f"{cube.sizes['subject']}"),
        Fact("features", sizes),
        Fact("stimulus", f"task {group.study.task}, {first:.1f} to {last:.1f} s from its onset"),
        Fact("what the cube says of itself", said or "nothing"),
    )


def recordings_table(cube: xr.DataArray) -> pd.DataFrame:
    """How much of each participant's recording is there.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, feature dims)

    Returns
    -------
    DataFrame
        Columns participant, valid share, features without any value, and which.

    Examples
    --------
    >>> cube = xr.DataArray([[[1, np.nan], [2, np.nan]]], dims=("subject", "time", "channel"),
    ...                     coords={"subject": ["sub-01"], "channel": ["Fz", "Oz"], "time": [0, 1]})
    >>> recordings_table(cube).to_dict("records")[0]
    {'participant': 'sub-01', 'valid share': 0.5, 'features without a value': 1, 'which': 'Oz'}
    """
    rows = []
    for name, one in zip(subject_ids(cube), cube.transpose("subject", "time", ...), strict=True):
        nothing = one.isnull().all("time").expand_dims("window").to_dataset(name="tisc")
        missing = flat(nothing)["tisc"][0]
        share, n_missing = float(one.notnull().mean()), int(missing.sum())
        row = {"participant": name, "valid share": share, "features without a value": n_missing}
        rows.append(row | {"which": _named(missing)})
    return pd.DataFrame(rows)


def _named(missing: xr.DataArray) -> str:
    """The first of the features that are missing."""
    dim = str(missing.dims[0])
    places = np.flatnonzero(missing.values)
    labels = missing[dim].values if dim in missing.coords else np.arange(missing.size)
    more = f" and {places.size - MOST_NAMED} more" if places.size > MOST_NAMED else ""
    return ", ".join(str(label) for label in labels[places[:MOST_NAMED]]) + more


def map_section(results: Results, result: xr.Dataset, feature_map: FeatureMap) -> Section:
    """Mean t-ISC in the features' own space, and the windows with the largest.

    Parameters
    ----------
    results : Results
    result : Dataset
        ``tisc``, ``significant`` (window, feature dims), not stacked.
    feature_map : FeatureMap

    Returns
    -------
    Section
    """
    windows = sorted(strongest_windows(results.tisc[results.main]))
    scale = centred_scale(result["tisc"].values[windows])
    maps = [_mean_map(results, result, part) for part in feature_map.draw]
    for window in windows:
        at, significant = (result[name].isel(window=window) for name in ("tisc", "significant"))
        words = _window_words(results, window)
        maps += [_Map(part, at, significant, scale, *words) for part in feature_map.draw]
    figures, refused = [], []
    for one in maps:
        try:
            figure = feature_map.draw[one.part](one.values, one.significant, one.scale)
            figures.append(report_figure(figure, f"{one.caption}{_part(one.part)}.", f"{one.alt}{_part(one.part)}."))
        except ValueError as error:  # such as a window in which two channels have a value
            refused.append(f"One map could not be drawn: {error}.")
    intro = (
        "The mean over the recording, then the windows with the largest t-ISC that do not overlap, in the order of "
        f"the stimulus and on one colour scale: {feature_map.words}."
    )
    return Section(feature_map.title, "\n\n".join([intro, *dict.fromkeys(refused)]), tuple(figures))


class _Map(NamedTuple):
    """One map before it is drawn."""

    part: str
    values: xr.DataArray
    significant: xr.DataArray | None
    scale: "Normalize"
    caption: str
    alt: str


def _mean_map(results: Results, result: xr.Dataset, part: str) -> _Map:
    tisc = result["tisc"]
    mean = tisc.mean("window", keep_attrs=True)
    mean = mean.drop_vars([name for name in ("time", "start", "stop", "n_subject") if name in mean.coords])
    caption = (
        f"Mean t-ISC of all {_features(results)} over all {tisc.sizes['window']} windows (a description, not a test)"
    )
    alt = f"Map of mean t-ISC, {float(mean.min()):.2f} to {float(mean.max()):.2f}"
    return _Map(part, mean, None, centred_scale(mean.values), caption, alt)


def _window_words(results: Results, window: int) -> tuple[str, str]:
    """Caption and alt text of one window's map."""
    tisc, significant = results.tisc[results.main], results.significant[results.main]
    at, span = tisc.isel(window=window), span_of(tisc, window)
    feature, n = int(np.nanargmax(at.values)), int(significant.isel(window=window).sum())
    found = f"{n} of {at.size} significant"
    return (
        f"t-ISC of all {_features(results)} in the window {span}, {found}",
        f"Map at {span}: {found}, largest r = {float(at[feature]):.2f} at {feature_name(tisc, feature)}",
    )


def _features(results: Results) -> str:
    return plural(str(results.tisc[results.main].dims[1]))


def _part(part: str) -> str:
    return f", {part}" if part else ""
