import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure

from isc.plots import plot_agreement, plot_tisc
from isc.plots.style import BAND_GREY, VERMILLION
from isc.plots.time_axis import window_borders


def _thresholds(lower, upper):
    return xr.Dataset({"threshold": ("extreme", [lower, upper])}, coords={"extreme": ["min", "max"]})


def _labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def _line(ax, label):
    return next(line for line in ax.lines if line.get_label().startswith(label))


@pytest.fixture
def series(tisc):
    return tisc.sel(vertex=61)


def test_the_series_lies_at_window_centres_and_says_what_it_is(series):
    ax = plot_tisc(series).axes[0]
    assert np.allclose(_line(ax, "t-ISC").get_xydata(), np.column_stack([series["time"], series]))
    assert ax.get_xlabel() == "time from stimulus onset (s)"
    assert ax.get_ylabel() == "t-ISC (mean r, n = 21)"
    assert ax.get_title(loc="left") == "vertex 61"


def test_a_varying_number_of_subjects_is_written_as_a_range(series):
    counts = np.where(np.arange(21) == 3, 17, 21)
    figure = plot_tisc(series.assign_coords(n_subject=("window", counts)))
    assert figure.axes[0].get_ylabel() == "t-ISC (mean r, n = 17 to 21)"


@pytest.mark.parametrize(
    ("attrs", "label"),
    [
        ({"summary": "fisher_mean", "estimator": "pairwise"}, "t-ISC (Fisher mean r, n = 21)"),
        ({"summary": "median", "estimator": "leave_one_out"}, "t-ISC (median leave-one-out r, n = 21)"),
        ({"summary": "none", "estimator": "pairwise"}, "t-ISC (r, n = 21)"),
        ({}, "t-ISC (n = 21)"),
    ],
)
def test_the_summary_is_named(series, attrs, label):
    series.attrs = attrs
    assert plot_tisc(series).axes[0].get_ylabel() == label


def test_a_pair_is_named_by_its_vertices(series):
    pair = series.drop_vars("vertex").assign_coords(vertex_a=13, vertex_b=14)
    assert plot_tisc(pair).axes[0].get_title(loc="left") == "distance of vertices 13 and 14"


def test_the_null_band_lies_between_both_thresholds(series):
    ax = plot_tisc(series, thresholds=_thresholds(-0.15, 0.25)).axes[0]
    band = next(c for c in ax.collections if c.get_label() == "within the null")
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (-0.15, 0.25)
    assert {"within the null", "threshold"} <= set(_labels(ax))


def test_the_band_of_a_one_sided_test_is_open_below_and_has_one_line(series):
    ax = plot_tisc(series, thresholds=_thresholds(-np.inf, 0.25)).axes[0]
    band = next(c for c in ax.collections if c.get_label() == "within the null")
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(ax.get_ylim()[0])
    assert heights.max() == 0.25
    dashed = [line for line in ax.lines if line.get_linestyle() == "--" and np.isfinite(line.get_ydata()).any()]
    assert len(dashed) == 1


def test_thresholds_of_single_windows_are_steps(series):
    each = np.stack([np.full(21, -0.2), np.linspace(0.2, 0.4, 21)])
    thresholds = xr.Dataset({"threshold": (("extreme", "window"), each)}, coords={"extreme": ["min", "max"]})
    line = _line(plot_tisc(series, thresholds=thresholds).axes[0], "threshold")
    assert np.allclose(line.get_ydata(), np.repeat(each[1], 2))
    assert np.allclose(line.get_xdata()[1:-1:2], window_borders(series["time"].values)[1:-1])


def test_significant_windows_are_marked_and_counted(series):
    significant = series > 0.3
    line = _line(plot_tisc(series, significant=significant).axes[0], "significant")
    assert line.get_label() == f"significant ({int(significant.sum())} of 21 windows)"
    assert np.allclose(line.get_xdata(), series["time"][significant])
    assert np.allclose(line.get_ydata(), series[significant])
    assert (line.get_color(), line.get_marker()) == (VERMILLION, "D")


def test_windows_without_a_value_are_hatched_and_break_the_line(series):
    lost = series.where(np.arange(21) != 7)
    ax = plot_tisc(lost).axes[0]
    (hatched,) = [patch for patch in ax.patches if patch.get_hatch()]
    borders = window_borders(lost["time"].values)
    assert hatched.get_x() == pytest.approx(borders[7])
    assert hatched.get_width() == pytest.approx(borders[8] - borders[7])
    assert np.isnan(_line(ax, "t-ISC").get_ydata()[7])
    assert "no value" in _labels(ax)


