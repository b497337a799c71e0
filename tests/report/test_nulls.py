from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from isc.report import NULL_LIMITS, compare_nulls
from isc.synchrony.inference import thresholds
from isc.synchrony.nulls import REJECTED_NULL
from isc.synchrony.smoothness.autocorrelation import frame_shuffle_warning


@pytest.fixture
def null():
    """Surrogate minima -1 to -99 hundredths and maxima 1 to 99 hundredths: thresholds can be counted."""
    ranks = np.arange(1.0, 100.0) / 100
    attrs = {"scheme": "circular_shift", "seed": 7, "null_hypothesis": REJECTED_NULL["circular_shift"]}
    coords = {"extreme": ["min", "max"]}
    return xr.DataArray(np.stack([-ranks, ranks], 1), dims=("surrogate", "extreme"), coords=coords, attrs=attrs)


@pytest.fixture
def tisc():
    """Ten cells, one of them lost, two of the others above .95."""
    return xr.DataArray([[0.96, 0.97, 0.95, 0.5, np.nan], [0.0, -0.1, -0.99, 0.2, 0.3]], dims=("window", "vertex"))


def _column(table, name="circular shift"):
    return table.set_index("quantity")[name]


def _measured_rates():
    """Rows of the table of errors in docs/calibration.md: kind, scheme, recording greater, ..., cells."""
    text = (Path(__file__).parents[2] / "docs" / "calibration.md").read_text(encoding="utf-8")
    lines = text.split("<!-- error -->")[1].split("<!-- /error -->")[0].strip().splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {(row[0], row[1]): (int(row[2].split()[0]), float(row[-1])) for row in rows}


def test_error_rates_in_the_words_of_reports_are_those_of_the_calibration():
    rates = _measured_rates()
    shuffled = [rates[kind, "timepoint shuffle"] for kind in ("ar1", "pink", "landmark", "changing smoothness")]
    assert {recording for recording, _ in shuffled} == {100}
    cells = [share for _, share in shuffled]
    told = f"{round(min(cells))} to {round(max(cells))} %"
    assert f"100 % of smooth data sets, {told} of all cells" in NULL_LIMITS["timepoint_shuffle"]
    assert f"100 % of smooth data sets and in {told} of all cells" in frame_shuffle_warning(30.0, 150, 9.0, 200)
    shifted = rates["changing smoothness", "circular shift"][0]
    assert f"in {shifted} % of data sets" in NULL_LIMITS["circular_shift"]


def test_a_null_of_all_patterns_of_signs_is_called_exact(null, tisc):
    column = _column(compare_nulls(tisc, {"sign_flip": thresholds(null.assign_attrs(exact=1))}), "sign flip")
    assert column["surrogates"] == "99 (all there are: every pattern of signs)"
    assert column["upper threshold, r"] == "0.950 (exact)"


def test_a_one_sided_test_counts_the_cells_above_and_leaves_the_other_side(null, tisc):
    column = _column(compare_nulls(tisc, {"circular_shift": thresholds(null)}))
    assert column["surrogates"] == "99 (seed 7)"
    assert column["upper threshold, r"].startswith("0.950 (95 % Monte-Carlo interval 0.")
    assert column["cells above the upper threshold"] == "2 of 9 (22 %)"
    assert column["lower threshold, r"] == "not tested"
    assert column["cells below the lower threshold"] == "not tested"
    assert column["what the error rate covers"].startswith("one-sided (greater), familywise error rate 5 %")
    assert column["what significance rejects"] == REJECTED_NULL["circular_shift"]
    assert column["what it does not show"] == NULL_LIMITS["circular_shift"]


def test_a_two_sided_test_counts_both_sides(null, tisc):
    column = _column(compare_nulls(tisc, {"circular_shift": thresholds(null, tail="two_sided")}))
    assert column["upper threshold, r"].startswith("0.980")
    assert column["lower threshold, r"].startswith("-0.980")
    assert column["cells above the upper threshold"] == "0 of 9 (0 %)"
    assert column["cells below the lower threshold"] == "1 of 9 (11 %)"


def test_the_interval_of_the_threshold_is_that_of_the_dataset(null, tisc):
    bounds = thresholds(null).sel(extreme="max")
    text = _column(compare_nulls(tisc, {"circular_shift": thresholds(null)}))["upper threshold, r"]
    assert f"{float(bounds.low):.3f} to {float(bounds.high):.3f}" in text


def test_nulls_stand_side_by_side_under_their_plain_names(null, tisc):
    narrow = thresholds((null / 10).assign_attrs(null.attrs, scheme="timepoint_shuffle"))
    table = compare_nulls(tisc, {"circular_shift": thresholds(null), "timepoint_shuffle": narrow})
    assert table.columns.tolist() == ["quantity", "circular shift", "frame shuffle"]
    assert "not a test of synchrony" in _column(table, "frame shuffle")["what it does not show"]
    assert _column(table, "frame shuffle")["cells above the upper threshold"] == "6 of 9 (67 %)"


def test_each_cell_is_compared_with_the_threshold_of_its_own_window(null, tisc):
    windows = null * xr.DataArray([1.0, 0.1], dims="window")
    column = _column(compare_nulls(tisc, {"circular_shift": thresholds(windows.assign_attrs(scope="window"))}))
    assert column["cells above the upper threshold"] == "4 of 9 (44 %)"
    assert "medians over windows" in column["upper threshold, r"]
    assert "one window only" in column["what the error rate covers"]


def test_too_few_surrogates_bound_no_threshold(null, tisc):
    column = _column(compare_nulls(tisc, {"circular_shift": thresholds(null.isel(surrogate=slice(9)))}))
    assert column["upper threshold, r"] == "not tested"


def test_a_threshold_without_an_upper_bound_says_so(null, tisc):
    column = _column(compare_nulls(tisc, {"circular_shift": thresholds(null.isel(surrogate=slice(30)))}))
    assert column["upper threshold, r"] == "0.300 (no interval)"


def test_every_scheme_of_the_package_has_its_limits_stated():
    assert set(REJECTED_NULL) <= set(NULL_LIMITS)


def test_nothing_to_compare_is_refused(tisc):
    with pytest.raises(ValueError, match="thresholds of at least one scheme are needed"):
        compare_nulls(tisc, {})
