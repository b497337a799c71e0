"""Reported peaks of the group: agreement of the raters, and its relation to synchrony."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.behaviour import chance_band, correlate_with_agreement, peak_agreement
from isc.io.derivatives import read_sidecar, read_table
from isc.stages.group.members import Group, label, log_sidecar
from isc.stages.provenance.shelf import SETTINGS, load_dataset


def raters(group: Group) -> pd.DataFrame:
    """Participants with a valid key log and the time it covers: subject, start, stop (s)."""
    rows = []
    for name, shelf in group.participants.items():
        if shelf.ledger.planned(shelf.path("peaks")):
            rows.append({"subject": name, "start": np.nan, "stop": np.nan})  # as far as a plan can know
            continue
        log = log_sidecar(shelf)
        if log is None:
            continue
        if not log["LogValid"]:
            group.notes.append(f"{name}: the key log counts as missing ({log['LogReason']}).")
            continue
        stop = log["LogStop"]
        rows.append({"subject": name, "start": float(log["LogStart"]), "stop": np.inf if stop is None else float(stop)})
    return pd.DataFrame(rows, columns=["subject", "start", "stop"])


def peaks_of(group: Group, valid: pd.DataFrame) -> pd.DataFrame:
    """Presses of all valid raters: subject, onset (s)."""
    tables = [read_table(group.participants[n].path("peaks")).assign(subject=n) for n in valid["subject"]]
    kept = [table[["subject", "onset"]] for table in tables if len(table)]
    if not kept:
        return pd.DataFrame({"subject": pd.Series(dtype=str), "onset": pd.Series(dtype=float)})
    return pd.concat(kept, ignore_index=True)


def make_agreement(group: Group, tisc: Path) -> Path | None:
    """Share of raters with a press in each window, and the band it stays below by chance; None without raters."""
    study, valid = group.study, raters(group)
    if valid.empty:
        group.notes.append("no participant has a valid key log: agreement and its relation to t-ISC are not computed.")
        return None
    inputs = [group.participants[name].path("peaks") for name in valid["subject"]]
    settings = {"chance_surrogates": study.behaviour.chance_surrogates, "seed": study.null.seed}

    def compute() -> pd.DataFrame:
        windows = load_dataset(tisc)["tisc"]
        peaks, duration = peaks_of(group, valid), group.film_duration or float(windows["stop"].values[-1])
        agreement = peak_agreement(peaks, windows=windows, raters=valid)
        table = agreement.to_dataframe("agreement").reset_index()[
            ["window", "time", "start", "stop", "agreement", "n_raters"]
        ]
        band = chance_band(
            peaks,
            windows=agreement,
            duration=duration,
            n_surrogates=study.behaviour.chance_surrogates,
            seed=study.null.seed,
        )
        table = table.assign(chance_upper=float(band["threshold"]))
        table.attrs[SETTINGS] = _finite(agreement.attrs)
        return table

    return group.shelf.make("agreement", compute, inputs=[tisc, *inputs], parameters=settings, desc="peaks")


def read_agreement(path: Path) -> xr.DataArray:
    """Agreement as a labelled series again, with the rule and raters it was counted by, as `isc.SplitHalf` needs it."""
    table, settings = read_table(path), dict(read_sidecar(path).get(SETTINGS, {}))
    if "log_stop" in settings:
        settings["log_stop"] = [np.inf if stop is None else stop for stop in settings["log_stop"]]
    coords = {name: ("window", table[name].to_numpy()) for name in ("time", "start", "stop", "n_raters")}
    return xr.DataArray(table["agreement"].to_numpy(), dims="window", coords=coords, name="agreement", attrs=settings)


def _finite(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON can hold them: a log without a stop marker has none."""
    if "log_stop" not in settings:
        return dict(settings)
    return {**settings, "log_stop": [stop if np.isfinite(stop) else None for stop in settings["log_stop"]]}


def make_association(group: Group, tisc: Path, agreement: Path, features: str) -> Path:
    """Relation of every feature's t-ISC to agreement, with the lag at which it is strongest."""
    lags = group.study.behaviour.lags

    def compute() -> pd.DataFrame:
        series = load_dataset(tisc)["tisc"]
        return _association_table(series, correlate_with_agreement(series, read_agreement(agreement), lags=lags))

    return group.shelf.make(
        "association",
        compute,
        inputs=[tisc, agreement],
        parameters={"lags": lags},
        desc=label(group.study, features),
    )


def _association_table(series: xr.DataArray, result: xr.Dataset) -> pd.DataFrame:
    """One row a feature; warnings of the test ride along in attrs."""
    n_feature = series.shape[1]
    if "pair" in series.dims:
        first, second = series["vertex_a"].values, series["vertex_b"].values
        names = [f"{a}-{b}" for a, b in zip(first, second, strict=True)]
    else:
        first = second = series["vertex"].values if "vertex" in series.coords else np.arange(n_feature)
        names = [str(vertex) for vertex in first]
    columns = {name: result[name].values for name in ("r", "lag", "p", "p_fwe", "effective_n")}
    table = pd.DataFrame({"feature": names, "vertex_a": first, "vertex_b": second, **columns})
    table.attrs["warnings"] = [str(text) for text in result.attrs.get("warnings", [])]
    if result.attrs.get("refused"):
        table.attrs["warnings"].insert(0, str(result.attrs["refused"]))
    return table
