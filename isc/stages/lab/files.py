"""The files of a lab in the forms that BIDS has for them: key presses, continuous ratings, facts of a video."""

import gzip
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from isc.io.camera.video import probe_video
from isc.io.files.sidecars import column_descriptions
from isc.io.files.text import MISSING, TableError, format_tsv, read_tsv, write_json, write_tsv
from isc.io.keyboard import read_key_log
from isc.io.layout.metadata import inherited_metadata
from isc.io.layout.names import sidecar_path
from isc.io.log_mapping import LogMapping
from isc.io.logs.lab_logs import read_lab_log
from isc.io.ratings import read_ratings

EVENNESS = 0.01  # share by which the steps of a rating may differ
SAME = 1e-9  # seconds by which a press may move when its log is written anew
SECONDS_IN = {"s": 1.0, "ms": 1e-3}
RATING = "rating"


def video_description(path: Path) -> dict[str, object]:
    """What the sidecar of a video says: the picture, not the camera, the place or the date."""
    info = probe_video(path)
    described = {
        "RecordingDuration": round(info.duration, 3),
        "VideoFrameRate": round(info.rate, 3),
        "VideoFrameCount": info.n_frame,
        "ImageWidth": info.width,
        "ImageHeight": info.height,
    }
    return {name: value for name, value in described.items() if np.isfinite(value)}


def write_events(source: Path, target: Path) -> None:
    """Write a key log as a BIDS table of events; it then says the same.

    Parameters
    ----------
    source : Path
        As `isc.io.keyboard.read_key_log` reads it.
    target : Path
        Ends in ``_events.tsv``.
    """
    cells, described = read_tsv(source), inherited_metadata(source)
    table = pd.DataFrame({"onset": _in_seconds(cells["onset"], described)})
    durations = cells["duration"] if "duration" in cells.columns else pd.Series(MISSING, index=cells.index)
    table["duration"] = _in_seconds(durations, described)
    others = cells.drop(columns=["onset", "duration"], errors="ignore")
    write_tsv(pd.concat([table, others], axis=1), target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        before, after = read_key_log(source), read_key_log(target)
    if not np.allclose(before["onset"], after["onset"], rtol=0, atol=SAME) or before.attrs != after.attrs:
        raise TableError(f"{source.name} says something else as a BIDS table of events; report this log to us")


def mapped_events(path: Path, mapping: LogMapping) -> pd.DataFrame:
    """Events of a log of another program, sorted by time.

    Parameters
    ----------
    path : Path
    mapping : LogMapping
        Says how to read it.

    Returns
    -------
    DataFrame
        Columns onset, duration (s), trial_type, key.
    """
    return read_lab_log(path, mapping).sort_values("onset", kind="stable", ignore_index=True)


def write_mapped_events(source: Path, target: Path, *, mapping: LogMapping) -> None:
    """Write the log of another program as a BIDS table of events.

    Parameters
    ----------
    source, target : Path
    mapping : LogMapping
        Says how to read it.
    """
    write_tsv(mapped_events(source, mapping), target)


def _in_seconds(cells: pd.Series, described: dict[str, dict[str, str]]) -> pd.Series:
    unit = described.get(str(cells.name), {}).get("Units", "s")
    return pd.to_numeric(cells, errors="coerce").astype(float) * SECONDS_IN[unit]


def rating_series(path: Path) -> tuple[np.ndarray, float, float]:
    """Continuous rating with its rate and start.

    Parameters
    ----------
    path : Path
        Tab-separated: columns ``time`` (s, even steps) and ``value``; missing values are n/a.

    Returns
    -------
    values : ndarray
    rate : float
        Hz.
    start : float
        Time of the first value, s.

    Raises
    ------
    KeyLogError
        When `isc.read_ratings` cannot read it: a column is absent, a cell is no number, times go back.
    TableError
        When there are fewer than two values, or the steps are uneven.
    """
    rating = read_ratings(path, column="value", time="time", delimiter="\t")
    time, steps = rating["time"].values, np.diff(rating["time"].values)
    if not steps.size:
        raise TableError(f"{path.name}: a rating needs two or more rows; it has {time.size}")
    step = float(np.median(steps))
    if np.abs(steps - step).max() > EVENNESS * step:
        raise TableError(
            f"{path.name}: steps of {steps.min():g} to {steps.max():g} s; BIDS keeps ratings at an even rate: "
            "resample it in the program that wrote it"
        )
    return rating.values, float(f"{(time.size - 1) / (time[-1] - time[0]):.9g}"), float(time[0])


def write_rating(source: Path, target: Path) -> None:
    """Write a continuous rating as BIDS has it: compressed values, their rate and start in the sidecar.

    Parameters
    ----------
    source : Path
        See `rating_series`.
    target : Path
        Ends in ``_physio.tsv.gz``.
    """
    values, rate, start = rating_series(source)
    target.write_bytes(gzip.compress(format_tsv(pd.DataFrame({RATING: values}), header=False), mtime=0))
    timing = {"SamplingFrequency": rate, "StartTime": start, "Columns": [RATING]}
    write_json(timing | column_descriptions(RATING, [RATING]), sidecar_path(target))