def test_a_series_of_nan_only_is_drawn_as_lost(series):
    figure = plot_tisc(series * np.nan)
    figure.draw_without_rendering()
    assert len([patch for patch in figure.axes[0].patches if patch.get_hatch()]) == 21


def test_agreement_stands_below_on_the_same_time_axis_with_its_raters(series, agreement):
    upper, lower = plot_tisc(series, agreement=agreement).axes[0].child_axes
    assert lower.get_ylabel() == "agreement\n(share of\n20 raters)"
    assert upper.get_shared_x_axes().joined(upper, lower)
    assert lower.get_xlabel() == "time from stimulus onset (s)"
    assert upper.get_xlabel() == ""
    assert lower.get_ylim() == (0, 1)
    assert np.allclose(lower.patches[0].get_data().values, agreement)
    assert lower.get_position().y1 < upper.get_position().y0


def test_a_count_of_raters_is_not_squeezed_into_shares(agreement):
    counted = (agreement * 20).assign_attrs(method="count_at_maximum")
    ax = plot_agreement(counted).axes[0]
    assert ax.get_ylabel() == "agreement\n(number of\n20 raters)"
    assert ax.get_ylim()[1] > 10


def test_the_chance_band_of_agreement_is_a_line_with_its_level(agreement):
    chance = xr.Dataset({"threshold": 0.35}, attrs={"alpha": 0.05})
    ax = plot_agreement(agreement, chance=chance).axes[0]
    line = _line(ax, "reached by chance in 5 % of films")
    assert set(line.get_ydata()) == {0.35}


def test_epochs_are_shaded_and_named_where_the_name_fits(series):
    epochs = pd.DataFrame({"onset": [5.0, 20.0], "duration": [10.0, 0.5], "trial_type": ["$happiness", "happiness"]})
    ax = plot_tisc(series, epochs=epochs).axes[0]
    shaded = [(patch.get_x(), patch.get_width()) for patch in ax.patches if not patch.get_hatch()]
    assert shaded == [(5.0, 10.0), (20.0, 0.5)]
    assert [(text.get_text(), text.get_position()[0]) for text in ax.texts] == [("$happiness", 10.0)]
    assert not ax.texts[0].get_parse_math()
    assert _labels(ax).count("epoch") == 1


def test_names_of_epochs_are_not_required(series):
    assert not plot_tisc(series, epochs=pd.DataFrame({"onset": [5.0], "duration": [10.0]})).axes[0].texts


def test_a_long_series_is_drawn_without_dots(series):
    time = ("window", np.arange(200.0))
    long = xr.DataArray(np.zeros(200), dims="window", coords={"time": time})
    assert _line(plot_tisc(long).axes[0], "t-ISC").get_marker() == ""
    assert _line(plot_tisc(series).axes[0], "t-ISC").get_marker() == "o"


def test_the_series_is_drawn_on_the_users_axes(series, agreement):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot_tisc(series, thresholds=_thresholds(-0.2, 0.2), ax=right) is figure
    assert not left.lines
    assert any(c.get_facecolor().shape == (1, 4) for c in right.collections)
    assert plot_tisc(series, agreement=agreement, ax=left) is figure
    assert len(left.child_axes) == 2


def test_the_figure_of_axes_in_a_subfigure_is_the_whole_figure(series):
    figure = Figure()
    ax = figure.subfigures(1, 2)[0].add_subplot()
    assert plot_tisc(series, ax=ax) is figure


def test_one_window_is_a_second_wide():
    assert window_borders(np.array([2.5])).tolist() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"significant": xr.DataArray([True, False], dims="window")}, "significant has 2 windows and tisc 21"),
        ({"significant": xr.DataArray([True], dims="vertex")}, "significant needs dims"),
        ({"agreement": np.zeros(21)}, "agreement must be an xarray.DataArray"),
        (
            {"epochs": pd.DataFrame({"onset": [1.0]})},
            r"epochs need the columns onset and duration in seconds; \['duration'\]",
        ),
    ],
)
def test_what_does_not_fit_the_series_is_refused(series, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plot_tisc(series, **options)


def test_more_than_one_series_is_refused(tisc):
    with pytest.raises(ValueError, match=r"tisc needs dims \('window',\) and has \('window', 'vertex'\); select"):
        plot_tisc(tisc)


def test_the_band_has_its_own_grey(series):
    ax = plot_tisc(series, thresholds=_thresholds(-0.2, 0.2)).axes[0]
    band = next(c for c in ax.collections if c.get_label() == "within the null")
    assert np.allclose(band.get_facecolor()[0, :3], [int(BAND_GREY[i : i + 2], 16) / 255 for i in (1, 3, 5)])
