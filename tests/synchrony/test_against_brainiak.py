"""Agreement with BrainIAK (Kumar et al. 2021, doi:10.52294/31bb5b68-2184-411b-8c00-a1dacb61e1da) on random data.

BrainIAK has wheels for Linux and Python up to 3.12; elsewhere these tests are skipped. Its summary "mean" is the mean
through Fisher's z.
"""

import numpy as np
import pytest
import xarray as xr

from isc.synchrony.connectivity import isfc
from isc.synchrony.temporal import isc, temporal_isc

brainiak = pytest.importorskip("brainiak.isc", reason="BrainIAK is not installed: pip install 'isc-toolkit[bench]'")

RATE = 10.0
TOLERANCE = 1e-5


def cube(n_subject=7, n_time=400, n_feature=5, seed=0):
    """Random series of which a part is shared, on a level of 300 and a slow drift of everybody's own."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_subject, n_time, n_feature)) + rng.normal(size=(n_time, n_feature))
    values += 300 + np.sin(np.arange(n_time)[:, None] / 80 + rng.uniform(0, 6, (n_subject, 1, n_feature)))
    return xr.DataArray(values, dims=("subject", "time", "channel"), coords={"time": np.arange(n_time) / RATE})


def theirs(data, *, pairwise, window=slice(None)):
    """BrainIAK's values, dyads or subjects first."""
    return brainiak.isc(data.values[:, window].transpose(1, 2, 0), pairwise=pairwise, summary_statistic=None)


@pytest.mark.parametrize("n_subject", [3, 7, 20])
@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_whole_recordings_agree_dyad_by_dyad_and_subject_by_subject(n_subject, estimator):
    data = cube(n_subject)
    ours = isc(data, estimator=estimator, summary=None)
    expected = theirs(data, pairwise=estimator == "pairwise")
    assert ours.shape == expected.shape
    assert np.abs(ours.values - expected).max() <= TOLERANCE


@pytest.mark.parametrize(("summary", "name"), [("fisher_mean", "mean"), ("median", "median")])
@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_summaries_agree_their_mean_is_fishers(estimator, summary, name):
    data = cube()
    expected = brainiak.isc(
        data.values.transpose(1, 2, 0), pairwise=estimator == "pairwise", summary_statistic=name
    ).ravel()
    assert np.abs(isc(data, estimator=estimator, summary=summary) - expected).max() <= TOLERANCE
    if name == "mean":
        assert np.abs(isc(data, estimator=estimator, summary="mean") - expected).max() > 10 * TOLERANCE


@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_every_window_agrees_with_their_function_called_on_the_window(estimator):
    data = cube()
    ours = temporal_isc(data, window=5, step=5 / 3, estimator=estimator, summary=None)
    for k, start in enumerate(ours["start_sample"].values):
        expected = theirs(data, pairwise=estimator == "pairwise", window=slice(start, start + 50))
        assert np.abs(ours.values[:, k] - expected).max() <= TOLERANCE


@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_functional_connectivity_agrees_once_it_is_made_symmetric(estimator):
    data = cube(n_feature=4)
    matrices = brainiak.isfc(
        data.values.transpose(1, 2, 0), pairwise=estimator == "pairwise", vectorize_isfcs=False, summary_statistic=None
    )
    ours = isfc(data, estimator=estimator).values
    assert np.abs((ours + ours.T) / 2 - matrices.mean(axis=0)).max() <= TOLERANCE
