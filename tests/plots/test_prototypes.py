"""The clips nearest to a clip are shown as faces, with who shows what."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.plots import plot_prototypes


@pytest.fixture
def faces(shape):
    values = shape.values + 0.01 * np.random.default_rng(0).normal(size=(4, 478, 3))
    coords = {
        "clip": list("abcd"),
        "label": ("clip", ["happy", "happy", "sad", "sad"]),
        "subject": ("clip", list("1122")),
    }
    return xr.DataArray(values, coords, ("clip", "vertex", "space"))


def neighbours(clip):
    rows = [("b", "1", "happy", 0.5, True, True), ("c", "2", "sad", 0.9, False, False)]
    names = ("neighbour", "subject", "label", "distance", "same_subject", "same_label")
    return pd.DataFrame(
        [{"clip": clip, "rank": k} | dict(zip(names, row, strict=True)) for k, row in enumerate(rows, 1)]
    )


def test_neighbours_of_the_same_person_are_framed(faces):
    panels = plot_prototypes(faces, neighbours("a"), names=["10-fold"]).axes[0].child_axes
    assert [panel.get_title(loc="left") for panel in panels] == [
        "tested: happy\nsubject 1",
        "happy, d = 0.50\nsame subject",
        "sad, d = 0.90\nsubject 2",
    ]
    assert [panel.spines["left"].get_visible() for panel in panels] == [False, True, False]
    assert panels[0].get_ylabel() == "10-fold"


def test_a_neighbour_without_a_mesh_is_refused(faces):
    with pytest.raises(ValueError, match=r"without mesh: \['z'\]"):
        plot_prototypes(faces, neighbours("z"))
    with pytest.raises(ValueError, match="as many neighbours"):
        plot_prototypes(faces, pd.concat([neighbours("a"), neighbours("d")[:1]]))
