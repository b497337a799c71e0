"""From the order people store to the order kernels read."""

import numpy as np


def relayout(values: np.ndarray) -> np.ndarray:
    """Series (feature, component, subject, time) float32 of values (subject, time, feature, component)."""
    series = np.ascontiguousarray(values.transpose(2, 3, 0, 1), dtype=np.float64)
    finite = np.isfinite(series)
    first = np.take_along_axis(series, finite.argmax(axis=-1)[..., None], axis=-1)
    return (series - np.where(np.isfinite(first), first, 0)).astype(np.float32)
