import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from isc.plots import plot_null
from isc.synchrony.inference import thresholds


def _bars(ax, colour_channel):
    """Total height of the orange (0) or blue (2) bars: one channel dominates each colour."""
    bars = [patch for patch in ax.patches if patch.get_label() != "95 % Monte-Carlo interval" and patch.get_height()]
    return sum(bar.get_height() for bar in bars if np.argmax(bar.get_facecolor()[:3]) == colour_channel)


def test_each_scheme_has_a_panel_with_all_its_surrogates(null):
    shuffle = (null / 5).isel(surrogate=slice(50)).assign_attrs(scheme="timepoint_shuffle")
    figure = plot_null({"circular_shift": null, "timepoint_shuffle": shuffle})
    first, second = figure.axes[0].child_axes
    assert first.get_title(loc="left") == "circular shift (200 surrogates)"
    assert second.get_title(loc="left") == "frame shuffle (50 surrogates)"
    assert (_bars(first, 0), _bars(first, 2)) == (200, 200)
    assert (_bars(second, 0), _bars(second, 2)) == (50, 50)
    assert first.get_xlim() == second.get_xlim()


def test_thresholds_stand_where_they_are_with_their_monte_carlo_interval(null):
    bounds = thresholds(null, tail="two_sided")
    (panel,) = plot_null(null, thresholds=bounds).axes[0].child_axes
    drawn = sorted(line.get_xdata()[0] for line in panel.lines)
    assert drawn == sorted(bounds["threshold"].values.tolist())
    intervals = [p for p in panel.patches if p.get_height() == 1 and p.get_alpha() == 0.15]
    spans = sorted((p.get_x(), p.get_x() + p.get_width()) for p in intervals)
    assert np.allclose(spans, np.sort(np.column_stack([bounds["low"], bounds["high"]]), axis=0))


def test_a_one_sided_test_has_one_threshold(null):
    (panel,) = plot_null(null, thresholds=thresholds(null)).axes[0].child_axes
    assert len(panel.lines) == 1


def test_observed_extremes_are_marked_and_name_what_was_observed(null, tisc):
    (panel,) = plot_null(null, observed=tisc.where(tisc["vertex"] != 3)).axes[0].child_axes
    marks = next(line for line in panel.lines if line.get_label() == "observed extremes")
    expected = tisc.where(tisc["vertex"] != 3)
    assert np.allclose(marks.get_xdata(), [expected.min(), expected.max()])
    assert panel.get_xlabel() == "smallest and largest t-ISC (mean r, n = 21)"


def test_windows_are_pooled_and_said_to_be(null):
    windows = null.expand_dims(window=3, axis=2)
    bounds = thresholds(windows)
    (panel,) = plot_null(windows, thresholds=bounds).axes[0].child_axes
    assert panel.get_title(loc="left") == "circular shift (200 surrogates, 3 windows each)"
    assert panel.get_ylabel() == "windows of surrogates"
    assert _bars(panel, 2) == 600
    assert panel.lines[0].get_xdata()[0] == float(bounds["threshold"].sel(extreme="max").median())


def test_surrogates_without_a_value_are_left_out(null):
    lost = null.where(xr.DataArray(np.arange(200) > 9, dims="surrogate"))
    (panel,) = plot_null(lost).axes[0].child_axes
    assert _bars(panel, 2) == 190


def test_histograms_are_drawn_within_the_users_axes(null):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot_null(null, ax=right) is figure
    assert len(right.child_axes) == 1
    assert not left.child_axes


def test_thresholds_of_another_scheme_are_refused(null):
    with pytest.raises(ValueError, match=r"thresholds are given for \['phase'\], which is no scheme of null"):
        plot_null({"circular_shift": null}, thresholds={"phase": thresholds(null)})


def test_a_null_without_extremes_is_refused(null):
    with pytest.raises(ValueError, match="null circular_shift needs dims surrogate and extreme"):
        plot_null(null.sel(extreme="min", drop=True))
