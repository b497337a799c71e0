"""Everything that decides whether a test of synchrony can be believed, measured before the test is read."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr

from isc.cube import subject_ids
from isc.kernels.nulls import surrogates
from isc.kernels.pairs.distances import distance_series
from isc.synchrony.features.blocks import select_features
from isc.synchrony.features.series import Space, as_series
from isc.synchrony.findings import Finding, Plain, with_findings
from isc.synchrony.inference import DEFAULT_ALPHA, p_values
from isc.synchrony.nulls import null_extremes
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.smoothness.autocorrelation import design_findings, frame_shuffle_warning, median_time, sampled
from isc.synchrony.smoothness.stationarity import Smoothness, chance_deviation, finite_mean, smoothness
from isc.synchrony.temporal import temporal_isc
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW, Windows, sliding_windows, window_coords

MAX_PAIRS = 200  # vertex pairs looked at, evenly chosen
UNSTEADY_RATIO = 2.0  # of autocorrelation times; beyond, the circular shift alone would not hold
SHARED_CHANCE = 0.01  # p of changes that subjects share; see isc.synchrony.smoothness.stationarity
FEW_SAMPLES = 30  # in a window
FEW_EFFECTIVE = 10.0  # independent samples in a window
MUCH_DROPPED = 0.05  # share of subject-windows
MANY_AT_ONCE = 0.5  # share of subjects left out of one window
IDENTICAL_R = 1 - 1e-6
HEAD_SURROGATES = 199


def diagnose(
    cube: xr.DataArray,
    *,
    window: float = DEFAULT_WINDOW,
    step: float = DEFAULT_STEP,
    space: Space = "vector",
    pairs: VertexPairs | None = None,
    tisc: xr.DataArray | None = None,
    result: xr.Dataset | None = None,
    alpha: float = DEFAULT_ALPHA,
    schemes: Sequence[str] = (),
    n_surrogates: int | None = None,
    head_pose: xr.DataArray | None = None,
) -> xr.Dataset:
    """What decides whether a test of synchrony in these data can be believed.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
    window, step : float
        Seconds.
    space : {"vector", "axes", "norm", "displacement"}
        As in `isc.temporal_isc`. Smoothness of ``vector`` is measured on the axes.
    pairs : VertexPairs, optional
        Judge the distances of up to 200 of these pairs.
    tisc : DataArray, optional
        From `isc.temporal_isc` of the same cube and windows; computed when it is not given. Its ``n_subject`` says
        who was left out.
    result : Dataset, optional
        With a ``p_<scheme>`` for several nulls, which are compared at `alpha`.
    alpha : float
        Error rate at which nulls are compared.
    schemes : sequence of str
        Nulls in use; the frame shuffle brings its warning.
    n_surrogates : int, optional
        Surrogates in use.
    head_pose : DataArray, dims (subject, time, channel), optional
        Negative control: head movements are not expected to be synchronous (Madsen & Parra 2022); where they are,
        suspect the camera, the stimulus onset or a shared disturbance.

    Returns
    -------
    Dataset
        ``lag1``, ``autocorrelation_time`` and ``effective_samples`` of a first-order autoregression with that lag1
        (samples; for comparing windows, a quarter too high for smooth series), and ``dropped_share``, each (window);
        ``warnings`` (finding), see `isc.synchrony.findings`. attrs: the same over the whole recording
        (``autocorrelation_time`` is there Geyer's, slow drift included: `isc.synchrony.smoothness.autocorrelation`);
        ``chance_deviation``, the standard deviation of r between two unrelated people in a window, and
        ``effective_samples``, the independent samples in a window that would give the same; ``stationarity_ratio``
        (largest over smallest time of a window) and ``stationarity_p`` (whether subjects share its changes).

    Raises
    ------
    ValueError
        When the cube, the window or the pairs cannot be used.

    References
    ----------
    Madsen & Parra 2022, PNAS Nexus 1:pgac020, doi:10.1093/pnasnexus/pgac020 (head movements).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cube = xr.DataArray(rng.normal(size=(20, 900, 3)), dims=("subject", "time", "vertex"),
    ...                     coords={"time": np.arange(900) / 30})
    >>> found = diagnose(cube, n_surrogates=200)
    >>> found.code.values.tolist(), bool(found.attrs["effective_samples"] > 100)
    (['few_surrogates'], True)
    """
    values, rate = _series(cube, space, pairs)
    windows = sliding_windows(cube.sizes["time"], rate=rate, window=window, step=step)
    if tisc is None:
        tisc = temporal_isc(cube, window=window, step=step, space=space, pairs=pairs)
    ids = subject_ids(cube)
    smooth = smoothness(values, windows, keys=surrogates.subject_keys(ids))
    measured = _measures(values, windows, smooth, tisc)
    found = [
        *design_findings(len(ids), n_surrogates),
        *_window_findings(measured),
        *_stationarity_findings(smooth),
        *_identical_subjects(values, ids),
        *_absent_subjects(values, ids),
        *_dropped_subjects(measured),
        *(() if "timepoint_shuffle" not in schemes else _frame_shuffle(measured, n_surrogates)),
        *(() if result is None else _disagreements(result, alpha)),
        *(() if head_pose is None else _head_pose(head_pose, tisc, alpha)),
    ]
    return with_findings(measured, found)


def _series(cube: xr.DataArray, space: Space, pairs: VertexPairs | None) -> tuple[np.ndarray, float]:
    """Values (subject, time, feature) of evenly chosen features or pairs, and their rate."""
    if pairs is None:
        series = as_series(cube, space="axes" if space == "vector" else space)
        return sampled(series), series.rate
    series = select_features(cube, pairs=pairs).series
    chosen = slice(None, None, max(1, -(-len(pairs) // MAX_PAIRS)))
    landmarks = np.ascontiguousarray(series.values, dtype=np.float32)
    distance = distance_series(landmarks, pairs.vertex_a[chosen], pairs.vertex_b[chosen])
    return np.moveaxis(distance[:, 0], 0, 2), series.rate


def _measures(values: np.ndarray, windows: Windows, smooth: Smoothness, tisc: xr.DataArray) -> xr.Dataset:
    n_subject = values.shape[0]
    features = [dim for dim in tisc["n_subject"].dims if dim != "window"]
    dropped = 1 - tisc["n_subject"].mean(features).values / n_subject
    deviation = chance_deviation(values, windows)
    columns = {
        "lag1": (smooth.lag1, "1"),
        "autocorrelation_time": (smooth.time, "samples"),
        "effective_samples": (windows.length * (1 - smooth.lag1**2) / (1 + smooth.lag1**2), "samples"),
        "dropped_share": (dropped, "1"),
    }
    data = {name: ("window", column, {"units": unit}) for name, (column, unit) in columns.items()}
    onset = float(tisc["start"].values[0]) - windows.starts[0] / windows.rate
    attrs: dict[str, Any] = {
        "n_subject": n_subject,
        "window_samples": windows.length,
        "lag1": float(finite_mean(smooth.lag1, axis=0)),
        "autocorrelation_time": median_time(values),
        "chance_deviation": deviation,
        "effective_samples": 1 + deviation**-2,
        "stationarity_ratio": smooth.ratio,
        "stationarity_p": smooth.p,
        "dropped_share": float(dropped.mean()),
    }
    return xr.Dataset(data, coords=window_coords(windows, onset=onset), attrs=attrs)


def _window_findings(measured: xr.Dataset) -> Iterator[Finding]:
    """Windows that are few, short or hold few independent samples."""
    samples, effective = measured.attrs["window_samples"], measured.attrs["effective_samples"]
    if measured.sizes["window"] == 1:
        text = "one window: synchrony cannot be followed over time, and its autocorrelation time has nothing beside it."
        yield Finding("one_window", "note", text)
    if samples < FEW_SAMPLES:
        text = f"{samples} samples in a window: correlations of fewer than {FEW_SAMPLES} are coarse; widen the window."
        yield Finding("short_window", "warning", text, {"window_samples": samples})
    if effective < FEW_EFFECTIVE:
        text = (
            f"a window of {samples} samples holds about {effective:.2g} independent ones: r between two unrelated "
            f"people has a standard deviation of {measured.attrs['chance_deviation']:.2f} in a window."
        )
        yield Finding("few_effective_samples", "note", text, {"effective_samples": effective})


def _stationarity_findings(smooth: Smoothness) -> Iterator[Finding]:
    if smooth.ratio > UNSTEADY_RATIO and smooth.p <= SHARED_CHANCE:
        text = (
            f"smoothness changes during the recording for everybody at once: the autocorrelation time of a window "
            f"goes from {np.nanmin(smooth.time):.3g} to {np.nanmax(smooth.time):.3g} samples (ratio "
            f"{smooth.ratio:.2g}; p of sharing it by chance {smooth.p:.2g}). The circular shift alone does not hold "
            "here (64 % false positives in simulation): read the sign flip first."
        )
        yield Finding("changing_smoothness", "warning", text, {"ratio": smooth.ratio, "p": smooth.p})


def _identical_subjects(values: np.ndarray, ids: list[str]) -> Iterator[Finding]:
    """Two names for one recording."""
    centred = values.astype(np.float64) - finite_mean(values, axis=1)[:, None]
    flat = np.nan_to_num(centred.reshape(len(ids), -1))
    norm = np.sqrt((flat**2).sum(axis=1))
    r = flat @ flat.T / np.maximum(np.outer(norm, norm), np.finfo(np.float64).tiny)
    for first, second in zip(*np.nonzero(np.triu(r > IDENTICAL_R, 1)), strict=True):
        a, b = ids[first], ids[second]
        same = "bit for bit" if values[first].tobytes() == values[second].tobytes() else "but for offset and noise"
        text = f"subjects {a} and {b} have the same series ({same}; r = {r[first, second]:.6f}): leave one of them out."
        yield Finding("identical_subjects", "warning", text, {"subjects": [a, b], "r": float(r[first, second])})


def _absent_subjects(values: np.ndarray, ids: list[str]) -> Iterator[Finding]:
    """Subjects who are counted among the participants and take part in no window."""
    finite = np.isfinite(values)
    lowest = np.where(finite, values, np.inf).min(axis=1)
    highest = np.where(finite, values, -np.inf).max(axis=1)
    never = [name for name, moves in zip(ids, (highest > lowest).any(axis=1), strict=True) if not moves]
    if never:
        text = (
            f"{', '.join(never)} never moved or {'was' if len(never) == 1 else 'were'} never seen, and count in no "
            f"window: these are results of {len(ids) - len(never)} people, not of {len(ids)}."
        )
        yield Finding("absent_subjects", "warning", text, {"subjects": never})


def _dropped_subjects(measured: xr.Dataset) -> Iterator[Finding]:
    share = measured.attrs["dropped_share"]
    worst = measured["dropped_share"].values
    if share > MUCH_DROPPED or worst.max() >= MANY_AT_ONCE:
        largest, start = float(worst.max()), float(measured["start"].values[worst.argmax()])
        text = (
            f"{share:.1%} of subject-windows are left out (missing or flat), up to {largest:.0%} in the window from "
            f"{start:.1f} s: r is noisier where fewer people count. Where many are missing at once the circular shift, "
            "which scatters gaps, does not hold: read the sign flip first."
        )
        yield Finding("dropped_subjects", "warning", text, {"share": share, "largest": largest})


def _frame_shuffle(measured: xr.Dataset, n_surrogates: int | None) -> Iterator[Finding]:
    time, effective = measured.attrs["autocorrelation_time"], measured.attrs["effective_samples"]
    text = frame_shuffle_warning(time, measured.attrs["window_samples"], effective, n_surrogates or 200)
    yield Finding("frame_shuffle", "warning", text, {"autocorrelation_time": time})


def _disagreements(result: xr.Dataset, alpha: float) -> Iterator[Finding]:
    """Cells that one null calls significant and another does not."""
    p = {str(name): result[name] for name in result.data_vars if str(name).startswith("p_")}
    names = list(p)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            a, b = p[first] <= alpha, p[second] <= alpha
            only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
            if only_a or only_b:
                one, other = (name.removeprefix("p_").replace("_", " ") for name in (first, second))
                text = (
                    f"the nulls disagree: {only_a} cells are significant by {one} only, {only_b} by {other} only, "
                    f"{int((a & b).sum())} by both; believe those that both reject."
                )
                values: dict[str, Plain] = {
                    "first": first,
                    "second": second,
                    "first_only": only_a,
                    "second_only": only_b,
                }
                yield Finding("nulls_disagree", "warning", text, values)


def _head_pose(head_pose: xr.DataArray, tisc: xr.DataArray, alpha: float) -> Iterator[Finding]:
    """The same test on head movements."""
    how: dict[str, Any] = {"window": tisc.attrs["window_s"], "step": tisc.attrs["step_s"]}
    pose = temporal_isc(head_pose, **how)
    p = p_values(pose, null_extremes(head_pose, n_surrogates=HEAD_SURROGATES, **how))
    significant, face = int((p <= alpha).sum()), float(tisc.mean())
    values: dict[str, Plain] = {"n_significant": significant, "mean_r": float(pose.mean()), "mean_r_features": face}
    told = (
        f"{significant} of {int(p.notnull().sum())} cells of head movement are significant (circular shift, "
        f"{HEAD_SURROGATES} surrogates); mean r {values['mean_r']:.3f}, of the features {face:.3f}"
    )
    if significant:
        text = f"the negative control is synchronous: {told}. Look for a shared disturbance, camera or onset error."
        yield Finding("head_pose_synchronous", "warning", text, values)
    else:
        yield Finding("head_pose_quiet", "note", f"the negative control holds: {told}.", values)
