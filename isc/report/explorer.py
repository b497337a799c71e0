"""The explorer: synchrony on the face and in time, in one HTML file that answers to mouse and keyboard."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import colormaps

from isc.io.files.atomic import write_bytes
from isc.mesh import N_MESH_VERTEX, contours, region_of, regions, triangles
from isc.plots.style import DIVERGING, axis_label, check_dims, count_range, subjects_label, summary_label
from isc.plots.time_axis import window_borders
from isc.report.content import Fact
from isc.report.layers import Layer, check_mesh, check_windows, layer_of, strongest
from isc.report.packing import encode, pack_epochs, pack_layer, pack_series, quantise
from isc.report.page import content_hash, page_environment

SCRIPTS = ("study.js", "drawing.js", "face.js", "series.js", "carpet.js", "app.js")
FRAME_HEIGHT = 860  # pixels, in a notebook


@dataclass(frozen=True, eq=False)
class Explorer:
    """A page to look at synchrony with; in Jupyter it shows itself.

    Attributes
    ----------
    html : str
        The whole page: no file beside it, no network.
    """

    html: str

    def save(self, path: str | Path) -> Path:
        """Write the page; it appears whole or not at all."""
        write_bytes(Path(path), self.html.encode("utf-8"))
        return Path(path)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, which can neither read nor change the notebook."""
        return (
            f'<iframe srcdoc="{escape(self.html)}" sandbox="allow-scripts allow-downloads" title="Synchrony explorer" '
            f'width="100%" height="{FRAME_HEIGHT}" style="border:0"></iframe>'
        )


def explore(
    tisc: xr.DataArray | xr.Dataset,
    shape: xr.DataArray,
    *,
    significant: xr.DataArray | None = None,
    thresholds: xr.Dataset | None = None,
    pairs: xr.DataArray | xr.Dataset | None = None,
    agreement: xr.DataArray | None = None,
    peaks: Sequence[float] | np.ndarray | None = None,
    epochs: pd.DataFrame | None = None,
    title: str = "Inter-subject synchrony",
    facts: Sequence[Fact] = (),
) -> Explorer:
    """Synchrony (t-ISC) of a face as a page to explore: the face at one moment, every series, all of the film.

    Parameters
    ----------
    tisc : DataArray or Dataset, dims (window, vertex)
        468 or 478 vertices, coord ``time`` (window centre, s). A Dataset holds ``tisc`` and may hold ``significant``
        and ``threshold``, as `isc.test_synchrony` gives it. NaN is shown as "no value".
    shape : DataArray, dims (vertex, space)
        From `isc.mesh.mean_shape`: no picture of anybody.
    significant : DataArray of bool, dims (window, vertex), optional
        Cells to outline; by default those beyond the thresholds.
    thresholds : Dataset, optional
        From `isc.thresholds`: ``threshold`` (extreme[, window]). Drawn as the null band of every series.
    pairs : DataArray or Dataset, dims (window, pair), optional
        t-ISC of vertex pairs with coords ``vertex_a``, ``vertex_b``, in a Dataset with ``significant`` and
        ``threshold``. Of more than 300 pairs those with the largest absolute values are kept.
    agreement : DataArray, dims (window,), optional
        From `isc.peak_agreement`, on the windows of `tisc`.
    peaks : sequence of float, optional
        Reported peaks of all raters, s: ticks below the agreement.
    epochs : DataFrame, optional
        Columns onset, duration (s) and, if epochs have names, trial_type: shaded.
    title : str
        Name of the study.
    facts : sequence of Fact, optional
        What the header says beside what the arrays know: participants, windows, null and what it controls.

    Returns
    -------
    Explorer
        With ``save(path)``; a notebook shows it as it stands.

    Raises
    ------
    TypeError, ValueError
        When dims or sizes disagree, or a coordinate is missing.

    Notes
    -----
    Values are stored as 16-bit multiples of the largest absolute value / 32767: at most 2e-5 off for a correlation.
    The series of a region is the mean over its vertices. Its null band is that of the strongest single vertex, which
    a mean passes less easily: the familywise error rate holds, with less power.

    Examples
    --------
    >>> shape = xr.DataArray(np.random.default_rng(0).normal(size=(478, 3)), dims=("vertex", "space"))
    >>> tisc = xr.DataArray(np.zeros((4, 478)), dims=("window", "vertex"), coords={"time": ("window", np.arange(4.0))})
    >>> explore(tisc, shape, title="Pilot").html.splitlines()[0]
    '<!doctype html>'
    """
    vertices = layer_of(tisc, "vertex", significant, thresholds)
    check_mesh(vertices.values, shape)
    layers = {"vertex": vertices}
    n_pair = 0
    if pairs is not None:
        n_pair = pairs.sizes["pair"]
        layers["pair"] = strongest(layer_of(pairs, "pair", None, None))
    for what, array in (("pairs", pairs), ("agreement", agreement)):
        check_windows(array, vertices.values, what)
    data = {
        **_face(shape),
        **_behaviour(agreement, peaks, epochs),
        "windows": _windows(vertices.values),
        "label": axis_label("t-ISC", summary_label(vertices.values)),
        "layers": {name: pack_layer(layer.values, layer.significant, layer.limits) for name, layer in layers.items()},
        "pairs": _pair_ends(layers.get("pair")),
        "n_pair": n_pair,
    }
    words = {
        "title": title,
        "facts": [*_facts(vertices.values, tisc.attrs if thresholds is None else thresholds.attrs), *facts],
        "agreement_label": _agreement_label(agreement),
        "is_tested": any(layer.significant is not None for layer in layers.values()),
    }
    return Explorer(_render(data, words))


