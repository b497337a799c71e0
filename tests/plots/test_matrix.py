import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import Normalize, to_rgba
from matplotlib.figure import Figure

from isc.plots import plot_subject_matrix, plot_subject_series
from isc.plots.style import NO_VALUE


def _cells(figure):
    return next(c for c in figure.axes[0].collections if type(c).__name__ == "QuadMesh").get_array()


def _dyads(matrix: np.ndarray, names) -> xr.DataArray:
    first, second = np.triu_indices(len(matrix), 1)
    coords = {"subject_a": ("dyad", np.array(names)[first]), "subject_b": ("dyad", np.array(names)[second])}
    return xr.DataArray(matrix[first, second], dims="dyad", coords=coords)


@pytest.fixture
def two_kinds() -> xr.DataArray:
    """Six subjects; the even ones are alike, and so are the odd ones."""
    kind = np.arange(6) % 2
    matrix = np.where(kind[:, None] == kind, 0.6, -0.1) + 0.01 * np.add.outer(np.arange(6), np.arange(6))
    return _dyads(matrix, [f"sub-{n}" for n in range(6)])


def _names(figure, axis="y"):
    return [label.get_text() for label in getattr(figure.axes[0], f"get_{axis}ticklabels")()]


def test_each_dyad_is_shown_twice_and_the_diagonal_is_empty(two_kinds):
    cells = _cells(plot_subject_matrix(two_kinds, order="given"))
    assert np.ma.allequal(cells, cells.T)
    assert np.diag(np.ma.getmaskarray(cells)).all()
    assert np.allclose(cells[np.triu_indices(6, 1)], two_kinds.values)


def test_similar_subjects_stand_side_by_side(two_kinds):
    figure = plot_subject_matrix(two_kinds)
    kinds = [int(name[-1]) % 2 for name in _names(figure)]
    assert kinds in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])
    assert _names(figure) == _names(figure, "x")
    assert np.ma.allclose(_cells(figure)[:3, 3:], -0.1, atol=0.1)


def test_groups_stay_together_and_are_parted_by_lines(two_kinds):
    groups = np.array(["b", "b", "a", "a", "b", "a"])
    figure = plot_subject_matrix(two_kinds, groups=groups)
    names = [groups[int(name[-1])] for name in _names(figure)]
    assert names == ["b"] * 3 + ["a"] * 3
    assert [line.get_ydata()[0] for line in figure.axes[0].lines][0] == 3


def test_a_missing_dyad_is_grey_and_does_not_stop_the_order(two_kinds):
    two_kinds[2] = np.nan
    figure = plot_subject_matrix(two_kinds)
    assert np.ma.getmaskarray(_cells(figure)).sum() == 8
    assert figure.axes[0].get_facecolor() == to_rgba(NO_VALUE)


def test_the_matrix_has_its_number_of_subjects_and_a_scale_centred_on_zero(two_kinds):
    figure = plot_subject_matrix(two_kinds)
    assert figure.axes[0].get_ylabel() == "subject (n = 6)"
    assert figure.axes[1].get_ylabel() == "ISC of the dyad (r)"
    mesh = figure.axes[0].collections[0]
    assert mesh.norm.vmin == -mesh.norm.vmax
    assert plot_subject_matrix(two_kinds, scale=Normalize(-2, 2)).axes[0].collections[0].norm.vmax == 2


def test_the_names_of_many_subjects_are_left_out():
    matrix = np.random.default_rng(0).normal(size=(50, 50))
    assert _names(plot_subject_matrix(_dyads(matrix, range(50)))) == []


def test_both_are_drawn_on_the_users_axes(two_kinds):
    figure = Figure()
    first, second = figure.subplots(2)
    assert plot_subject_matrix(two_kinds, ax=first) is figure
    series = xr.DataArray(np.eye(4), dims=("window", "dyad"), coords={"time": ("window", np.arange(4.0))})
    assert plot_subject_series(series, ax=second) is figure


@pytest.fixture
def courses() -> xr.DataArray:
    """Four subjects: the first and the last share a course, and so do the others."""
    time = np.linspace(0, 6, 60)
    one, other = np.sin(time), np.cos(3 * time)
    values = np.stack([one, other, 0.9 * other, 1.1 * one], axis=1) + 0.01 * np.arange(4)
    coords = {"time": ("window", time), "subject": ["a", "b", "c", "d"]}
    return xr.DataArray(values, dims=("window", "subject"), coords=coords, attrs={"estimator": "leave_one_out"})


def test_rows_with_similar_courses_stand_side_by_side(courses):
    courses[3, 0] = np.nan
    figure = plot_subject_series(courses)
    names = _names(figure)
    assert {frozenset(names[:2]), frozenset(names[2:])} == {frozenset("ad"), frozenset("bc")}
    rows = ["abcd".index(name) for name in names]
    assert np.ma.allclose(_cells(figure), np.ma.masked_invalid(courses.values.T[rows]))
    assert np.ma.getmaskarray(_cells(figure)).sum() == 1


def test_rows_come_as_they_are_given_on_request(courses):
    assert _names(plot_subject_series(courses, order="given")) == list("abcd")


def test_dyads_are_counted_and_not_named(courses):
    figure = plot_subject_series(courses.drop_vars("subject").rename(subject="dyad"))
    assert figure.axes[0].get_ylabel() == "dyad (n = 4)"
    assert _names(figure) == []
    assert figure.axes[0].get_xlabel() == "time from stimulus onset (s)"


def test_rows_that_never_vary_and_rows_without_a_value_have_a_place(courses):
    courses[:, 1], courses[:, 2] = 0.0, np.nan
    assert sorted(_names(plot_subject_series(courses))) == list("abcd")


def test_what_cannot_be_drawn_is_named(two_kinds, courses):
    with pytest.raises(ValueError, match=r"coords subject_a and subject_b; \['subject_b'\] missing"):
        plot_subject_matrix(two_kinds.drop_vars("subject_b"))
    with pytest.raises(ValueError, match="groups has 2 labels and there are 6 subjects"):
        plot_subject_matrix(two_kinds, groups=["a", "b"])
    with pytest.raises(ValueError, match="order must be similarity or given; given 'best'"):
        plot_subject_matrix(two_kinds, order="best")
    with pytest.raises(ValueError, match=r"dyads needs dims \('dyad',\)"):
        plot_subject_matrix(courses)
    with pytest.raises(TypeError, match="tisc must be an xarray.DataArray"):
        plot_subject_series(courses.values)
