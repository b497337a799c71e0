"""Why a clip was called what it was, as faces: the clip beside the training clips nearest to it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from isc.mesh import edges
from isc.plots.style import GREEN, INK, LINE_GREY, VERMILLION, figure_of, get_axes, split, styled
from isc.plots.views import Projection, draw_contours, project

FACE_MARGIN = 0.04  # around a small face, of its height


@styled
def plot_prototypes(
    meshes: xr.DataArray, neighbours: pd.DataFrame, *, names: Sequence[str] | None = None, ax: Axes | None = None
) -> Figure:
    """A clip and the training clips nearest to it, with who shows what; neighbours of the same person are marked.

    Parameters
    ----------
    meshes : DataArray, dims (clip, vertex, space)
        MediaPipe's mesh for every clip, with names along ``clip``, ``label`` and ``subject``.
    neighbours : DataFrame
        From `isc.classification.explain.prototypes`; a row of faces for each of its clips.
    names : sequence of str, optional
        A name for each row, such as that of the protocol.
    ax : Axes, optional
        Where to draw; by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved. Its panels are ``figure.axes[0].child_axes``.

    Raises
    ------
    ValueError
        When a clip has no mesh, or the clips have different numbers of neighbours.

    Examples
    --------
    >>> meshes = xr.DataArray(np.random.default_rng(0).normal(size=(2, 478, 3)), dims=("clip", "vertex", "space"),
    ...     coords={"clip": ["a", "b"], "label": ("clip", ["happy"] * 2), "subject": ("clip", ["1", "2"])})
    >>> row = {"clip": "a", "rank": 1, "neighbour": "b", "subject": "2", "label": "happy", "distance": 0.5,
    ...        "same_subject": False, "same_label": True}
    >>> len(plot_prototypes(meshes, pd.DataFrame([row])).axes[0].child_axes)
    2
    """
    rows = list(neighbours.groupby("clip", sort=False))
    absent = set(neighbours["clip"]) | set(neighbours["neighbour"])
    absent -= {str(name) for name in meshes["clip"].values}
    counts = {len(found) for _, found in rows}
    if absent or len(counts) != 1:
        raise ValueError(
            f"every clip needs a mesh and as many neighbours; without mesh: {sorted(absent)[:3]}, {counts}"
        )
    columns = counts.pop() + 1
    panels = split(get_axes(ax, height=8 + 41 * len(rows)), rows=len(rows), columns=columns)
    for row, (clip, found) in enumerate(rows):
        own = meshes.sel(clip=clip)
        title = f"{str(own['label'].values)}\nsubject {str(own['subject'].values)}"
        _small_face(panels[row * columns], own, f"tested: {title}", INK)
        panels[row * columns].set_ylabel(names[row] if names is not None else "")
        for panel, (_, near) in zip(panels[row * columns + 1 :], found.iterrows(), strict=False):
            colour = GREEN if near["same_label"] else VERMILLION
            person = "same subject" if near["same_subject"] else f"subject {near['subject']}"
            text = f"{near['label']}, d = {near['distance']:.2f}\n{person}"
            _small_face(panel, meshes.sel(clip=near["neighbour"]), text, colour, framed=bool(near["same_subject"]))
    panels[0].figure.suptitle(
        "green: same expression, orange-red: another one; frame: same subject", fontsize=7, x=0.01, ha="left"
    )
    return figure_of(panels[0])


def _small_face(ax: Axes, mesh: xr.DataArray, title: str, colour: str, *, framed: bool = False) -> None:
    (front,) = project(mesh, "front")
    ax.add_collection(LineCollection(list(front.points[edges()]), colors=LINE_GREY, linewidths=0.2, alpha=0.5))
    draw_contours(ax, Projection(front.name, front.points, front.faces))
    low, high = np.nanmin(front.points, axis=0), np.nanmax(front.points, axis=0)
    margin = FACE_MARGIN * (high[1] - low[1])
    ax.set(xlim=(low[0] - margin, high[0] + margin), ylim=(high[1] + margin, low[1] - margin), xticks=[], yticks=[])
    ax.set_aspect("equal")
    ax.set_title(title, color=colour, fontsize=7)
    ax.spines[:].set_visible(framed)
