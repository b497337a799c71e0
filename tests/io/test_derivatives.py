"""Arrays and long recordings are written whole, read back identical, and refused when a byte is wrong."""

import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import xarray as xr

from isc.io.derivatives import (
    DerivativeError,
    is_current,
    landmark_writer,
    product_key,
    read_array,
    read_sidecar,
    write_array,
)

KEY = product_key(["ab"], parameters={}, code_version="1")
SIDECAR = {"Description": "an example", "ProductKey": KEY}


def recording(n_time=40, *, start=0):
    """Part of a recording of any length, from frame `start` on."""
    frame = np.arange(start, start + n_time)
    values = np.sin(frame[:, None, None] + np.arange(12).reshape(4, 3)).astype(np.float32)
    return xr.Dataset(
        {"landmarks": (("time", "vertex", "space"), values, {"units": "px"})},
        coords={
            "time": ("time", frame / 30, {"units": "s"}),
            "space": ["x", "y", "z"],
            "subject": "sub-01",
            "detected": ("time", frame % 7 != 0),
        },
        attrs={"rate_hz": 30.0},
    )


@pytest.fixture(params=["task-film_desc-vertices_cube.zarr", "task-film_desc-win5000ms_tisc.nc"])
def path(request, tmp_path):
    return tmp_path / "group" / request.param


def test_a_data_set_comes_back_identical(path):
    write_array(recording(), path, SIDECAR)
    back = read_array(path)
    assert isinstance(back, xr.Dataset)
    xr.testing.assert_identical(back.load(), recording())


@pytest.mark.parametrize("name", ["landmarks", None])
def test_an_array_comes_back_identical_with_its_name(path, name):
    array = recording()["landmarks"].rename(name).assign_attrs(window_s=5.0)
    write_array(array, path, SIDECAR)
    back = read_array(path)
    assert isinstance(back, xr.DataArray)
    assert back.name == name
    xr.testing.assert_identical(back.load(), array)


def test_the_sidecar_says_what_the_caller_said(path):
    write_array(recording(), path, SIDECAR)
    assert read_sidecar(path).items() >= SIDECAR.items()
    assert is_current(path, KEY)
    assert set(SIDECAR) == {"Description", "ProductKey"}


def test_equal_content_gives_equal_bytes_in_every_run(path):
    contents = []
    for _ in range(2):
        write_array(recording(), path, SIDECAR)
        contents.append({file: file.read_bytes() for file in path.parent.rglob("*") if file.is_file()})
    assert contents[0] == contents[1]


def test_no_date_and_no_path_of_this_machine_is_stored(path):
    write_array(recording(), path, SIDECAR)
    content = b"".join(file.read_bytes() for file in path.parent.rglob("*") if file.is_file())
    assert str(path.parent).encode() not in content


def test_every_flipped_bit_is_found(path):
    write_array(recording(), path, SIDECAR)
    files = [file for file in [path, *path.rglob("*")] if file.is_file()]
    for file in files:
        good = file.read_bytes()
        for position in (0, len(good) // 2, len(good) - 1):
            file.write_bytes(good[:position] + bytes([good[position] ^ 4]) + good[position + 1 :])
            with pytest.raises(DerivativeError, match=f"{file.name} of {path.name} was changed or damaged"):
                read_array(path)
        file.write_bytes(good)
    read_array(path)


def test_a_missing_chunk_is_an_error_and_not_fill_values(tmp_path):
    path = tmp_path / "cube.zarr"
    write_array(recording(), path, SIDECAR)
    (path / "landmarks" / "c" / "0" / "0" / "0").unlink()
    with pytest.raises(DerivativeError, match="landmarks/c/0/0/0 of cube.zarr is missing; make it again"):
        read_array(path)


def test_a_write_that_fails_keeps_the_old_product_and_leaves_nothing_else(path):
    script = (
        "import resource, sys; from pathlib import Path; import numpy, xarray\n"
        "from isc.io.derivatives import write_array\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"  # the disk takes no file above 9000 bytes
        "new = xarray.DataArray(numpy.random.default_rng(0).random(9000), dims='time')\n"
        "write_array(new, Path(sys.argv[1]), {})"
    )
    write_array(recording(), path, SIDECAR)
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True)
    expected = f"isc.io.files.atomic.DerivativeError: {path.name} could not be written: File too large"
    assert done.stderr.splitlines()[-1] == expected
    xr.testing.assert_identical(read_array(path).load(), recording())
    assert len(os.listdir(path.parent)) == 2


