"""The cost model: what grows with what."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from isc.synchrony.cost import Workload, null_seconds, statistic_seconds, workload
from isc.synchrony.pairs import vertex_pairs

STUDY = Workload(21, 36_000, 718, 468, 3)


def test_t_isc_grows_with_every_side_of_the_data():
    for side in ("n_subject", "n_time", "n_feature", "n_axis"):
        twice = replace(STUDY, **{side: 2 * getattr(STUDY, side)})
        assert statistic_seconds(twice) == pytest.approx(2 * statistic_seconds(STUDY))


def test_pairs_are_counted_as_pairs():
    pairs = replace(STUDY, n_feature=109_278, of_pairs=True)
    assert pairs.samples == 21 * 36_000 * 109_278
    assert statistic_seconds(pairs) > 50 * statistic_seconds(STUDY)


def test_surrogates_that_move_data_cost_each_and_flips_hardly():
    for scheme in ("circular_shift", "block", "phase", "timepoint_shuffle", "pseudo_group"):
        assert null_seconds(STUDY, scheme, 400) == pytest.approx(2 * null_seconds(STUDY, scheme, 200))
    assert null_seconds(STUDY, "sign_flip", 400) < 1.5 * null_seconds(STUDY, "sign_flip", 200)
    assert null_seconds(STUDY, "sign_flip", 200) < null_seconds(STUDY, "circular_shift", 200) / 10


def test_one_window_for_all_is_cheap_and_other_estimators_are_not():
    shuffled = null_seconds(STUDY, "timepoint_shuffle", 200)
    assert null_seconds(STUDY, "timepoint_shuffle", 200, one_window=True) < shuffled / 500
    for other in ({"estimator": "leave_one_out"}, {"summary": "median"}):
        assert null_seconds(replace(STUDY, **other), "circular_shift", 9) > null_seconds(STUDY, "circular_shift", 9)


@pytest.mark.parametrize(
    ("options", "n_feature", "n_axis"),
    [({}, 4, 3), ({"space": "axes"}, 12, 1), ({"space": "norm"}, 4, 1), ({"pairs": vertex_pairs(4)}, 6, 3)],
)
def test_the_size_is_that_of_the_call(options, n_feature, n_axis):
    cube = xr.DataArray(
        np.zeros((5, 600, 4, 3)), dims=("subject", "time", "vertex", "space"), coords={"time": np.arange(600) / 30}
    )
    work = workload(cube, **options)
    assert (work.n_subject, work.n_time, work.n_window) == (5, 600, 10)
    assert (work.n_feature, work.n_axis, work.of_pairs) == (n_feature, n_axis, "pairs" in options)
