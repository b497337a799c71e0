"""Machine code that no longer belongs to its source.

numba keeps the compiled form of a function until the file of that function changes. A change in the file of a function
that it calls, such as `git pull` brings, goes unseen, and the old numbers would be computed for ever.
"""

import hashlib
from pathlib import Path

STAMP = "kernels.sha256"


def drop_stale(folder: Path) -> bool:
    """Remove numba's caches in a folder and those below when a source there has changed since it was last looked at.

    Parameters
    ----------
    folder : Path
        Holds the sources, also in folders below; the hash of them all is in its ``__pycache__``. Where that cannot be
        written, as in a package installed by an administrator, nothing is done: numba keeps its cache elsewhere, and
        an installation gives every file a new date.

    Returns
    -------
    bool
        Whether the sources had changed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as name:
    ...     _ = (Path(name) / "kernel.py").write_text("answer = 42")
    ...     drop_stale(Path(name)), drop_stale(Path(name))
    (True, False)
    """
    stamp, now = folder / "__pycache__" / STAMP, _hash_of(folder)
    try:
        if stamp.exists() and stamp.read_text(encoding="ascii") == now:
            return False
        for compiled in folder.rglob("__pycache__/*.nb[ic]"):
            compiled.unlink(missing_ok=True)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(now, encoding="ascii")
    except OSError:
        return False
    return True


def _hash_of(folder: Path) -> str:
    """Hash of the names and contents of all sources of a folder and those below."""
    total = hashlib.sha256()
    for source in sorted(folder.rglob("*.py")):
        total.update(f"{source.relative_to(folder).as_posix()}\0".encode())
        total.update(source.read_bytes())
    return total.hexdigest()
