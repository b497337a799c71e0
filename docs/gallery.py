"""Draws the figures of the gallery: every plot of the package, on generated data that nobody recorded.

    python docs/gallery.py          writes docs/figures/*.png, which tests/plots/test_images.py compares with

The face is the public-domain portrait that the package's generated viewers are rendered from.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from gallery_brain import BRAIN
from gallery_classification import CLASSIFICATION, portrait_shape
from matplotlib.figure import Figure

import isc
from isc.behaviour import chance_band
from isc.mesh import N_MESH_VERTEX, edges, regions

FOLDER = Path(__file__).parent / "figures"
DPI = 110
N_WINDOW, N_SUBJECT, STEP = 120, 21, 5 / 3  # windows, subjects, seconds
DURATION = 205.0  # s
ROUNDS = 3  # of averaging with neighbours on the mesh
SMILE = slice(20, 28)  # windows
THRESHOLD = 0.25  # r


def generated_tisc() -> xr.DataArray:
    """t-ISC that is smooth on the face, with a shared smile."""
    values = np.random.default_rng(0).normal(0, 0.12, (N_WINDOW, 478))
    first, second = edges().T
    for _ in range(ROUNDS):
        total, count = values.copy(), np.ones(478)
        for here, there in ((first, second), (second, first)):
            np.add.at(total.T, here, values.T[there])
            np.add.at(count, here, 1)
        values = total / count
    values[:, N_MESH_VERTEX:] /= ROUNDS  # irises have no neighbours
    rise = 0.45 * np.sin(np.linspace(0.3, np.pi - 0.3, SMILE.stop - SMILE.start))
    for name, share in (("mouth", 1.0), ("cheek_left", 0.8), ("cheek_right", 0.7)):
        values[SMILE, regions()[name]] += share * rise[:, None]
    start = np.arange(N_WINDOW) * STEP
    coords = {name: ("window", start + after) for name, after in (("start", 0.0), ("time", 2.5), ("stop", 5.0))}
    attrs = {"estimator": "pairwise", "summary": "mean", "window_s": 5.0, "step_s": STEP, "n_subject": N_SUBJECT}
    coords["vertex"] = np.arange(478)
    return xr.DataArray(values.astype(np.float32), dims=("window", "vertex"), coords=coords, name="tisc", attrs=attrs)


def _limits() -> xr.Dataset:
    return xr.Dataset({"threshold": ("extreme", [-np.inf, THRESHOLD])}, coords={"extreme": ["min", "max"]})


def _epochs() -> pd.DataFrame:
    return pd.DataFrame({"onset": [33.0], "duration": [18.0], "trial_type": ["joke"]})


def _peaks() -> tuple[pd.DataFrame, xr.DataArray]:
    """Presses of 20 raters and their agreement."""
    rng = np.random.default_rng(1)
    onsets = [np.append(rng.uniform(0, DURATION, 5), rng.normal(42, 3)) for _ in range(20)]
    peaks = pd.concat([pd.DataFrame({"subject": f"{n:02d}", "onset": times}) for n, times in enumerate(onsets)])
    raters = pd.DataFrame({"subject": [f"{n:02d}" for n in range(20)], "start": 0.0, "stop": DURATION})
    return peaks, isc.peak_agreement(peaks, windows=generated_tisc(), raters=raters)


def _series() -> Figure:
    mouth = generated_tisc().sel(vertex=61)
    return isc.plot_tisc(
        mouth, thresholds=_limits(), significant=mouth > THRESHOLD, agreement=_peaks()[1], epochs=_epochs()
    )


def _face_map() -> Figure:
    at = generated_tisc().isel(window=(SMILE.start + SMILE.stop) // 2)
    return isc.plot_face_map(at, portrait_shape(), significant=at > THRESHOLD)


def _pair_map() -> Figure:
    rng = np.random.default_rng(2)
    first, second = rng.choice(468, 60, replace=False).reshape(2, 30)
    values = xr.DataArray(rng.normal(0, 0.2, 30), dims="pair", name="tisc", attrs={"n_subject": N_SUBJECT})
    return isc.plot_pair_map(values, portrait_shape(), first, second, top=12)


def _carpet() -> Figure:
    return isc.plot_carpet(generated_tisc())


def _agreement() -> Figure:
    peaks, agreement = _peaks()
    chance = chance_band(peaks, windows=agreement, duration=DURATION, n_surrogates=199, seed=0)
    return isc.plot_agreement(agreement, chance=chance, epochs=_epochs())


def _relation() -> Figure:
    tisc, agreement = generated_tisc(), _peaks()[1]
    relation = isc.correlate_with_agreement(tisc, agreement)
    return isc.plot_relation(tisc, agreement, relation, portrait_shape(), thresholds=_limits())


def _null() -> Figure:
    rng = np.random.default_rng(3)
    nulls = {}
    for scheme, centre in (("circular_shift", 0.2), ("timepoint_shuffle", 0.1)):
        values = rng.gumbel(centre, 0.012, (999, 2)) * [-1, 1]
        attrs = {"scheme": scheme, "scope": "recording"}
        nulls[scheme] = xr.DataArray(
            values, dims=("surrogate", "extreme"), coords={"extreme": ["min", "max"]}, attrs=attrs
        )
    limits = {scheme: isc.thresholds(null) for scheme, null in nulls.items()}
    return isc.plot_null(nulls, observed=generated_tisc(), thresholds=limits)


def _quality() -> Figure:
    rng = np.random.default_rng(4)
    columns = {"detected_share": 1 - rng.exponential(0.02, 12), "longest_gap_s": rng.exponential(0.4, 12)}
    names = [f"sub-{n:02d}" for n in range(1, 13)]
    return isc.plot_quality(pd.DataFrame({"subject": names, **columns, "jitter_iod": rng.normal(0.002, 0.0004, 12)}))


def _subject_matrix() -> Figure:
    rng = np.random.default_rng(5)
    kind = rng.permutation(np.repeat([0, 1], [11, 10]))
    courses = rng.normal(size=(21, 80)) + 1.1 * rng.normal(size=(2, 80))[kind]
    first, second = np.triu_indices(21, 1)
    names = np.array([f"sub-{n:02d}" for n in range(1, 22)])
    coords = {"subject_a": ("dyad", names[first]), "subject_b": ("dyad", names[second])}
    return isc.plot_subject_matrix(xr.DataArray(np.corrcoef(courses)[first, second], dims="dyad", coords=coords))


def _subject_series() -> Figure:
    rng = np.random.default_rng(6)
    kind = rng.permutation(np.repeat([0, 1], [11, 10]))
    values = rng.normal(0, 0.12, (N_WINDOW, 21))
    values[15:22, kind == 0] += 0.5
    values[40:46, kind == 1] += 0.4
    coords = {"time": ("window", np.arange(N_WINDOW) * STEP + 2.5), "subject": [f"sub-{n:02d}" for n in range(1, 22)]}
    return isc.plot_subject_series(
        xr.DataArray(values, dims=("window", "subject"), coords=coords, attrs={"estimator": "leave_one_out"})
    )


def _diagnostics() -> Figure:
    time = np.arange(N_WINDOW) * STEP + 2.5
    smooth = 14 + 3 * np.sin(time / 15) + np.random.default_rng(7).normal(0, 0.5, N_WINDOW)
    parts = {
        "autocorrelation_time": smooth,
        "effective_samples": 125 / smooth,
        "dropped_share": np.where((time > 60) & (time < 70), 2 / 21, 0),
    }
    return isc.plot_diagnostics(
        xr.Dataset(
            {name: ("window", values) for name, values in parts.items()},
            coords={"time": ("window", time)},
            attrs={"autocorrelation_time": 13.9, "stationarity_ratio": smooth.max() / smooth.min()},
        )
    )


def _recording() -> Figure:
    rng = np.random.default_rng(8)
    time = np.arange(0, 105, 0.1)
    values = np.cumsum(rng.normal(0, 0.15, (time.size, 6)), axis=0)
    values = (values - values.mean(axis=0)) * [1, 1, 0.5, 0.2, 0.2, 0.3]
    values[520:548] = np.nan
    coords = {"time": time, "channel": ["yaw", "pitch", "roll", "x", "y", "z"]}
    return isc.plot_recording(
        xr.DataArray(values, dims=("time", "channel"), coords=coords), presses=[12.0, 41.5, 44.0, 83.0]
    )


FIGURES: dict[str, Callable[[], Figure]] = {
    "tisc": _series,
    "face_map": _face_map,
    "pair_map": _pair_map,
    "carpet": _carpet,
    "null": _null,
    "agreement": _agreement,
    "relation": _relation,
    "quality": _quality,
    "subject_matrix": _subject_matrix,
    "subject_series": _subject_series,
    "diagnostics": _diagnostics,
    "recording": _recording,
    **CLASSIFICATION,
    **BRAIN,
}


def main() -> None:
    """Write every figure."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in FIGURES.items():
        # Without the version of matplotlib in it, the same picture is the same file.
        draw().savefig(FOLDER / f"{name}.png", dpi=DPI, metadata={"Software": None})


if __name__ == "__main__":
    main()
