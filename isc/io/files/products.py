"""Products and their manifests: a file exists once its sidecar lists its bytes, and is read only if they agree."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from isc.io.files.atomic import DerivativeError, hash_file, remove, sync, sync_tree, temporary_beside, writing
from isc.io.files.json_format import format_json
from isc.io.files.text import TableError, read_json
from isc.io.layout.names import sidecar_path

KEY = "ProductKey"
FILES = "Files"


def product_key(inputs: Sequence[Path | str], *, parameters: Mapping[str, Any], code_version: str) -> str:
    """Fingerprint of all that a product depends on; a product of another key is out of date.

    Parameters
    ----------
    inputs : sequence of Path or str
        Files (hashed here), products of ours (their sidecar says the hashes), or SHA-256 hashes as text. The order
        counts.
    parameters : mapping
        What JSON can hold; the order of the names does not count.
    code_version : str
        Changes whenever the code would give other values.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ValueError
        When a parameter is NaN or infinite.
    TypeError
        When a parameter has no JSON form.

    Examples
    --------
    >>> first = product_key(["ab"], parameters={"window": 5.0, "step": 1.66}, code_version="1")
    >>> first == product_key(["ab"], parameters={"step": 1.66, "window": 5.0}, code_version="1")
    True
    >>> first == product_key(["ab"], parameters={"window": 5.0, "step": 1.66}, code_version="2")
    False
    """
    content = {
        "inputs": [given if isinstance(given, str) else input_hash(given) for given in inputs],
        "parameters": _sorted(parameters),
        "code_version": code_version,
    }
    return sha256(format_json(content)).hexdigest()


def input_hash(path: Path) -> str:
    """SHA-256 of an input: of the file's bytes, or of the list of files of a folder product.

    Parameters
    ----------
    path : Path
        Any file, or a zarr product of ours.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    DerivativeError
        When it is absent, or a folder without a sidecar.

    Examples
    --------
    >>> input_hash(Path("no-such-cube.zarr"))
    Traceback (most recent call last):
    isc.io.files.atomic.DerivativeError: no-such-cube.zarr is missing; make it again
    """
    if path.is_dir():
        return sha256(format_json(read_sidecar(path)[FILES])).hexdigest()
    if not path.is_file():
        raise DerivativeError(f"{path.name} is missing; make it again")
    return hash_file(path)


def _sorted(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _sorted(value[name]) for name in sorted(value, key=str)}
    return value


def is_current(path: Path, key: str) -> bool:
    """Whether a product is there, whole, and made from the inputs, parameters and code of `key`.

    Sizes are compared, not bytes: a changed byte is found when the product is read.

    Parameters
    ----------
    path : Path
        The product.
    key : str
        From `product_key`.

    Returns
    -------
    bool
        False as well for a product without a readable sidecar.

    Examples
    --------
    >>> is_current(Path("no-such-cube.zarr"), "ab")
    False
    """
    try:
        sidecar = read_sidecar(path)
        _check_sizes(path, sidecar[FILES])
    except DerivativeError:
        return False
    return sidecar.get(KEY) == key


@contextlib.contextmanager
def publishing(path: Path, sidecar: Mapping[str, Any]) -> Iterator[Path]:
    """Temporary path to write a product to; product and sidecar take their places when the block ends well.

    The sidecar comes last. A reader therefore sees the old product, none, or the new one, and a run that is killed
    or finds the disk full leaves nothing under the final name.

    Parameters
    ----------
    path : Path
        Where the file or folder shall be.
    sidecar : mapping
        Read when the block ends, so the block may still fill it. ``Files`` is added: SHA-256 and size of every file.

    Yields
    ------
    Path
        In the same folder, not there yet.

    Raises
    ------
    DerivativeError
        When the product cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "task-film_desc-win5000ms_tisc.nc")
    >>> with publishing(path, {"Description": "an example"}) as temporary:
    ...     _ = temporary.write_bytes(b"whole")
    >>> path.read_bytes(), sidecar_path(path).exists()
    (b'whole', True)
    """
    product, note, old = (temporary_beside(path) for _ in range(3))
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield product  # not inside `writing`: the block reads as well, and its errors are its own
        with writing(path):
            sync_tree(product)
            note.write_bytes(format_json({**sidecar, FILES: _fingerprints(product, path.name)}))
            sync(note)
            _exchange(path, old, product, note)
    finally:
        for temporary in (product, note, old):
            remove(temporary)


def _exchange(path: Path, old: Path, product: Path, note: Path) -> None:
    """Put a finished product and its sidecar in place of the old ones, by renaming only."""
    sidecar_path(path).unlink(missing_ok=True)  # from here to the last rename there is no product
    if path.exists():
        os.replace(path, old)
    os.replace(product, path)
    sync(path.parent)
    os.replace(note, sidecar_path(path))
    sync(path.parent)


def _fingerprints(product: Path, name: str) -> dict[str, dict[str, Any]]:
    """SHA-256 and size of every file of a product, by its path inside the product, or `name` for a single file."""
    files = sorted(path for path in (product, *product.rglob("*")) if path.is_file())
    return {
        name if file == product else file.relative_to(product).as_posix(): {
            "SHA256": hash_file(file),
            "Bytes": file.stat().st_size,
        }
        for file in files
    }


def read_sidecar(path: Path) -> dict[str, Any]:
    """Sidecar of a product.

    Parameters
    ----------
    path : Path
        The product, not the sidecar.

    Returns
    -------
    dict
        Whether the product agrees with it is not checked.

    Raises
    ------
    DerivativeError
        When the sidecar is absent or cannot be read: the product does not exist then, whatever lies on the disk.

    Examples
    --------
    >>> read_sidecar(Path("cube.zarr"))
    Traceback (most recent call last):
    isc.io.files.atomic.DerivativeError: cube.zarr has no sidecar cube.json: it is absent or was never finished; ...
    """
    note = sidecar_path(path)
    if not note.is_file():
        raise DerivativeError(
            f"{path.name} has no sidecar {note.name}: it is absent or was never finished; make it again"
        )
    try:
        sidecar = read_json(note)
    except TableError as error:
        raise DerivativeError(f"{error}; make {path.name} again") from error
    files = sidecar.get(FILES)
    if not (isinstance(files, dict) and all(isinstance(entry, dict) for entry in files.values())):
        raise DerivativeError(f"{note.name} lists no {FILES}, so {path.name} cannot be checked; make it again")
    return sidecar


def verified_sidecar(path: Path) -> dict[str, Any]:
    """Sidecar of a product whose every byte was compared with it.

    Parameters
    ----------
    path : Path
        The product.

    Returns
    -------
    dict

    Raises
    ------
    DerivativeError
        When the sidecar is absent, or a file of the product is missing, too much or changed (it is named).

    Examples
    --------
    >>> verified_sidecar(Path("cube.zarr"))
    Traceback (most recent call last):
    isc.io.files.atomic.DerivativeError: cube.zarr has no sidecar cube.json: ...
    """
    sidecar = read_sidecar(path)
    _check_sizes(path, sidecar[FILES])
    for name, expected in sidecar[FILES].items():
        if hash_file(_file_of(path, name)) != expected.get("SHA256"):
            raise DerivativeError(f"{name} of {path.name} was changed or damaged (SHA-256 differs); make it again")
    return sidecar


def _check_sizes(path: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise unless exactly the files of the sidecar are there, each with its size."""
    for name, expected in files.items():
        file = _file_of(path, name)
        if not file.is_file():
            raise DerivativeError(f"{name} of {path.name} is missing; make it again")
        if file.stat().st_size != expected.get("Bytes"):
            raise DerivativeError(f"{name} of {path.name} was changed or damaged (size differs); make it again")
    if path.is_dir():
        known = {path / name for name in files}
        # Hidden files are the desktop's (.DS_Store): no store of ours has one.
        extra = [file for file in path.rglob("[!.]*") if file.is_file() and file not in known]
        if extra:
            raise DerivativeError(
                f"{extra[0].relative_to(path).as_posix()} of {path.name} is not in its sidecar; make it again"
            )


def _file_of(path: Path, name: str) -> Path:
    return path / name if path.is_dir() else path.parent / name
