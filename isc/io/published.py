"""Research data of others: a local copy first, else fetched from the address where they were published."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from isc.io.face_model import cache_folder

DOWNLOAD_TIMEOUT = 60  # seconds without an answer


class PublishedDataError(ValueError):
    """Published data that are not where they should be, or are not what was published."""


@dataclass(frozen=True)
class PublishedData:
    """Files that somebody published.

    Attributes
    ----------
    name : str
        Folder of the local copy inside ISC_DATA, and of the cache.
    address : str
        Without the file names; names are appended to it.
    sha256 : mapping of str to (str or None)
        File names and their hashes; None where the hash is not known, so that the reader has to check the content.
    licence : str

    Examples
    --------
    >>> PublishedData("ratings", "https://example.org/data", {"a.csv": None}, "CC0").name
    'ratings'
    """

    name: str
    address: str
    sha256: Mapping[str, str | None] = field(default_factory=dict)
    licence: str = ""


def local_copy(data: PublishedData, given: Path | None = None) -> Path | None:
    """Folder with all files of the data set: the one given, else ISC_DATA, else ``../shared/data`` of the repository.

    Parameters
    ----------
    data : PublishedData
    given : Path, optional
        A folder with the files, or with a folder of the data set's name; then nowhere else is looked.

    Returns
    -------
    Path or None
        None where there is no local copy.

    Raises
    ------
    PublishedDataError
        When a folder was given and the files are not in it, or a file has another hash than was published.

    Examples
    --------
    >>> local_copy(PublishedData("no-such-data", "https://example.org", {"a.csv": None})) is None
    True
    """
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    root = given or Path(os.environ.get("ISC_DATA", beside))
    for folder in (root, root / data.name):
        if all((folder / name).is_file() for name in data.sha256):
            _check_hashes(data, folder)
            return folder
    if given is not None:
        raise PublishedDataError(f"{given} has no {', '.join(list(data.sha256)[:3])} ..., the files of {data.name}")
    return None


def find_published(data: PublishedData, given: Path | None = None) -> Path:
    """Folder with all files of the data set, downloaded into the cache when there is no local copy.

    Parameters
    ----------
    data : PublishedData
    given : Path, optional
        As for `local_copy`.

    Returns
    -------
    Path

    Raises
    ------
    PublishedDataError
        As `local_copy`, and when a file cannot be fetched or has a wrong hash; it is then thrown away.

    Examples
    --------
    >>> find_published(PublishedData("no-such-data", "http://127.0.0.1:1", {"a.csv": None}))
    Traceback (most recent call last):
        ...
    isc.io.published.PublishedDataError: a.csv of no-such-data was not found ...
    """
    return local_copy(data, given) or _fetched(data)


def _check_hashes(data: PublishedData, folder: Path) -> None:
    for name, expected in data.sha256.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if expected is not None and found != expected:
            raise PublishedDataError(
                f"{name} has the SHA-256 {found[:12]}..., not the published {expected[:12]}...; fetch it again"
            )


def _fetched(data: PublishedData) -> Path:
    import pooch

    pooch.get_logger().setLevel("ERROR")  # it announces every download on stderr
    folder, downloader = cache_folder() / data.name, pooch.HTTPDownloader(timeout=DOWNLOAD_TIMEOUT)
    for name, expected in data.sha256.items():
        url = f"{data.address}/{name}"
        try:
            pooch.retrieve(url, expected and f"sha256:{expected}", Path(name).name, folder, downloader=downloader)
        except (OSError, ValueError) as error:  # requests' own errors are OSErrors; a wrong hash is a ValueError
            reason = type(error).__name__ if isinstance(error, OSError) else "wrong SHA-256, thrown away"
            raise PublishedDataError(
                f"{name} of {data.name} was not found on this machine and could not be fetched from {url} ({reason}); "
                "name a local copy with --data or ISC_DATA"
            ) from None
    return folder
