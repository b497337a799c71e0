"""What JSON sidecars say about a raw file, its own and the ones it inherits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isc.io.files.text import read_json
from isc.io.layout.names import BidsError, parse_name, sidecar_path
from isc.io.logs.cells import TableError

TOP_OF_DATASET = "dataset_description.json"
LARGEST_NUMBER = 1e9  # Hz or s
SHOWN = 60  # characters of a wrong value
DEEPEST_FOLDER = 4  # root, sub-, ses-, beh: how far above a file its inherited sidecars can be


def inherited_metadata(path: Path) -> dict[str, Any]:
    """Content of the JSON files that describe a raw file: its own sidecar over the ones higher up.

    A JSON file of the same suffix describes the files below its folder whose names have all of its entities
    (inheritance principle of BIDS).

    Parameters
    ----------
    path : Path
        A file with a BIDS name; for any other, only the JSON file of the same name counts.

    Returns
    -------
    dict
        Empty when nothing describes the file. The file itself needs not be there.

    Raises
    ------
    TableError
        When a JSON file cannot be read.

    Examples
    --------
    >>> inherited_metadata(Path("no-such-folder/log.tsv"))
    {}
    """
    merged: dict[str, Any] = {}
    for folder in reversed(_folders_of_dataset(path)):
        described = [other for other in sorted(folder.glob("*.json")) if _describes(other, path)]
        for other in sorted(described, key=lambda found: found.name.count("-")):
            merged |= read_json(other)
    return merged


def sidecar_number(path: Path, metadata: Mapping[str, Any], key: str) -> float:
    """A number that the sidecar of a table gives, such as SamplingFrequency.

    Parameters
    ----------
    path : Path
        The table, for the error.
    metadata : mapping
        From `inherited_metadata`.
    key : str

    Returns
    -------
    float

    Raises
    ------
    TableError
        When it is no number, or larger than any rate or time.

    Examples
    --------
    >>> sidecar_number(Path("log.tsv"), {"StartTime": -2}, "StartTime")
    -2.0
    """
    value = metadata[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
        raise TableError(f"{path.name}: {key} in the sidecar must be a number; given {str(value)[:SHOWN]!r}")
    return float(value)


def _folders_of_dataset(path: Path) -> list[Path]:
    """Folder of a file and those above it up to the top of its data set; the first alone outside of one."""
    above = list(path.absolute().parents)[:DEEPEST_FOLDER]
    tops = [depth for depth, folder in enumerate(above) if (folder / TOP_OF_DATASET).is_file()]
    return above[: tops[0] + 1] if tops else above[:1]


def _describes(sidecar: Path, path: Path) -> bool:
    if sidecar == sidecar_path(path.absolute()):
        return True
    try:
        general, special = parse_name(sidecar.name), parse_name(path.name)
    except BidsError:
        return False
    return general.suffix == special.suffix and general.entities.items() <= special.entities.items()
