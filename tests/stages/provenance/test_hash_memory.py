"""A file is read again only when the file system says that it was touched."""

import os
import time

import pytest

from isc.io.files.sidecars import differences
from isc.stages.provenance import hash_memory
from isc.stages.provenance.hash_memory import HashMemory


@pytest.fixture
def old_file(tmp_path):
    """File of a raw study that was not touched lately."""
    path = tmp_path / "raw" / "film.mp4"
    path.parent.mkdir()
    path.write_bytes(b"a film")
    return path


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """Files of this moment count as old: no test waits."""
    monkeypatch.setattr(hash_memory, "SETTLED", -3600.0)


def test_an_untouched_file_is_read_once_even_by_the_next_run(old_file, tmp_path, monkeypatch):
    memory = HashMemory(old_file.parent)
    first = memory.hash_of(old_file)
    memory.save(tmp_path / "out")
    monkeypatch.setattr(hash_memory, "input_hash", lambda path: pytest.fail("the file was read"))
    again = HashMemory.load(old_file.parent, tmp_path / "out")
    assert again.hash_of(old_file) == first
    assert differences("hashes", again.known["film.mp4"]) == []


def test_another_file_of_the_same_size_and_time_is_seen(old_file):
    memory = HashMemory(old_file.parent)
    first = memory.hash_of(old_file)
    status = old_file.stat()
    old_file.write_bytes(b"b film")
    os.utime(old_file, ns=(status.st_atime_ns, status.st_mtime_ns))  # as cp -p does
    assert memory.hash_of(old_file) != first


def test_a_file_of_this_moment_is_not_remembered(old_file, monkeypatch):
    monkeypatch.setattr(hash_memory, "SETTLED", 2.0)
    monkeypatch.setattr(hash_memory.time, "time_ns", lambda: old_file.stat().st_ctime_ns + 1)
    memory = HashMemory(old_file.parent)
    memory.hash_of(old_file)
    assert memory.known == {}
    assert time.time_ns() > 0


def test_a_memory_that_cannot_be_read_is_forgotten(old_file, tmp_path):
    (tmp_path / "out" / "logs").mkdir(parents=True)
    (tmp_path / "out" / "logs" / "hashes.json").write_text("{")
    assert HashMemory.load(old_file.parent, tmp_path / "out").known == {}
