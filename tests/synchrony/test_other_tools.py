"""The same numbers as the tools that researchers use, on the same arrays."""

import warnings

import numpy as np
import pytest
import xarray as xr

import isc

FILE = "ts_array_mentalizingfine_regional_average_{}.npy"


def cube_of(values):
    """Cube (subject, time, region) from values in that order."""
    return xr.DataArray(values, dims=("subject", "time", "region"), coords={"time": np.arange(values.shape[1]) * 2.0})


def simulated(n_subject=9, n_time=120, n_region=6):
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(1, n_time, n_region)) * np.linspace(0, 1.5, n_region)
    return cube_of(shared + rng.normal(size=(n_subject, n_time, n_region)))


def nltools_isc(values, *, summary):
    """Summary over dyads of one region (subject, time) as nltools has it: the mean goes through Fisher's z."""
    r = np.corrcoef(values)[np.triu_indices(len(values), 1)]
    return np.tanh(np.arctanh(r).mean()) if summary == "mean" else np.median(r)


def nltools_isps(values):
    """Length of the mean phasor at every sample of one region (subject, time), which nltools calls vector strength."""
    from scipy.signal import hilbert

    return np.abs(np.exp(1j * np.angle(hilbert(values, axis=1))).mean(axis=0))


def brainiak_isc(cube, **options):
    brainiak = pytest.importorskip("brainiak.isc", reason="BrainIAK is in the extra bench only")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return brainiak.isc(cube.transpose("time", "region", "subject").values, **options)


def partly_cloudy(folder, group):
    return cube_of(np.load(folder / "fmri_partlycloudy_roi" / FILE.format(group)))


def test_leave_one_out_is_brainiaks():
    cube = simulated()
    ours = isc.isc(cube, estimator="leave_one_out", summary=None)
    assert np.allclose(ours, brainiak_isc(cube), atol=1e-6)


def test_dyads_are_brainiaks_in_the_same_order():
    cube = simulated()
    assert np.allclose(isc.isc(cube, summary=None), brainiak_isc(cube, pairwise=True), atol=1e-6)


@pytest.mark.parametrize(("ours", "theirs"), [("median", "median"), ("fisher_mean", "mean")])
def test_summaries_of_dyads_are_brainiaks(ours, theirs):
    cube = simulated()
    expected = brainiak_isc(cube, pairwise=True, summary_statistic=theirs)
    assert np.allclose(isc.isc(cube, summary=ours), expected, atol=1e-6)


@pytest.mark.parametrize(("ours", "theirs"), [("median", "median"), ("fisher_mean", "mean")])
def test_summaries_of_dyads_are_nltools(ours, theirs):
    cube = simulated()
    expected = [nltools_isc(cube[:, :, k].values, summary=theirs) for k in range(6)]
    assert np.allclose(isc.isc(cube, summary=ours), expected, atol=1e-6)


def test_the_resultant_of_phases_is_nltools_isps():
    cube = isc.bandpass(simulated(), low=0.04, high=0.07)
    ours = isc.phase_synchrony(cube, window=None, measure="resultant")
    for k in range(6):
        centred = cube[:, :, k].values - cube[:, :, k].values.mean(axis=1, keepdims=True)
        assert np.allclose(ours[:, k], nltools_isps(centred.astype(float)), atol=1e-6)


@pytest.mark.external
@pytest.mark.parametrize("group", ["ages3-5", "ages5-8", "ages8-13", "ages13-99"])
def test_children_and_adults_watching_a_film_have_brainiaks_and_nltools_numbers(external_data, group):
    cube = partly_cloudy(external_data, group)
    each = isc.isc(cube, estimator="leave_one_out", summary=None)
    assert np.allclose(each, brainiak_isc(cube).reshape(each.shape), atol=1e-6)
    expected = nltools_isc(cube[:, :, 0].values, summary="median")
    assert float(isc.isc(cube, summary="median")[0]) == pytest.approx(expected, abs=1e-6)
