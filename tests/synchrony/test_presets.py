"""Named options: what each preset is, and the window rule of the published scripts."""

import numpy as np
import pytest
import xarray as xr

import isc
from isc.synchrony.presets import PRESETS, choose_preset


def cube_of(n_time, rate=30.0):
    rng = np.random.default_rng(0)
    return xr.DataArray(
        rng.normal(size=(5, n_time, 1)), dims=("subject", "time", "vertex"), coords={"time": np.arange(n_time) / rate}
    )


def published_starts(n_time):
    """Zero-based first frames of the published scripts at 30 fps: Matlab's int32 division rounds halves away."""
    return 50 * np.arange(int(np.floor((n_time - 150) / 50 + 0.5)))


@pytest.mark.parametrize("n_time", [301, 320, 325, 330, 349, 350, 1234])
def test_facexp_windows_are_those_of_the_published_scripts(n_time):
    windowing = PRESETS["facexp"].windowing(cube_of(n_time))
    used = cube_of(n_time).isel(time=slice(0, windowing.n_time))
    tisc = isc.temporal_isc(used, window=windowing.window, step=windowing.step)
    assert tisc.start_sample.values.tolist() == published_starts(n_time).tolist()
    assert tisc.attrs["window_samples"] == 151


def test_the_published_study_has_716_windows():
    windowing = PRESETS["facexp"].windowing(cube_of(35_941))
    assert (windowing.n_time - 151) / 50 + 1 == 716


def test_presets_are_the_published_choices():
    poster, facexp, recommended = (PRESETS[name] for name in ("poster", "facexp", "recommended"))
    assert recommended.schemes == ("circular_shift", "sign_flip") and recommended.scope == "recording"
    assert (recommended.tail, recommended.alpha, recommended.n_surrogates) == ("greater", 0.05, 1000)
    assert poster.schemes == facexp.schemes == ("timepoint_shuffle",)
    assert poster.n_surrogates == facexp.n_surrogates == 200
    assert poster.alpha / 2 == pytest.approx(0.05) and facexp.alpha / 2 == pytest.approx(0.025)
    assert (poster.extent, facexp.extent) == ("recording", "within_window")


def test_an_unknown_option_is_refused_with_the_nearest_name():
    with pytest.raises(TypeError, match="'n_surogates' is not an option of a test of synchrony; did you mean 'n_surro"):
        choose_preset("recommended", {"n_surogates": 3})
    with pytest.raises(TypeError, match="known options: window, step"):
        choose_preset("recommended", {"q": 3})


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match="preset must be one of recommended, poster, facexp; given 'default'"):
        choose_preset("default", {})


def test_a_recording_shorter_than_a_window_of_the_scripts_is_refused():
    with pytest.raises(ValueError, match="window is 5 s but the recording lasts"):
        PRESETS["facexp"].windowing(cube_of(160))
