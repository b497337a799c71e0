import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure

from isc.mesh import triangles
from isc.plots import plot_face_map, plot_pair_map
from isc.plots.style import NO_VALUE
from isc.plots.views import project


def _map(figure):
    """The coloured triangles of the first view."""
    return next(c for c in figure.axes[0].collections if type(c).__name__ == "PolyCollection")


def _values(numbers, **attrs):
    return xr.DataArray(np.asarray(numbers, dtype=float), dims="vertex", name="tisc", attrs=attrs)


def test_a_value_colours_exactly_the_triangles_round_its_vertex(shape):
    values = np.zeros(478)
    values[4] = 0.6  # tip of the nose
    drawn = _map(plot_face_map(_values(values), shape, view="front"))
    coloured = np.flatnonzero(drawn.get_array() > 0)
    corners = np.array([path.vertices[:3] for path in drawn.get_paths()])
    nose = project(shape, "front")[0].points[4]
    touching = np.flatnonzero((np.abs(corners - nose).max(axis=2) < 1e-9).any(axis=1))
    assert coloured.size > 3
    assert np.array_equal(coloured, touching)
    assert np.allclose(drawn.get_array()[coloured], 0.2)


def test_every_triangle_has_the_mean_of_its_three_vertices_where_they_lie(shape):
    values = np.random.default_rng(0).normal(size=478)
    drawn = _map(plot_face_map(_values(values), shape, view="front"))
    (front,) = project(shape, "front")
    faces = triangles()[front.faces]
    assert np.allclose(drawn.get_array(), values[faces].mean(axis=1))
    assert np.allclose([path.vertices[:3] for path in drawn.get_paths()], front.points[faces])


def test_the_colour_scale_is_centred_on_zero(shape):
    drawn = _map(plot_face_map(_values(np.linspace(-0.1, 0.5, 478)), shape))
    assert drawn.norm.vmin == -drawn.norm.vmax
    middle = np.array(drawn.cmap(drawn.norm(0.0))[:3])
    assert middle.min() > 0.95  # white
    assert np.argmax(drawn.cmap(drawn.norm(0.3))[:3]) == 0  # red
    assert np.argmax(drawn.cmap(drawn.norm(-0.3))[:3]) == 2  # blue


def test_a_face_without_synchrony_still_has_a_scale(shape):
    drawn = _map(plot_face_map(_values(np.zeros(478)), shape))
    assert (drawn.norm.vmin, drawn.norm.vmax) == (-1.0, 1.0)


def test_a_given_scale_is_kept(shape):
    drawn = _map(plot_face_map(_values(np.ones(478)), shape, scale=Normalize(-3, 3)))
    assert (drawn.norm.vmin, drawn.norm.vmax) == (-3, 3)


def test_triangles_without_a_value_are_grey_and_the_key_says_so(shape):
    values = np.full(478, 0.3)
    values[4] = np.nan
    figure = plot_face_map(_values(values), shape, view="front")
    drawn = _map(figure)
    drawn.update_scalarmappable()
    (front,) = project(shape, "front")
    lost = (triangles()[front.faces] == 4).any(axis=1)
    assert np.allclose(drawn.get_facecolor()[lost, :3], to_rgb(NO_VALUE))
    assert not np.isclose(drawn.get_facecolor()[~lost, :3], to_rgb(NO_VALUE)).all(axis=1).any()
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["no value (1 vertices)"]


def test_irises_have_no_say_in_the_scale(shape):
    values = np.full(478, 0.1)
    values[470] = 9.0
    assert _map(plot_face_map(_values(values), shape)).norm.vmax == pytest.approx(0.1)


def _outline(figure):
    """Segments of the line round significant vertices: it lies above everything else."""
    lines = [c for c in figure.axes[0].collections if type(c).__name__ == "LineCollection" and c.get_zorder() == 3]
    return np.array(lines[0].get_segments())


def test_a_significant_vertex_is_outlined_halfway_to_its_neighbours_and_counted(shape):
    significant = xr.DataArray(np.isin(np.arange(478), [4, 470]), dims="vertex")  # tip of the nose, an iris
    figure = plot_face_map(_values(np.zeros(478)), shape, significant=significant, view="front")
    (front,) = project(shape, "front")
    faces = triangles()[front.faces]
    round_it = faces[(faces == 4).any(axis=1)]
    neighbours = np.setdiff1d(round_it, [4])
    ends = np.unique(_outline(figure).reshape(-1, 2).round(9), axis=0)
    halfway = np.unique(((front.points[4] + front.points[neighbours]) / 2).round(9), axis=0)
    assert len(_outline(figure)) == len(round_it)
    assert np.allclose(ends, halfway)
    assert "significant (1 of 468 vertices)" in [t.get_text() for t in figure.axes[0].get_legend().get_texts()]


def test_the_outline_of_a_region_is_one_closed_line_round_it(shape):
    from isc.mesh import regions

    inside = np.isin(np.arange(478), regions()["nose"])
    segments = _outline(
        plot_face_map(_values(np.zeros(478)), shape, significant=xr.DataArray(inside, dims="vertex"), view="front")
    )
    _, uses = np.unique(segments.reshape(-1, 2).round(9), axis=0, return_counts=True)
    assert (uses == 2).all()


def test_nothing_is_outlined_where_nothing_or_everything_is_significant(shape):
    for flags in (np.zeros(478, dtype=bool), np.ones(478, dtype=bool)):
        figure = plot_face_map(_values(np.zeros(478)), shape, significant=xr.DataArray(flags, dims="vertex"))
        assert _outline(figure).size == 0


