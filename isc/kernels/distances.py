"""Step 1: plain vertex-pair distances (being replaced by the fast kernels; signatures are final)."""

import numpy as np

from isc.kernels import correlation


def _by_blocks(statistic, landmarks, vertex_a, vertex_b, *args, block=256, **options):
    values, counts = [], []
    for begin in range(0, len(vertex_a), block):
        a, b = vertex_a[begin : begin + block], vertex_b[begin : begin + block]
        distance = np.sqrt(((landmarks[:, :, a] - landmarks[:, :, b]) ** 2).sum(axis=-1, dtype=np.float32))
        series = np.ascontiguousarray(np.moveaxis(distance, -1, 0))[:, None]
        value, count = statistic(series, *args, **options)
        values.append(value)
        counts.append(count)
    return np.concatenate(values), np.concatenate(counts)


def pairwise_mean_of_distances(landmarks, vertex_a, vertex_b, starts, length, **options):
    """`correlation.pairwise_mean` of the distances of vertex pairs: (pair, window)."""
    return _by_blocks(correlation.pairwise_mean, landmarks, vertex_a, vertex_b, starts, length, **options)


def leave_one_out_of_distances(landmarks, vertex_a, vertex_b, starts, length, **options):
    """`correlation.leave_one_out` of the distances of vertex pairs: (pair, subject, window)."""
    return _by_blocks(correlation.leave_one_out, landmarks, vertex_a, vertex_b, starts, length, **options)


def correlation_matrices_of_distances(landmarks, vertex_a, vertex_b, starts, length, **options):
    """`correlation.correlation_matrices` of the distances of vertex pairs: (pair, window, subject, subject)."""
    return _by_blocks(correlation.correlation_matrices, landmarks, vertex_a, vertex_b, starts, length, **options)
