"""Hashes of large raw files, remembered as long as the file system says that a file was not touched."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isc.io.bids import root_path
from isc.io.derivatives import input_hash
from isc.io.files.text import TableError, read_json, write_json

SETTLED = 2.0  # seconds: a file that was changed so shortly before may be changed again within one tick of its clock
FILES = "Files"


@dataclass
class HashMemory:
    """SHA-256 of files with what the file system said of each when it was read.

    A file whose size, times of change (contents and entry) and inode are the same is not read again. Copying another
    file over it changes the time of its entry, whatever its own time is set to.

    Attributes
    ----------
    root : Path
        Raw study; only files below it are remembered.
    known : dict of str to dict
        By path below the study.
    """

    root: Path
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def hash_of(self, path: Path) -> str:
        """SHA-256 of an input, read or remembered."""
        if not (path.is_relative_to(self.root) and path.is_file()):
            return input_hash(path)
        name, stamp = path.relative_to(self.root).as_posix(), _stamp(path)
        if self.known.get(name, {}).get("Stamp") == stamp:
            return self.known[name]["SHA256"]
        now, found = time.time_ns(), input_hash(path)
        if now - max(stamp["Changed"], stamp["Modified"]) > SETTLED * 1e9 and _stamp(path) == stamp:
            self.known[name] = {"SHA256": found, "Stamp": stamp}
        return found

    @classmethod
    def load(cls, root: Path, out_dir: Path) -> "HashMemory":
        """Memory of the runs before; empty when there is none or it cannot be read."""
        path = root_path(out_dir, "hashes")
        try:
            return cls(root, dict(read_json(path)[FILES])) if path.is_file() else cls(root)
        except (TableError, KeyError, TypeError):
            return cls(root)

    def save(self, out_dir: Path) -> None:
        """Keep the memory for the next run."""
        text = "Hashes of raw files; remove this file to have all of them read again."
        write_json({"Description": text, FILES: self.known}, root_path(out_dir, "hashes"))


def _stamp(path: Path) -> dict[str, int]:
    status = path.stat()
    return {
        "Bytes": status.st_size,
        "Modified": status.st_mtime_ns,
        "Changed": status.st_ctime_ns,
        "Inode": status.st_ino,
    }
