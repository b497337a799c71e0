"""What a later chunk reads, asked for during the arithmetic on this one, so that memory and processor work together.

A processor has few requests of a program under way at a time: asked for only while samples are laid out, they take as
long as the arithmetic after them. Compiled only.
"""

from typing import Any, NamedTuple

from numba import njit

from isc.kernels.vectors.simd import FAST
from isc.kernels.vectors.wide import WIDE


class Ahead(NamedTuple):
    """Samples of the source that the windows of a chunk ask for, ``share`` each, for the next chunk.

    Of row r, the k-th window of the chunk asks for ``share`` samples from ``place[r] + k * share + i * feature`` on,
    the i-th of sixteen features while the sums of its i-th stretch of samples are formed: of windows of few stretches
    some features are not asked for. A line that is never read costs time only, even outside the array.
    """

    share: int
    feature: int


@njit(**FAST)
def series_ahead(flat: Any, feature: int, shape: Any, shifts: Any, span: Any, n_window: int, place: Any) -> Any:
    """Ask for samples begin .. stop - 1 = span of sixteen features of flat (feature, component, subject, time).

    shape is (component, subject, time). Beyond the last feature nothing is asked for.
    """
    n_component, n_subject, n_time = shape
    n_row = n_component * n_subject
    for row in range(n_row):
        place[row] = (feature * n_row + row) * n_time + (span[0] + shifts[row % n_subject]) % n_time
    inside = feature * n_row * n_time < flat.size
    share = (max(span[1] - span[0], 0) + n_window - 1) // n_window if inside else 0
    return Ahead(share, n_row * n_time)


@njit(**FAST)
def lines_of(n_sample: int) -> int:
    """Cache lines that so many samples of a series take, if the first begins one."""
    return (n_sample + WIDE - 1) // WIDE
