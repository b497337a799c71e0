"""How the key log of a lab's own program is to be read: a mapping file that names columns, units, keys and the film."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from isc.io.files.text import read_json
from isc.io.logs.cells import TableError, read_text
from isc.io.logs.film_clock import KeyLogError
from isc.untrusted import MAX_TOML_BYTES, parse_toml

Keys = tuple[str, ...]


class LogMapping(BaseModel):
    """Which column of a log holds what, in which unit, and where the film starts. Nothing has a guessed default.

    Examples
    --------
    >>> LogMapping(format="table", units="s", key="name", time="t", film_start=0).press
    ()
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    format: Literal["psychopy", "eprime", "table"]
    """``psychopy``: CSV, a row a trial, cells may hold lists; ``eprime``: text log of LogFrames; ``table``: a row a
    press, such as the export of E-DataAid."""
    units: Literal["s", "ms"]
    """Unit of all times."""
    key: str
    """Column of key names."""
    time: str
    """Column of press times."""
    time_zero: str | None = None
    """Column whose value in the same row is added to the press times, when these count from an event of their own."""
    film_start: str | float | None = None
    """Column with the start of the film on the clock of the (summed) press times, or that time itself."""
    film_stop: str | float | None = None
    """The same for its end."""
    start_key: str | None = None
    """Instead of `film_start`: name in the key column that marks the start (a trigger or an experimenter's key)."""
    stop_key: str | None = None
    """Instead of `film_stop`: name that marks the end."""
    press: Keys = ()
    """Keys that report a peak; all but the markers if empty."""
    up: Keys = ("up",)
    """Keys that raise a step rating."""
    down: Keys = ("down",)
    """Keys that lower it."""
    where: dict[str, str] = {}
    """Rows of presses to read: those with this text in this column (leaves practice trials out)."""
    film_where: dict[str, str] = {}
    """Rows in which `film_start` and `film_stop` are looked for; all if empty."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """Separator of the columns (not for eprime)."""
    decimal: Literal[".", ","] = "."
    """Sign between units and tenths."""
    skip_lines: Annotated[int, Field(ge=0, le=1000)] = 0
    """Lines before the header (not for eprime)."""

    @model_validator(mode="after")
    def _has_one_film(self) -> "LogMapping":
        if (self.film_start is None) == (self.start_key is None):
            raise ValueError(
                "give one of film_start (a column, or a time: 0 if the clock starts with it) and start_key"
            )
        if self.film_stop is not None and self.stop_key is not None:
            raise ValueError("give film_stop or stop_key, not both")
        if self.decimal == self.delimiter and self.format != "eprime":
            raise ValueError("decimal and delimiter are the same sign; columns would shift")
        return self


def read_log_mapping(path: str | Path) -> LogMapping:
    """Mapping from a TOML or JSON file.

    Parameters
    ----------
    path : path
        Keys as the attributes of `LogMapping`: ``format``, ``units``, ``key``, ``time`` and ``film_start`` or
        ``start_key`` are required.

    Returns
    -------
    LogMapping

    Raises
    ------
    KeyLogError
        When the file is neither, a key is unknown or missing, or a value is not allowed.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "psychopy.toml")
    >>> lines = ['format = "psychopy"', 'units = "s"', 'key = "key_resp.keys"', 'time = "key_resp.rt"',
    ...          'time_zero = "key_resp.started"', 'film_start = "movie.started"']
    >>> _ = path.write_text(chr(10).join(lines))
    >>> read_log_mapping(path).film_start
    'movie.started'
    """
    path = Path(path)
    try:
        return LogMapping(**_content(path))
    except TableError as error:
        raise KeyLogError(str(error)) from error
    except ValidationError as error:
        faults = "; ".join(_in_words(fault) for fault in error.errors())
        raise KeyLogError(f"{path.name}: {faults}") from error


def _content(path: Path) -> Mapping[str, Any]:
    if path.suffix == ".json":
        return read_json(path)
    if path.suffix != ".toml":
        raise KeyLogError(f"{path.name} must be a mapping file that ends in .toml or .json")
    if path.is_file() and path.stat().st_size > MAX_TOML_BYTES:
        raise KeyLogError(f"{path.name} is larger than {MAX_TOML_BYTES} bytes; is it a mapping file?")
    try:
        return parse_toml(read_text(path))
    except TableError:
        raise
    except ValueError as error:
        raise KeyLogError(f"{path.name} is not valid TOML: {error}") from error


def _in_words(fault: Any) -> str:
    """'units is missing', 'unit is not a known key; ...' or what is wrong with a value."""
    name = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] == "missing":
        return f"{name} is missing"
    if fault["type"] == "extra_forbidden":
        return f"{name} is not a known key; known keys: {', '.join(LogMapping.model_fields)}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{name} is {fault['input']!r}: {message}" if name else message