def _face(shape: xr.DataArray) -> dict[str, Any]:
    """The mesh of the page: positions, triangles, outlines, regions."""
    points = check_dims(shape, ("vertex", "space"), "shape").values
    names = list(regions())
    number = {name: place for place, name in enumerate(names)}
    return {
        "shape": quantise(points - np.nanmean(points[:N_MESH_VERTEX], axis=0)),
        "triangles": encode(triangles(), "<u2"),
        "contours": encode(contours(), "<u2"),
        "regions": [name.replace("_", " ") for name in names],
        "region_of": encode(np.array([number[name] for name in region_of(np.arange(len(points)))]), "u1"),
    }


def _behaviour(
    agreement: xr.DataArray | None, peaks: Sequence[float] | np.ndarray | None, epochs: pd.DataFrame | None
) -> dict[str, Any]:
    """What is shown beside synchrony: agreement of raters, their peaks, epochs of the film."""
    if agreement is not None:
        agreement = check_dims(agreement, ("window",), "agreement")
    return {
        "agreement": pack_series(agreement),
        "agreement_largest": None if agreement is None or _is_count(agreement) else 1,
        "peaks": [] if peaks is None else [round(float(onset), 3) for onset in np.asarray(peaks, dtype=float)],
        "epochs": pack_epochs(epochs),
    }


def _is_count(agreement: xr.DataArray) -> bool:
    return agreement.attrs.get("method") == "count_at_maximum"


def _agreement_label(agreement: xr.DataArray | None) -> str:
    """'share of 20 raters'; nothing without agreement."""
    if agreement is None:
        return ""
    raters = f"{count_range(agreement['n_raters'].values)} raters" if "n_raters" in agreement.coords else "raters"
    return f"{'number' if _is_count(agreement) else 'share'} of {raters}"


def _windows(values: xr.DataArray) -> dict[str, str]:
    """Centre, start and stop of every window in seconds, and the borders at which it is drawn."""
    borders = window_borders(values["time"].values)
    start, stop = (
        values[name].values if name in values.coords else edge
        for name, edge in (("start", borders[:-1]), ("stop", borders[1:]))
    )
    times = {"time": values["time"].values, "start": start, "stop": stop, "borders": borders}
    return {name: encode(seconds, "<f8") for name, seconds in times.items()}


def _pair_ends(layer: Layer | None) -> list[str] | None:
    return None if layer is None else [encode(layer.values[name].values, "<u2") for name in ("vertex_a", "vertex_b")]


def _facts(values: xr.DataArray, told: Mapping[str, Any]) -> list[Fact]:
    """What the arrays themselves know about the analysis; `told` are the attrs of what decided significance."""
    facts = [Fact("participants", subjects_label(values).removeprefix("n = ") or "not recorded")]
    spans = [f"{values.sizes['window']} windows"]
    if {"window_s", "step_s"} <= set(values.attrs):
        spans.append(f"of {values.attrs['window_s']:g} s, one every {values.attrs['step_s']:.3g} s")
    facts.append(Fact("windows", " ".join(spans)))
    for name, label in (
        ("scheme", "null"),
        ("null_hypothesis", "what significance rejects"),
        ("error_rate", "what its error rate covers"),
        ("n_surrogates", "surrogates"),
        ("seed", "seed"),
    ):
        if name in told:
            words = told[name] if isinstance(told[name], list) else [told[name]]  # one scheme, or several together
            facts.append(Fact(label, " and ".join(map(str, words)).replace("_", " ")))
    return facts


def _render(data: dict[str, Any], words: dict[str, Any]) -> str:
    """The page: data, style and script inside, and a policy that lets nothing else in."""
    environment = page_environment()
    colours = colormaps[DIVERGING](np.arange(256), bytes=True)[:, :3]
    sources = [environment.get_template(f"explorer/{name}").render() for name in SCRIPTS]
    script = '"use strict";\n(() => {\n' + "\n".join(sources) + "\n})();\n"
    style = environment.get_template("explorer/explorer.css").render()
    text = json.dumps({**data, "colours": encode(colours, "u1")}, allow_nan=False, separators=(",", ":"))
    return environment.get_template("explorer/explorer.html").render(
        **words,
        data=text.replace("<", "\\u003c"),  # a name cannot end the script element
        script=script,
        script_hash=content_hash(script),
        style=style,
        style_hash=content_hash(style),
        has_pairs="pair" in data["layers"],
        has_peaks=bool(data["peaks"]),
        has_epochs=bool(data["epochs"]),
    )
