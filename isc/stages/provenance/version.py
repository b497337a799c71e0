"""Which code made a product: the version and a fingerprint of the package's own source."""

import functools
import hashlib
from importlib import metadata
from pathlib import Path

import isc
from isc import __version__

SHOWN_PACKAGES = ("numpy", "scipy", "xarray", "numba", "mediapipe", "av", "zarr", "statsmodels", "matplotlib")
SOURCE_SUFFIXES = (".py", ".html", ".css", ".js", ".txt")
FINGERPRINT_LENGTH = 12  # hexadecimal digits


@functools.cache
def code_version() -> str:
    """Version and source fingerprint: changes whenever any module of the package changes.

    Returns
    -------
    str
        Such as ``0.1.0+3fa9c1d2e4b5``.

    Examples
    --------
    >>> code_version().startswith(__version__)
    True
    """
    package = Path(isc.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.suffix in SOURCE_SUFFIXES):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:FINGERPRINT_LENGTH]}"


def software_versions() -> dict[str, str]:
    """Versions of this package and of those it computes with.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> "numpy" in software_versions()
    True
    """
    return {"isc-toolkit": code_version(), **{name: metadata.version(name) for name in SHOWN_PACKAGES}}
