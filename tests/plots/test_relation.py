"""The features at both ends of r are drawn with their series, their null band, the agreement and their place."""

import numpy as np
import pytest
import xarray as xr

from isc.plots import plot_relation


@pytest.fixture
def relation():
    """Correlations from -0.5 (vertex 477) to 0.5 (vertex 0), as if it came from correlate_with_agreement."""
    r = np.linspace(0.5, -0.5, 478)
    parts = {"r": r, "lag": np.full(478, 5 / 3), "p_fwe": np.where(np.abs(r) > 0.4, 0.003, 1.0)}
    return xr.Dataset({name: ("vertex", values) for name, values in parts.items()})


@pytest.fixture
def thresholds():
    return xr.Dataset({"threshold": ("extreme", [-np.inf, 0.2])}, coords={"extreme": ["min", "max"]})


def panels(figure):
    """(series, agreement, face) of every row."""
    found = figure.axes[0].child_axes
    return [tuple(found[k : k + 3]) for k in range(0, len(found), 3)]


def test_the_largest_r_comes_first_and_the_smallest_last(tisc, agreement, relation, shape):
    rows = panels(plot_relation(tisc, agreement, relation, shape, top=2))
    titles = [series.get_title(loc="left") for series, _, _ in rows]
    assert [title.split(" (")[0] for title in titles] == [
        "largest r: vertex 0",
        "largest r: vertex 1",
        "smallest r: vertex 476",
        "smallest r: vertex 477",
    ]
    assert "(r = 0.50 at lag 1.7 s, familywise p = 0.003)" in titles[0]


def test_a_row_shows_the_series_of_its_feature_the_band_and_the_agreement(tisc, agreement, relation, shape, thresholds):
    (series, over, _), *_ = panels(plot_relation(tisc, agreement, relation, shape, thresholds=thresholds))
    (line,) = [line for line in series.lines if line.get_label() == "t-ISC"]
    assert line.get_ydata() == pytest.approx(tisc.isel(vertex=0).values)
    assert any(line.get_label() == "threshold" for line in series.lines)
    assert over.patches[0].get_data().values == pytest.approx(agreement.values)
    assert over.get_ylabel() == "agreement\n(share of 20)"
    assert series.get_xlim() == over.get_xlim()
    assert not over.patch.get_visible()


def test_the_place_is_the_vertex_or_both_ends_of_the_pair(tisc, agreement, relation, shape):
    _, _, face = panels(plot_relation(tisc, agreement, relation, shape))[0]
    assert face.lines[0].get_xydata() == pytest.approx(shape.values[[0], :2] - [np.nanmin(shape.values[:, 0]), 0])
    pairs = tisc.isel(vertex=[61, 13]).rename(vertex="pair").drop_vars("pair")
    pairs = pairs.assign_coords(vertex_a=("pair", [61, 13]), vertex_b=("pair", [291, 14]))
    rows = panels(plot_relation(pairs, agreement, relation.isel(vertex=[0, 1]).rename(vertex="pair"), shape))
    assert rows[0][0].get_title(loc="left").startswith("largest r: distance of vertices 61 and 291")
    assert len(rows[0][2].lines[0].get_xdata()) == 2


def test_features_without_r_are_passed_over_and_one_feature_is_drawn_once(tisc, agreement, relation, shape):
    relation["r"][0] = np.nan
    rows = panels(plot_relation(tisc, agreement, relation, shape))
    assert rows[0][0].get_title(loc="left").startswith("largest r: vertex 1 ")
    one = panels(plot_relation(tisc.isel(vertex=[5]), agreement, relation.isel(vertex=[5]), shape))
    assert len(one) == 1


def test_what_cannot_be_drawn_is_named(tisc, agreement, relation, shape):
    with pytest.raises(ValueError, match="tisc needs dims window and vertex, or window and pair"):
        plot_relation(tisc.isel(vertex=0), agreement, relation, shape)
    with pytest.raises(ValueError, match="give the result of correlate_with_agreement for the same features"):
        plot_relation(tisc.isel(vertex=[0]), agreement, relation, shape)
    with pytest.raises(ValueError, match="top must be 1 or more and some r finite; given 0"):
        plot_relation(tisc, agreement, relation, shape, top=0)
