import numpy as np
import pytest
import xarray as xr

from isc.plots import plot_diagnostics


@pytest.fixture
def diagnosis() -> xr.Dataset:
    time = np.arange(30) * 2.0
    return xr.Dataset(
        {
            "autocorrelation_time": ("window", np.linspace(10, 20, 30)),
            "effective_samples": ("window", np.linspace(15, 7, 30)),
            "dropped_share": ("window", np.where(time > 40, 0.1, 0.0)),
        },
        coords={"time": ("window", time)},
        attrs={"autocorrelation_time": 12.5, "stationarity_ratio": 2.0, "stationarity_p": 0.03},
    )


def _panels(figure):
    return figure.axes[0].child_axes


def test_each_quantity_has_a_panel_with_its_unit(diagnosis):
    labels = [panel.get_ylabel() for panel in _panels(plot_diagnostics(diagnosis))]
    expected = ["autocorrelation\ntime (samples)", "effective samples\nof a window", "subjects\nleft out (share)"]
    assert labels == expected
    assert _panels(plot_diagnostics(diagnosis))[-1].get_xlabel() == "time from stimulus onset (s)"


def test_the_curves_are_the_values(diagnosis):
    first, second, third = _panels(plot_diagnostics(diagnosis))
    assert np.allclose(first.lines[0].get_ydata(), diagnosis["autocorrelation_time"])
    assert np.allclose(second.lines[0].get_ydata(), diagnosis["effective_samples"])
    assert np.allclose(third.patches[0].get_data().values, diagnosis["dropped_share"])
    assert third.get_ylim() == (0, 1)


def test_the_whole_recording_and_stationarity_are_written_on_it(diagnosis):
    first = _panels(plot_diagnostics(diagnosis))[0]
    assert first.lines[1].get_ydata()[0] == 12.5
    assert [text.get_text() for text in first.texts] == ["whole recording: 12.5"]
    assert first.get_title(loc="left").endswith("= 2; that subjects share its changes: p = 0.03")


def test_what_was_not_computed_is_not_written(diagnosis):
    diagnosis.attrs.clear()
    figure = plot_diagnostics(diagnosis[["autocorrelation_time"]])
    assert len(_panels(figure)) == 1
    assert not _panels(figure)[0].texts
    assert _panels(figure)[0].get_title(loc="left") == ""


def test_windows_without_a_value_leave_a_gap(diagnosis):
    diagnosis["autocorrelation_time"][:] = np.nan
    first = _panels(plot_diagnostics(diagnosis))[0]
    assert np.isnan(first.lines[0].get_ydata()).all()
    assert first.get_ylim()[1] >= 12.5


def test_a_data_set_without_smoothness_is_refused(diagnosis):
    with pytest.raises(ValueError, match="needs autocorrelation_time as isc.diagnose gives it; it has eff"):
        plot_diagnostics(diagnosis.drop_vars("autocorrelation_time"))
    with pytest.raises(ValueError, match=r"autocorrelation_time needs dims \('window',\)"):
        plot_diagnostics(diagnosis.expand_dims(subject=2))
