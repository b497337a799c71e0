"""Reliability: published worked examples."""

import numpy as np
import pytest
import xarray as xr

from isc.behaviour import fleiss_kappa, krippendorff_alpha

NAN = np.nan
# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", four observers and twelve units.
PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]


def ratings(values):
    return xr.DataArray(np.asarray(values, float), dims=("subject", "unit"))


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("interval", 0.849)])
def test_alpha_of_the_published_example(level, alpha):
    assert krippendorff_alpha(ratings(PUBLISHED), level=level) == pytest.approx(alpha, abs=5e-4)


def test_full_agreement_is_one_and_chance_is_near_zero():
    assert krippendorff_alpha(ratings([[0, 1, 1, 0]] * 3)) == 1.0
    random = np.random.default_rng(0).integers(0, 2, (5, 5000))
    assert krippendorff_alpha(ratings(random)) == pytest.approx(0, abs=0.02)
    assert fleiss_kappa(ratings(random)) == pytest.approx(0, abs=0.02)


def test_ratings_that_never_differ_have_no_reliability():
    assert np.isnan(krippendorff_alpha(ratings(np.ones((3, 4)))))
    assert np.isnan(fleiss_kappa(ratings(np.ones((3, 4)))))


def test_kappa_of_a_hand_count():
    # Two raters, four units, three agreements: P = 3/4, Pe = (3/8)^2 + (5/8)^2.
    values = [[1, 0, 0, 1], [1, 0, 1, 1]]
    chance = (3 / 8) ** 2 + (5 / 8) ** 2
    assert fleiss_kappa(ratings(values)) == pytest.approx((0.75 - chance) / (1 - chance))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: krippendorff_alpha(ratings([[1.0, NAN], [NAN, 2.0]])), "rated by two people or more"),
        (lambda: krippendorff_alpha(ratings([[1.0], [2.0]]), level="ordinal"), "level must be one of"),
        (lambda: fleiss_kappa(ratings([[1.0, 2.0]])), "two raters or more"),
        (lambda: krippendorff_alpha(xr.DataArray(np.ones(3), dims="subject")), "dims"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
