"""Fields pass through what is known."""

import numpy as np

from isc.simulate.splines import thin_plate_spline


def test_a_linear_field_is_reproduced_everywhere():
    rng = np.random.default_rng(0)
    anchors, targets = rng.normal(size=(20, 2)), rng.normal(size=(5, 2))
    stretch = np.array([[1.0, 0.3], [-0.2, 0.5]])
    assert np.allclose(thin_plate_spline(anchors, anchors @ stretch, targets), targets @ stretch, atol=1e-4)


def test_the_field_takes_the_known_values_at_the_anchors():
    rng = np.random.default_rng(1)
    anchors, shifts = rng.normal(size=(20, 2)), rng.normal(size=(20, 2))
    assert np.allclose(thin_plate_spline(anchors, shifts, anchors), shifts, atol=1e-3)
