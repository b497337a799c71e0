"""Parts of a dask-backed cube: where a cube is cut, and that nothing is computed before it is asked for."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from isc.lazy import Part, in_parts, is_lazy, regions


def cube(chunks=None, shape=(2, 10, 6, 3)):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    x = xr.DataArray(values, dims=("subject", "time", "vertex", "space"), coords={"vertex": 10 + np.arange(shape[2])})
    return x.chunk(chunks or {})


def cut(x, dims, task_bytes):
    return [tuple((r[d].start, r[d].stop) for d in dims) for r in regions(x, dims, task_bytes=task_bytes).ravel()]


def test_regions_cover_the_dim_and_fit_into_a_task():
    per_vertex = 4 * 2 * 10 * 3
    assert cut(cube(), ["vertex"], 4 * per_vertex) == [((0, 4),), ((4, 6),)]
    assert cut(cube(), ["vertex"], 10**9) == [((0, 6),)]


def test_one_index_is_read_even_when_it_is_too_large():
    assert len(cut(cube(), ["vertex"], 1)) == 6


def test_regions_end_where_stored_chunks_end():
    per_vertex = 4 * 2 * 10 * 3
    assert cut(cube({"vertex": 2}), ["vertex"], 5 * per_vertex) == [((0, 4),), ((4, 6),)]
    assert cut(cube({"vertex": 5}), ["vertex"], 2 * per_vertex) == [((0, 2),), ((2, 4),), ((4, 6),)]


def test_the_last_dim_is_cut_last():
    per_cell = 4 * 2 * 10
    assert cut(cube(), ["vertex", "space"], 6 * per_cell)[0] == ((0, 2), (0, 3))
    assert cut(cube(), ["vertex", "space"], 2 * per_cell)[:2] == [((0, 1), (0, 2)), ((0, 1), (2, 3))]


def test_without_a_dim_to_cut_there_is_one_region():
    assert regions(cube(), []).tolist() == [{}]


def first_and_label(part, common):
    """Smallest value and label of a part."""
    assert isinstance(part.data, np.ndarray)
    return np.full(1, part.values.min() + common, np.float32), np.full(1, part["vertex"].values[0], np.int32)


def test_results_stand_beside_one_another_as_their_parts_do():
    x = cube({"vertex": 1, "time": 3})
    parts = np.empty(2, dtype=object)
    parts[:] = [Part({"vertex": slice(k, k + 3)}, ((1,), (1,)), {}) for k in (0, 3)]
    values, labels = in_parts(first_and_label, x, parts, 0.5)
    assert values.compute().tolist() == [0.5, 9.5]
    assert labels.compute().tolist() == [10, 13]


def raises(part, common):
    raise AssertionError("computed")


def test_nothing_is_computed_before_the_result_is():
    parts = np.empty(1, dtype=object)
    parts[0] = Part({}, ((1,), (1,)), {})
    values, _ = in_parts(raises, cube({"vertex": 2}), parts, None)
    with pytest.raises(AssertionError, match="computed"):
        values.compute()


def test_a_cube_in_memory_is_not_lazy():
    assert is_lazy(cube()) and not is_lazy(cube().compute())


def test_no_scheduler_is_loaded_for_a_cube_in_memory():
    code = (
        "import sys, numpy as np, xarray as xr, isc\n"
        "x = xr.DataArray(np.random.rand(3, 60), dims=('subject', 'time'), coords={'time': np.arange(60) / 10})\n"
        "isc.temporal_isc(x)\n"
        "assert 'distributed' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])
