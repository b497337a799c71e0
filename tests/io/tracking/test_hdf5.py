"""HDF5 files of others: their sizes and links are looked at before their data."""

import h5py
import numpy as np
import pytest

from isc.io.tracking.hdf5 import MOST_LEVELS, LinkedFileError, check_hdf5
from isc.untrusted import UntrustedFileError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


def test_a_good_file_passes(path):
    with h5py.File(path, "w") as file:
        file["group/v"] = np.zeros((10, 3))
        file["empty"] = h5py.Empty("f4")
    check_hdf5(path)


def test_declared_sizes_add_up_over_groups(path):
    with h5py.File(path, "w") as file:
        for name in ("a/v", "b/v"):
            file.create_dataset(name, (2**17, 3), "f8", chunks=(1024, 3))
    with pytest.raises(UntrustedFileError, match="declares 6291456 bytes and stores"):
        check_hdf5(path)


def test_data_in_other_files_are_refused(path, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(80))
    with h5py.File(path, "w") as file:
        file.create_dataset("v", (10,), "f8", external=[(str(tmp_path / "secret"), 0, 80)])
    with pytest.raises(LinkedFileError, match=r"a\.h5 keeps v in another file"):
        check_hdf5(path)


@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "/v"), h5py.SoftLink("/elsewhere")])
def test_links_are_refused(path, link):
    with h5py.File(path, "w") as file:
        file["v"] = link
    with pytest.raises(LinkedFileError, match=r"a\.h5 links v to another place"):
        check_hdf5(path)


def test_groups_in_a_circle_end(path):
    with h5py.File(path, "w") as file:
        file.create_group("a")
        file["a/b"] = file["/"]  # a hard link to the top
    with pytest.raises(LinkedFileError, match=f"groups more than {MOST_LEVELS} deep, or links in a circle"):
        check_hdf5(path)


def test_no_hdf5_file_is_an_os_error(path):
    path.write_bytes(b"text")
    with pytest.raises(OSError):
        check_hdf5(path)
