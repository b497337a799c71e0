"""A job as files: the same arrays on the other side, mapped instead of read, and nothing left behind."""

from pathlib import Path

import dask
import numpy as np
import pytest
import xarray as xr

from isc.io.derivatives import remove_leftovers
from isc.lazy import ClusterError, kept_arrays, mapped
from isc.lazy.mapped import MAPPED_BYTES, Place, close, opened, shared


@pytest.fixture
def scratch(tmp_path):
    """The folder that the workers share."""
    with dask.config.set({"temporary-directory": str(tmp_path)}):
        yield tmp_path
    close()


def large(*shape, dtype="f4"):
    return np.random.default_rng(0).normal(0, 100, shape).astype(dtype)


def is_mapped(array):
    while array is not None and not isinstance(array, np.memmap):
        array = array.base
    return array is not None


@pytest.mark.parametrize(
    "array",
    [
        large(4, 300, 300),
        large(4, 300, 300, dtype=">f8"),
        large(300, 4, 300).transpose(1, 2, 0),
        large(8, 300, 300)[::-2, 3:, ::-1],
        large(400_000),
        large(4, 300, 300, dtype="i2") > 0,
        large(4, 300, 300, dtype="f2"),
    ],
    ids=["plain", "other byte order", "transposed", "backwards", "one dim", "bool", "half"],
)
def test_an_array_is_the_same_and_a_map(scratch, array):
    array = np.repeat(array, 4, axis=0)
    assert array.nbytes >= MAPPED_BYTES
    with shared({"cube": array}) as place:
        found = opened(place)["cube"]
        np.testing.assert_array_equal(found, array)
        assert found.dtype == array.dtype and type(found) is np.ndarray and is_mapped(found)


def test_a_labelled_cube_keeps_its_labels(scratch):
    coords = {"subject": list("abcd"), "time": np.arange(300) / 30}
    cube = xr.DataArray(large(4, 300, 300), dims=("subject", "time", "vertex"), coords=coords, attrs={"rate_hz": 30.0})
    with shared((cube, "more")) as place:
        found, more = opened(place)
        xr.testing.assert_identical(found, cube)
        assert is_mapped(found.data) and more == "more"


def test_one_array_is_written_once(scratch):
    array = large(4, 300, 300)
    with shared({"one": array, "two": array}) as place:
        assert len(list(Path(place.folder).iterdir())) == 2
        assert Path(place.folder).parent == scratch


def test_arrays_are_kept_for_the_next_job_while_asked_for(scratch, monkeypatch):
    array = large(4, 300, 300)
    with kept_arrays(), shared(array):
        assert len(list(scratch.iterdir())) == 1, "without a client there is nobody to keep them for"
    monkeypatch.setattr(mapped, "active_client", lambda: "a client")
    with kept_arrays():
        with shared({"one": array}):
            written = [path for path in scratch.rglob("*") if path.is_file() and path.suffix != ".job"]
            time = written[0].stat().st_mtime_ns
        with kept_arrays(), shared({"two": array.reshape(1200, 300)}) as place:
            assert opened(place)["two"].shape == (1200, 300)
            assert len(written) == 1 and written[0].stat().st_mtime_ns == time
            assert [path.suffix for path in Path(place.folder).iterdir()] == [".job"]
    assert not list(scratch.iterdir())


def test_an_array_of_a_file_is_not_written_again(scratch, tmp_path):
    np.save(tmp_path / "cube.npy", large(4, 300, 300))
    stored = np.load(tmp_path / "cube.npy", mmap_mode="r")
    cube = xr.DataArray(stored, dims=("subject", "time", "vertex"))
    for part in (cube, cube[1:, 10:, ::2], cube.transpose("vertex", "time", "subject")):
        with shared(part) as place:
            assert [path.suffix for path in Path(place.folder).iterdir()] == [".job"]
            xr.testing.assert_identical(opened(place), part)


def test_a_map_that_may_have_been_changed_is_written(scratch, tmp_path):
    np.save(tmp_path / "cube.npy", large(4, 300, 300))
    changed = np.load(tmp_path / "cube.npy", mmap_mode="c")
    changed[0, 0, 0] = -1
    with shared(changed) as place:
        assert opened(place)[0, 0, 0] == -1


def test_writing_to_a_map_changes_no_file(scratch):
    with shared(large(4, 300, 300)) as place:
        opened(place)[:] = 0
        close()
        assert opened(place).any()


def test_nothing_is_left_behind_even_by_a_fault(scratch):
    with pytest.raises(KeyError), shared(large(4, 300, 300)):
        raise KeyError
    assert not list(scratch.iterdir())


def test_what_a_killed_run_leaves_is_found_by_the_next_one(scratch):
    with shared(large(4, 300, 300)):
        assert remove_leftovers(scratch) == 1
        assert not list(scratch.iterdir())


def test_other_content_has_another_key(scratch):
    with shared(large(4, 300, 300)) as one, shared(large(4, 300, 300) + 1) as two, shared(large(4, 300, 300)) as three:
        assert one.key != two.key and one.key == three.key


def test_a_folder_that_a_worker_does_not_see_is_named(tmp_path):
    with pytest.raises(ClusterError, match=r"a worker does not see .*elsewhere; name a folder that all machines share"):
        opened(Place(str(tmp_path / "elsewhere" / ".isc-x.tmp"), "key"))


def test_a_job_that_somebody_changed_is_not_unpickled(scratch):
    with shared({"one": large(4, 300, 300)}) as place:
        path = Path(place.folder) / f"{place.key}.job"
        path.write_bytes(path.read_bytes() + b".")
        with pytest.raises(ClusterError, match="is not what was written; start the run again"):
            opened(place)
