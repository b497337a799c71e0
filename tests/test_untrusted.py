"""NumPy and TOML files of others are read whole or refused before memory is taken."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, floating_dtypes, integer_dtypes
from numpy.lib import format as npy

from isc.untrusted import UntrustedFileError, check_size, load_npy, load_npz, parse_toml

NUMBERS = st.one_of(floating_dtypes(), integer_dtypes(), st.just(np.dtype("U3")), st.just(np.dtype(bool)))


def stored(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@given(
    array=NUMBERS.flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=0, min_side=0))),
    order=st.sampled_from("CF"),
)
def test_arrays_are_read_as_numpy_reads_them(tmp_path_factory, array, order):
    path = tmp_path_factory.mktemp("npy") / "a.npy"
    np.save(path, np.asarray(array, order=order))
    np.savez_compressed(path.with_suffix(".npz"), a=array)
    np.testing.assert_array_equal(load_npy(path), np.load(path))
    np.testing.assert_array_equal(load_npz(path.with_suffix(".npz"))["a"], array)
    assert load_npy(path).flags.writeable


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no .npy file, or a damaged one"),
        (b"\x93NUMPY\x03\x00", "version .* is not read"),
        (stored(np.arange(3.0))[:-1], "declares 24 bytes, more than the file holds; copy it again"),
        (stored(np.array([{}], dtype=object)), "holds Python objects, which are never unpickled"),
    ],
    ids=["empty", "version", "cut", "objects"],
)
def test_what_is_no_whole_array_of_numbers_is_refused(tmp_path, content, message):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UntrustedFileError, match=f"^a.npy .*{message}" if content else message):
        load_npy(tmp_path / "a.npy")


def test_a_negative_size_is_refused(tmp_path):
    file = io.BytesIO()
    npy.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (-1, -1)})
    (tmp_path / "a.npy").write_bytes(file.getvalue() + bytes(8))
    with pytest.raises(UntrustedFileError, match="declares 8 bytes, more than the file holds"):
        load_npy(tmp_path / "a.npy")


def test_an_archive_that_is_damaged_or_ambiguous_is_refused(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(UntrustedFileError, match=r"a\.npz is no \.npz file, or a damaged one"):
        load_npz(tmp_path / "a.npz")
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("a.npy", stored(np.arange(2)))
        archive.writestr("a.npy", stored(np.arange(3)))
    with pytest.raises(UntrustedFileError, match=r"b\.npz has two members of one name"):
        load_npz(tmp_path / "b.npz")


def test_an_archive_whose_member_is_shorter_than_it_declares_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", stored(np.arange(1000.0)))
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content.replace(b"(1000,)", b"(9999,)"))
    with pytest.raises(UntrustedFileError, match="more than the file holds"):
        load_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("load", [load_npy, load_npz])
def test_an_absent_file_is_absent(tmp_path, load):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "absent")


def test_sizes_have_a_limit_and_a_ratio():
    check_size(2**20, 1, "small")
    check_size(100 * 2**20, 2**20, "dense")
    with pytest.raises(UntrustedFileError, match="bomb declares 104857601 bytes and stores 1048576: more than 100"):
        check_size(100 * 2**20 + 1, 2**20, "bomb")
    with pytest.raises(UntrustedFileError, match="files of others are read up to 8589934592"):
        check_size(2**33 + 1, 2**33 + 1, "large")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\na = 2", "Cannot overwrite a value"),
        ("a = " + "[" * 5000, "nested too deep; no setting needs more than three levels"),
        (".".join("a" * 200) + " = 1", "a line has more than 100 dots; write the list on several lines"),
        (" " * 1_000_001, "it has 1000001 characters; settings are read up to 1000000"),
    ],
)
def test_toml_has_limits(text, message):
    with pytest.raises(ValueError, match=message):
        parse_toml(text)


def test_settings_may_hold_dots():
    assert parse_toml("lags = [0.0, 3.0]\ntext = '...'") == {"lags": [0.0, 3.0], "text": "..."}
