"""Finished segments of a long recording, kept beside it until the whole is there."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import xarray as xr

from isc.io.camera.face_rows import Checkpoint
from isc.io.camera.face_tracker import FacePlace
from isc.io.derivatives import DerivativeError, read_array, read_sidecar, write_array
from isc.io.files.atomic import TEMPORARY_PREFIX, remove

SUFFIX = ".parts"
SHOWN_KEY = 16  # digits of the product key in the name of the folder


class Parts:
    """Segments of one recording on the disk, each a product with its checksum and the point to go on from.

    Parameters
    ----------
    product : Path
        The recording they will be part of.
    key : str
        Product key of the recording: parts of another key (input, parameters, code) are removed.
    """

    def __init__(self, product: Path, key: str) -> None:
        self._folder = product.with_name(f"{_prefix(product)}{key[:SHOWN_KEY]}{SUFFIX}")
        for folder in _folders(product):
            if folder != self._folder:
                remove(folder)

    def stored(self) -> Iterator[tuple[xr.Dataset, Checkpoint]]:
        """Segments from the first on, as far as they are whole; the first damaged or missing one ends them."""
        number = 0
        while True:
            path = self._path(number)
            try:
                segment = read_array(path)
                point = read_sidecar(path)["Checkpoint"]
            except DerivativeError:
                return
            if not isinstance(segment, xr.Dataset):
                return
            place = None if point["place"] is None else FacePlace(tuple(point["place"][0]), *point["place"][1:])
            yield segment.load(), Checkpoint(point["n_row"], place)
            number += 1

    def keep(self, segment: xr.Dataset, point: Checkpoint) -> None:
        """Write a segment that ends at `point`."""
        number = -(-point.n_row // segment.sizes["time"]) - 1
        write_array(segment, self._path(number), {"Checkpoint": {"n_row": point.n_row, "place": point.place}})

    @staticmethod
    def remove_all(product: Path) -> None:
        """Remove the parts of a recording."""
        for folder in _folders(product):
            remove(folder)

    def _path(self, number: int) -> Path:
        return self._folder / f"segment-{number:05d}.zarr"


def _prefix(product: Path) -> str:
    """Short whatever the product's name is: file systems stop at 255 bytes."""
    return f"{TEMPORARY_PREFIX}{sha256(product.name.encode()).hexdigest()[:SHOWN_KEY]}-"


def _folders(product: Path) -> list[Path]:
    return sorted(product.parent.glob(f"{_prefix(product)}*{SUFFIX}"))
