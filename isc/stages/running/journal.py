"""The log of runs, logs/run.jsonl: what each did, one line an event, without paths and names of people."""

import json
import statistics
import time
from pathlib import Path
from typing import Any

from isc.io.bids import root_path
from isc.io.files.atomic import writing

RECENT_RATES = 20  # participants whose speed an estimate is made from


def log(out_dir: Path, event: str, **fields: Any) -> None:
    """Append a line to logs/run.jsonl.

    Parameters
    ----------
    out_dir : Path
        Derivative data set.
    event : str
        What happened.
    **fields
        What JSON can hold; no path and no name of a person.

    Raises
    ------
    DerivativeError
        When the line cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> log(Path(tempfile.mkdtemp()), "run", seconds=1.0)
    """
    path = root_path(out_dir, "log")
    line = {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "event": event, **fields}
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def read_log(out_dir: Path) -> list[dict[str, Any]]:
    """Events of logs/run.jsonl; a last line that a kill or a full disk cut off is left out.

    Parameters
    ----------
    out_dir : Path

    Returns
    -------
    list of dict

    Examples
    --------
    >>> read_log(Path("no-such-folder"))
    []
    """
    path = root_path(out_dir, "log")
    if not path.is_file():
        return []
    events = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        events += [event] if isinstance(event, dict) else []
    return events


def measured_rate(out_dir: Path) -> float | None:
    """Frames tracked a second by one process, as measured in this folder before.

    Parameters
    ----------
    out_dir : Path

    Returns
    -------
    float or None
        Median over the latest participants; None before the first.

    Examples
    --------
    >>> measured_rate(Path("no-such-folder")) is None
    True
    """
    rates = [e["frames"] / e["seconds"] for e in read_log(out_dir) if e.get("frames") and e.get("seconds")]
    return statistics.median(rates[-RECENT_RATES:]) if rates else None
