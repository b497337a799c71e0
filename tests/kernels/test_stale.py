"""Compiled kernels never outlive a change in the functions that they call."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from isc.kernels.stale import drop_stale


@pytest.fixture
def folder(tmp_path):
    """A folder with a source and its compiled form."""
    (tmp_path / "kernel.py").write_text("x = 1")
    (tmp_path / "__pycache__").mkdir()
    compile_again(tmp_path)
    return tmp_path


def compile_again(folder):
    for suffix in ("nbi", "1.nbc"):
        (folder / "__pycache__" / f"kernel.f-1.py311.{suffix}").write_bytes(b"machine code")


def compiled(folder):
    return sorted(folder.glob("__pycache__/*.nb[ic]"))


def test_a_cache_of_unknown_age_is_dropped_and_a_known_one_kept(folder):
    assert drop_stale(folder) and not compiled(folder)
    compile_again(folder)
    assert not drop_stale(folder) and len(compiled(folder)) == 2


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_any_change_of_the_sources_drops_it(folder, change):
    (folder / "other.py").write_text("y = 1")
    drop_stale(folder)
    compile_again(folder)
    if change == "edit":
        (folder / "other.py").write_text("y = 2")
    elif change == "add":
        (folder / "third.py").write_text("")
    else:
        (folder / "other.py").unlink()
    assert drop_stale(folder) and not compiled(folder)


def test_a_new_date_alone_keeps_it(folder):
    drop_stale(folder)
    compile_again(folder)
    os.utime(folder / "kernel.py", (1, 1))
    assert not drop_stale(folder) and compiled(folder)


def test_a_change_in_one_room_drops_the_compiled_forms_of_all(folder):
    room = folder / "room"
    (room / "__pycache__").mkdir(parents=True)
    (room / "inner.py").write_text("y = 1")
    drop_stale(folder)
    compile_again(folder)
    compile_again(room)
    (room / "inner.py").write_text("y = 2")
    assert drop_stale(folder) and not compiled(folder) and not compiled(room)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_that_cannot_be_written_is_left_alone(folder):
    (folder / "__pycache__").chmod(0o500)
    assert not drop_stale(folder) and compiled(folder)
    (folder / "__pycache__").chmod(0o700)


def test_a_change_in_a_called_function_is_seen_by_the_next_process(tmp_path):
    package = tmp_path / "kernels"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from pathlib import Path\nfrom isc.kernels.stale import drop_stale\ndrop_stale(Path(__file__).parent)\n"
    )
    (package / "outer.py").write_text(
        "from numba import njit\nfrom kernels.inner import inner\n\n"
        "@njit(cache=True)\ndef outer():\n    return inner()\n"
    )
    source = "from numba import njit\n\n@njit(cache=True)\ndef inner():\n    return {}\n"
    repository = Path(__file__).resolve().parents[2]
    for number in ("1", "2"):
        (package / "inner.py").write_text(source.format(number))
        done = subprocess.run(
            [sys.executable, "-c", "from kernels.outer import outer; print(outer())"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(repository)])},
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout.strip() == number
    assert list(package.glob("__pycache__/outer.*.nbc"))