def test_an_array_that_cannot_be_stored_leaves_nothing(path):
    with pytest.raises(TypeError, match="only numbers, booleans and text"):
        write_array(xr.DataArray(np.array([1j]), dims="time"), path, SIDECAR)
    assert os.listdir(path.parent) == []


def test_an_array_of_another_format_is_refused(tmp_path):
    for name in ("cube.npy", "model.pkl"):
        with pytest.raises(ValueError, match=f"{name} must end in .zarr or .nc"):
            write_array(recording(), tmp_path / name, SIDECAR)
        with pytest.raises(ValueError, match=f"{name} must end in .zarr or .nc"):
            read_array(tmp_path / name)


def append_blocks(path, sizes):
    with landmark_writer(path, SIDECAR) as writer:
        start = 0
        for size in sizes:
            writer.append(recording(size, start=start))
            start += size


@pytest.mark.parametrize("sizes", [[512, 512, 300], [1, 511, 700], [256] * 5, [100], [513, 1]])
def test_blocks_of_any_size_give_the_bytes_of_the_whole(tmp_path, sizes):
    blocks, whole = tmp_path / "blocks_landmarks.zarr", tmp_path / "whole_landmarks.zarr"
    append_blocks(blocks, sizes)
    append_blocks(whole, [sum(sizes)])
    assert read_sidecar(blocks) == read_sidecar(whole)
    xr.testing.assert_identical(read_array(blocks).load(), recording(sum(sizes)))


def test_a_recording_is_there_only_when_its_writer_is_done(tmp_path):
    path = tmp_path / "x_landmarks.zarr"
    with landmark_writer(path, SIDECAR) as writer:
        writer.append(recording())
        assert not path.exists()
        assert not is_current(path, KEY)
    assert is_current(path, KEY)


def test_a_writer_that_is_interrupted_keeps_the_old_recording_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "x_landmarks.zarr"
    append_blocks(path, [10])
    with pytest.raises(KeyboardInterrupt), landmark_writer(path, {}) as writer:
        writer.append(recording())
        raise KeyboardInterrupt
    assert read_array(path).sizes["time"] == 10
    assert sorted(os.listdir(tmp_path)) == ["x_landmarks.json", "x_landmarks.zarr"]


def peak_memory(path, n_block):
    tracemalloc.start()
    append_blocks(path, [512] * n_block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_the_memory_of_a_writer_does_not_grow_with_the_recording(tmp_path):
    peak_memory(tmp_path / "x.zarr", 2)  # imports and caches
    assert peak_memory(tmp_path / "long.zarr", 24) < 1.5 * peak_memory(tmp_path / "short.zarr", 3)


def test_a_writer_without_blocks_makes_nothing(tmp_path):
    with (
        pytest.raises(DerivativeError, match="x.zarr got no block, so there is no recording to keep"),
        landmark_writer(tmp_path / "x.zarr", SIDECAR),
    ):
        pass
    assert os.listdir(tmp_path) == []


OTHER_BLOCKS = {
    "another participant": recording(start=40).assign_coords(subject="sub-02"),
    "fewer vertices": recording(start=40).isel(vertex=slice(0, 2)),
    "another type": recording(start=40).astype(np.float64),
    "no detection": recording(start=40).drop_vars("detected"),
    "one more variable": recording(start=40).assign(more=("time", np.zeros(40))),
}


@pytest.mark.parametrize("block", OTHER_BLOCKS.values(), ids=OTHER_BLOCKS)
def test_a_block_that_differs_from_the_first_is_refused(tmp_path, block):
    with (
        pytest.raises(DerivativeError, match=r"a block of x.zarr differs from the first beside time"),
        landmark_writer(tmp_path / "x.zarr", SIDECAR) as writer,
    ):
        writer.append(recording())
        writer.append(block)
    assert os.listdir(tmp_path) == []
