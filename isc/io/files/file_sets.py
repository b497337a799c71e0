"""Products of several files, such as a page and its figures: one manifest, written last, lists the bytes of all."""

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from isc.io.files.atomic import DerivativeError, remove, write_bytes
from isc.io.files.json_format import format_json
from isc.io.files.products import FILES, read_sidecar

VALUES = "Values"


def write_file_set(
    files: Mapping[Path, bytes], manifest: Path, values: Mapping[str, Any], sidecar: Mapping[str, Any]
) -> None:
    """Write several files as one product; the product does not exist until its manifest does.

    Files of an older version that this one does not have are removed.

    Parameters
    ----------
    files : mapping of Path to bytes
        Each is written whole or not at all.
    manifest : Path
        Ends in ``.json``. Files are listed relative to its folder.
    values : mapping
        What the manifest says of the product.
    sidecar : mapping
        What explains the values and how the product was made.

    Raises
    ------
    DerivativeError
        When a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_file_set({folder / "report.html": b"page"}, folder / "files_report.json", {"page": "report.html"}, {})
    >>> sorted(path.name for path in folder.iterdir())
    ['files_report.json', 'report.html']
    """
    stale = _listed(manifest) - {_relative(path, manifest) for path in files}
    remove(manifest)  # from here to the last line there is no product
    for name in stale:
        remove(manifest.parent / name)
    for path, content in files.items():
        write_bytes(path, content)
    listed = {
        _relative(path, manifest): {"SHA256": sha256(content).hexdigest(), "Bytes": len(content)}
        for path, content in files.items()
    }
    write_bytes(manifest, format_json({**sidecar, VALUES: dict(values), FILES: listed}))


def _listed(manifest: Path) -> set[str]:
    try:
        return set(read_sidecar(manifest)[FILES])
    except DerivativeError:
        return set()


def _relative(path: Path, manifest: Path) -> str:
    return Path(os.path.relpath(path, manifest.parent)).as_posix()