def test_profiles_show_the_half_that_is_seen_and_look_towards_the_front_view(shape):
    right, front, left = project(shape, "both")
    seen = {view.name: np.unique(triangles()[view.faces]) for view in (right, front, left)}
    assert 50 in seen["right profile"]
    assert 280 not in seen["right profile"]
    assert 280 in seen["left profile"]
    assert 50 not in seen["left profile"]
    assert right.points[4, 0] > right.points[10, 0]  # the nose points to the right of the page
    assert left.points[4, 0] < left.points[10, 0]
    assert right.points[:, 0].max() < front.points[:, 0].min() < front.points[:, 0].max() < left.points[:, 0].min()


def test_near_triangles_are_painted_over_far_ones(shape):
    (front,) = project(shape, "front")
    depth = shape.values[triangles()[front.faces], 2].mean(axis=1)
    assert (np.diff(depth) <= 0).all()  # z points towards the back


def test_the_chin_is_at_the_bottom_and_the_persons_right_at_the_left_of_the_page(shape):
    figure = plot_face_map(_values(np.zeros(478)), shape, view="front")
    ax = figure.axes[0]
    to_page = ax.transData.transform(project(shape, "front")[0].points)
    assert to_page[152, 1] < to_page[10, 1]
    assert to_page[33, 0] < to_page[263, 0]
    marks = {text.get_text(): text.get_position()[0] for text in ax.texts}
    assert marks["R"] < marks["L"]


def test_the_window_the_quantity_and_the_number_of_subjects_are_written_on_the_map(tisc, shape):
    figure = plot_face_map(tisc.isel(window=6), shape)
    assert figure.axes[0].get_title(loc="left") == "window 10.0 to 15.0 s"
    assert figure.axes[1].get_ylabel() == "t-ISC (mean r, n = 21)"


def test_other_quantities_are_named_with_their_unit(shape):
    values = _values(np.zeros(478), long_name="displacement", units="inter-ocular distance").rename("d")
    assert plot_face_map(values, shape).axes[1].get_ylabel() == "displacement (inter-ocular distance)"


def test_the_map_is_drawn_on_the_users_axes(shape):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot_face_map(_values(np.zeros(478)), shape, view="both", ax=right) is figure
    assert not left.collections
    assert len([c for c in right.collections if type(c).__name__ == "PolyCollection"]) == 3


def test_the_strongest_pairs_are_drawn_whatever_their_sign_and_lost_pairs_are_not(shape):
    values = _values([0.1, -0.5, np.nan, 0.4, 0.2]).rename(vertex="pair")
    a, b = np.array([61, 13, 0, 33, 4]), np.array([291, 14, 17, 263, 152])
    figure = plot_pair_map(values, shape, a, b, top=3)
    lines = next(c for c in figure.axes[0].collections if c.get_array() is not None)
    assert lines.get_array().tolist() == [0.2, 0.4, -0.5]
    (front,) = project(shape, "front")
    drawn = np.array(lines.get_segments())
    assert np.allclose(drawn, front.points[np.column_stack([a, b])[[4, 3, 1]]])
    assert (lines.norm.vmin, lines.norm.vmax) == (-0.5, 0.5)
    assert figure.axes[0].get_title(loc="left") == "the 3 pairs of 4 with the largest |values|"
    assert figure.axes[1].get_ylabel() == "t-ISC"


def test_asking_for_more_pairs_than_there_are_draws_all(shape):
    figure = plot_pair_map(_values([0.1, 0.2]).rename(vertex="pair"), shape, [61, 13], [291, 14], top=20)
    assert figure.axes[0].get_title(loc="left") == "the 2 pairs of 2 with the largest |values|"


def test_pairs_are_drawn_on_the_users_axes(shape):
    figure = Figure()
    ax = figure.add_subplot()
    assert plot_pair_map(_values([0.1]).rename(vertex="pair"), shape, [61], [291], ax=ax) is figure
    assert ax.collections


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"view": "top"}, "view must be front, profile or both; given 'top'"),
        ({"values": np.zeros(478)}, r"values must be an xarray.DataArray with dims \('vertex',\), not ndarray"),
        ({"values": _values(np.zeros(400))}, "values has 400 vertices and shape 478; give one value a vertex"),
        ({"significant": _values(np.zeros(400))}, "significant has 400 vertices and shape 478"),
        ({"values": _values(np.zeros(478)).expand_dims("window")}, "values needs dims .* select or average the others"),
        (
            {"shape": xr.DataArray(np.zeros((68, 3)), dims=("vertex", "space"))},
            r"468 or 478 vertices x 3 axes; given \(68",
        ),
    ],
)
def test_what_does_not_fit_the_mesh_is_refused(shape, changed, message):
    given = {"values": _values(np.zeros(478)), "shape": shape} | changed
    with pytest.raises((TypeError, ValueError), match=message):
        plot_face_map(given.pop("values"), given.pop("shape"), **given)


@pytest.mark.parametrize(
    ("a", "b", "top", "message"),
    [
        ([61], [291, 14], 20, "values has 2 pairs, vertex_a and vertex_b 1 and 2; give both vertices of each pair"),
        ([61, 500], [291, 14], 20, "vertices are 0 to 477 in this shape; given 14 to 500"),
        ([61, 13], [291, 14], 0, "top is the number of pairs to draw, at least 1; given 0"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(shape, a, b, top, message):
    with pytest.raises(ValueError, match=message):
        plot_pair_map(_values([0.1, 0.2]).rename(vertex="pair"), shape, a, b, top=top)
