"""Files appear whole, leftovers go, one process writes at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from isc.io.files.atomic import (
    LOCK_NAME,
    DerivativeError,
    hash_file,
    output_lock,
    remove,
    remove_leftovers,
    sync_tree,
    temporary_beside,
    write_bytes,
    writing,
)

SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1


def test_a_hash_is_that_of_the_standard(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert hash_file(tmp_path / "abc") == SHA256_OF_ABC


def test_a_written_file_replaces_the_old_one_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "new" / "x.txt"
    for content in (b"old", b"new"):
        write_bytes(path, content)
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["x.txt"]


@pytest.mark.parametrize("name", ["x" * 250 + ".json", "Müller 🙂.json", "Mu\u0308ller.json"])
def test_every_name_that_the_disk_takes_can_be_written(tmp_path, name):
    name = name if len(name.encode()) <= 255 else name[-255:]
    write_bytes(tmp_path / name, b"x")
    assert os.listdir(tmp_path) == [name]


def test_a_write_that_fails_keeps_the_old_file_and_leaves_nothing_else(tmp_path):
    script = (
        "import resource, signal, sys; from pathlib import Path; from isc.io.files.atomic import write_bytes\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"  # the disk takes no file above 1000 bytes
        "write_bytes(Path(sys.argv[1]), b'new' * 1000)"
    )
    path = tmp_path / "x.txt"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True)
    assert (
        done.stderr.splitlines()[-1]
        == "isc.io.files.atomic.DerivativeError: x.txt could not be written: File too large"
    )
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.txt"]


def test_an_output_is_not_written_through_a_link(tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"old")
    (tmp_path / "x").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DerivativeError, match="x is a symbolic link; outputs are not written through links"):
        write_bytes(tmp_path / "x", b"new")
    assert (tmp_path / "elsewhere").read_bytes() == b"old"


def test_an_error_without_a_number_keeps_its_own_words():
    with pytest.raises(DerivativeError, match="x.nc could not be written: no reason"), writing(Path("x.nc")):
        raise OSError("no reason")


def test_a_file_a_folder_and_a_link_are_removed_and_nothing_is_no_error(tmp_path):
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    remove(tmp_path / "link")
    assert (tmp_path / "folder" / "below").is_dir()
    for name in ("folder", "file", "nothing"):
        remove(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_leftovers_of_killed_runs_go_and_all_else_stays(tmp_path):
    group = tmp_path / "group"
    (group / "cube.zarr").mkdir(parents=True)
    (group / "cube.json").touch()
    temporary_beside(group / "x.tsv").touch()
    folder = temporary_beside(group / "cube.zarr")
    (folder / "c").mkdir(parents=True)
    (folder / "c" / "0").touch()
    assert remove_leftovers(tmp_path) == 2
    assert sorted(os.listdir(group)) == ["cube.json", "cube.zarr"]
    assert remove_leftovers(tmp_path) == 0


def test_temporary_names_differ_and_are_hidden():
    names = {temporary_beside(Path("cube.zarr")).name for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith(".") for name in names)


def test_a_tree_can_be_waited_for(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"x")
    sync_tree(tmp_path)
    sync_tree(tmp_path / "a" / "b" / "c")


def test_a_second_process_is_refused_and_told_who_writes(tmp_path):
    script = (
        "import sys; from pathlib import Path; from isc.io.files.atomic import output_lock\n"
        "with output_lock(Path(sys.argv[1])): print('mine')"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with output_lock(tmp_path):
        refused = subprocess.run(command, capture_output=True, text=True)
    allowed = subprocess.run(command, capture_output=True, text=True)
    assert f"{tmp_path.name} is in use by process {os.getpid()} on " in refused.stderr.splitlines()[-1]
    assert allowed.stdout == "mine\n"


def test_the_lock_is_refused_within_one_process_too(tmp_path):
    with output_lock(tmp_path), pytest.raises(DerivativeError, match="is in use by process"), output_lock(tmp_path):
        pass


def test_a_killed_process_leaves_no_lock(tmp_path):
    script = (
        "import os, signal, sys; from pathlib import Path; from isc.io.files.atomic import output_lock\n"
        "with output_lock(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)]).returncode == -9
    with output_lock(tmp_path):
        pass


def test_a_free_folder_names_nobody(tmp_path):
    with output_lock(tmp_path):
        assert (tmp_path / LOCK_NAME).read_bytes()
    assert (tmp_path / LOCK_NAME).read_bytes() == b""


def test_the_lock_is_freed_after_an_error(tmp_path):
    with pytest.raises(KeyError), output_lock(tmp_path):
        raise KeyError
    with output_lock(tmp_path):
        pass


def test_an_output_folder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "isc").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DerivativeError, match="isc is a symbolic link"), output_lock(tmp_path / "isc"):
        pass


def test_an_output_folder_that_cannot_be_made_is_refused_before_any_work(tmp_path):
    (tmp_path / "isc").write_bytes(b"a file, not a folder")
    with pytest.raises(DerivativeError, match="isc could not be written"), output_lock(tmp_path / "isc"):
        pass


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_read_only_output_folder_is_refused_before_any_work(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DerivativeError, match="Permission denied"), output_lock(tmp_path):
        pass
