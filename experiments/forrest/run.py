"""How six observers of a feature film agree about when somebody in it is moved, and whether that goes with its cuts.

Data. Labs et al. 2015 (doi:10.12688/f1000research.6230.1): six observers marked every emotional episode of every
character of a two-hour film (start and end in whole seconds; CC0), beside its shots and scenes. Rows that are alike
in every column are episodes of their own (several faces in one crowd).

Methods. (1) Each observer's number of active episodes at every second is correlated with the mean of the other five
(leave-one-out). Null: every observer's series shifted circularly by a random amount of their own. (2) Temporal ISC of
the same series in windows of 60 s every 20 s, familywise error 5 % over windows by circular shifts. (3) Agreement
about the beginning of episodes: share of observers who start one in a window of 5 s every 5/3 s, with its chance band
and Krippendorff's alpha. (4) Agreement against four properties of the film in the same windows: cuts, changes of scene
(place or time), share outdoors, share at night. r at lags of 0 to 3 s, p by all circular shifts, familywise over
properties and lags; beside it the p-values of the formula (effective windows), of GLSAR(4) and of the naive test. Six
observers are few: the study says how these six agree, not how people do.

    python experiments/forrest/run.py [--data DIR] [--out DIR] [--quick]

Writes figures/, tables/ and summary.json (keys in data_dictionary/forrest.json).
"""

import argparse
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from figures import draw_around, draw_excerpt
from matplotlib.figure import Figure

import isc
from isc.io.published import PublishedData, find_published
from isc.report import write_results
from isc.windows import sliding_windows, window_coords

DATA = PublishedData(
    name="ratings_studyforrest",
    # The repository names the commit in short; GitHub completes it.
    address="https://github.com/psychoinformatics-de/studyforrest-paper-emotionannotation/raw/fb51348/data",
    sha256={
        "av1o01.csv": "e496a5ed1e0a0941d285ca402eeef25cbe449c1eae3aff64f1a0b699a3b3e486",
        "av1o02.csv": "d118802a0a32e8cb10b7a019d1ceb10613d4b7d06cd10d6ae7382a6150a8d7dd",
        "av1o03.csv": "6c7a502594485bb135f5a819cdac1766a70a29e84e7e3b93a9dda680cb426800",
        "av1o04.csv": "14c5ca803b029e58b7f71f32bc6eac4a2ab29cde280bf677c19f5110a703976b",
        "av1o05.csv": "973eef87da622b44baea2425faf595214129521226ca7b810ec8c4a900587f2b",
        "av1o06.csv": "bbfb0c1c55d797ed374c9642302bbfe32ba212149cd54df6852f644627cbd6cf",
        "movie_scenes.csv": "309d24c8a0cdd372b0d0d8c8fda29745df717a110c5cd34bc02596ea6a1a65ee",
        "movie_shots.csv": "b7572eb75c51b43d9a8352d5f19d66c3c230d2d82cc2df5da552ad7ecc132c20",
    },
    licence="CC0",
)
OBSERVERS = [f"av1o0{number}" for number in range(1, 7)]
FILM = 7085.0  # s
SLOW_WINDOW, SLOW_STEP = 60.0, 20.0  # s; episodes last 15 s
LAGS = (0.0, 3.0)  # s; observers could pause and rewind, so a long delay is not expected
N_SURROGATES, N_QUICK = 1000, 100
SEED = 20151
MAJORITY = 0.5  # share of observers
RELATION_COLUMNS = ("r", "lag", "p", "p_fwe", "effective_n", "p_effective_n", "p_glsar", "p_naive")
HERE = Path(__file__).parent
Summary = dict[str, float]


def read_observers(folder: Path) -> dict[str, pd.DataFrame]:
    """Episodes of every observer: onset and duration in seconds of the film."""
    return {
        name: isc.read_episodes(folder / f"{name}.csv", start="start", stop="end", duration=FILM, repeats="each")
        for name in OBSERVERS
    }


def active_episodes(observers: dict[str, pd.DataFrame]) -> xr.DataArray:
    """Number of episodes that are active at every full second, (subject, time)."""
    time = np.arange(FILM)
    counts = []
    for episodes in observers.values():
        start = episodes["onset"].to_numpy()[:, None]
        stop = start + episodes["duration"].to_numpy()[:, None]
        counts.append(((start <= time) & (time < stop)).sum(axis=0))
    coords = {"subject": list(observers), "time": ("time", time, {"units": "s"})}
    return xr.DataArray(np.array(counts, dtype=np.float32), dims=("subject", "time"), coords=coords, name="episodes")


def leave_one_out(counts: xr.DataArray) -> xr.DataArray:
    """Correlation of each observer with the mean of the others, over the whole film."""
    return isc.isc(counts, estimator="leave_one_out", summary=None)


def shifted_means(counts: xr.DataArray, n_surrogates: int) -> np.ndarray:
    """Mean leave-one-out r when every observer is shifted circularly by an amount of their own."""
    rng = np.random.default_rng(SEED)
    means = np.empty(n_surrogates)
    for k in range(n_surrogates):
        amounts = rng.integers(counts.sizes["time"], size=counts.sizes["subject"])
        rows = [np.roll(row, amount) for row, amount in zip(counts.values, amounts, strict=True)]
        means[k] = leave_one_out(counts.copy(data=np.array(rows))).mean()
    return means


def film_windows() -> xr.Dataset:
    """Windows of 5 s every 5/3 s over the film, in hundredths of a second."""
    windows = sliding_windows(int(FILM * 100), rate=100.0)
    return xr.Dataset(coords=window_coords(windows))


def read_cuts(folder: Path) -> np.ndarray:
    """Starts of all shots, s."""
    return pd.read_csv(folder / "movie_shots.csv", header=None)[0].to_numpy(float)


def read_scenes(folder: Path) -> pd.DataFrame:
    """Starts of all scenes (s), their place, time of day and whether they are outdoors."""
    return pd.read_csv(folder / "movie_scenes.csv", header=None, names=["onset", "place", "day", "door"])


def film_properties(folder: Path, windows: xr.Dataset) -> xr.DataArray:
    """Cuts and changes of scene in each window, and its share outdoors and at night, (window, property)."""
    scenes = read_scenes(folder)
    columns = {
        "cuts": _count(read_cuts(folder), windows),
        "scenes": _count(scenes["onset"].to_numpy(), windows),
        "outdoors": _share(scenes, (scenes["door"] == "EXT").to_numpy(), windows),
        "night": _share(scenes, (scenes["day"] == "NIGHT").to_numpy(), windows),
    }
    coords = dict(windows.coords) | {"property": list(columns)}
    return xr.DataArray(np.stack(list(columns.values()), axis=1), dims=("window", "property"), coords=coords)


def _count(moments: np.ndarray, windows: xr.Dataset) -> np.ndarray:
    start, stop = windows["start"].values[:, None], windows["stop"].values[:, None]
    return ((moments >= start) & (moments < stop)).sum(axis=1).astype(float)


def _share(scenes: pd.DataFrame, holds: np.ndarray, windows: xr.Dataset) -> np.ndarray:
    """Share of each window in scenes that have the property; NaN before the first scene."""
    start, stop = windows["start"].values[:, None], windows["stop"].values[:, None]
    first = scenes["onset"].to_numpy(float)
    last = np.append(first[1:], FILM)
    overlap = np.clip(np.minimum(stop, last) - np.maximum(start, first), 0, None)
    covered = overlap.sum(axis=1)
    return np.where(covered > 0, (overlap * holds).sum(axis=1) / np.maximum(covered, 1e-9), np.nan)


def observer_table(observers: dict[str, pd.DataFrame], each: xr.DataArray) -> pd.DataFrame:
    """One row an observer: how many episodes, how long, and the correlation with the others."""
    rows = [
        {
            "observer": name,
            "n_episode": len(episodes),
            "median_duration": float(episodes["duration"].median()),
            "loo_r": float(each.sel(subject=name)),
        }
        for name, episodes in observers.items()
    ]
    return pd.DataFrame(rows)


def relation_table(properties: xr.DataArray, agreement: xr.DataArray) -> pd.DataFrame:
    """One row a property: r and lag, p of all circular shifts, and the p-values of three other tests beside it."""
    shifts = isc.correlate_with_agreement(properties, agreement, lags=LAGS)
    for text in [shifts.attrs["refused"], *shifts.attrs["warnings"]]:
        if text:
            warnings.warn(f"relation to the film: {text}", stacklevel=2)
    table = shifts[["r", "lag", "p", "p_fwe", "effective_n"]].to_dataframe().reset_index()
    for method in ("effective_n", "glsar", "naive"):
        result = isc.correlate_with_agreement(properties, agreement, lags=LAGS, method=method)
        table[f"p_{method}"] = result["p"].values
    return table[["property", *RELATION_COLUMNS]]


class Synchrony(NamedTuple):
    """When the observers agree about how much is going on."""

    tisc: xr.DataArray
    limits: xr.Dataset
    significant: xr.DataArray


class Agreement(NamedTuple):
    """When the observers agree that something begins, and that something is going on."""

    onsets: np.ndarray
    share: xr.DataArray
    band: xr.Dataset
    alpha: float
    active: xr.DataArray


def slow_synchrony(counts: xr.DataArray, n_surrogates: int) -> Synchrony:
    """Temporal ISC of the numbers of active episodes, and where it is above what circular shifts reach."""
    slow = {"window": SLOW_WINDOW, "step": SLOW_STEP}
    tisc = isc.temporal_isc(counts, **slow)
    limits = isc.thresholds(isc.null_extremes(counts, **slow, n_surrogates=n_surrogates, seed=SEED))
    return Synchrony(tisc, limits, tisc > limits["threshold"].sel(extreme="max", drop=True))


def beginnings_agree(observers: dict[str, pd.DataFrame], n_surrogates: int) -> Agreement:
    """Agreement about beginnings in short windows, its chance band and alpha; and about episodes that are going on."""
    windows = film_windows()
    episodes = pd.concat(observers.values(), ignore_index=True)
    beginnings = episodes[["subject", "onset"]]
    share = isc.peak_agreement(beginnings, windows=windows, raters=OBSERVERS)
    band = isc.chance_band(beginnings, windows=share, duration=FILM, n_surrogates=n_surrogates, seed=SEED)
    alpha = isc.krippendorff_alpha(isc.peak_presence(beginnings, windows=windows, raters=OBSERVERS))
    active = isc.peak_agreement(episodes, windows=windows, raters=OBSERVERS)
    return Agreement(beginnings["onset"].to_numpy(), share, band, alpha, active)


def loo_summary(each: xr.DataArray, shifted: np.ndarray) -> Summary:
    """Correlation of every observer with the others, and its p."""
    mean = float(each.mean())
    summary: Summary = {f"forrest/loo_r/{name}": float(each.sel(subject=name)) for name in OBSERVERS}
    return summary | {
        "forrest/loo_r/mean": mean,
        "forrest/loo_r/p": (1 + int((shifted >= mean).sum())) / (1 + len(shifted)),
        "forrest/loo_r/null_95": float(np.quantile(shifted, 0.95)),
    }


def window_summary(synchrony: Synchrony, agreement: Agreement) -> Summary:
    """How often the observers agree more than chance."""
    tisc, threshold = synchrony.tisc, agreement.band["threshold"]
    return {
        "forrest/tisc/significant_share": float(synchrony.significant.sum() / np.isfinite(tisc).sum()),
        "forrest/tisc/median": float(tisc.median()),
        "forrest/agreement/krippendorff_alpha": agreement.alpha,
        "forrest/agreement/chance_upper": float(threshold),
        "forrest/agreement/above_chance_share": float((agreement.share > threshold).mean()),
        "forrest/active/majority_share": float((agreement.active >= MAJORITY).mean()),
    }


def relation_summary(relation: pd.DataFrame) -> Summary:
    """Relation of the agreement to every property of the film."""
    return {
        f"forrest/relation/{row['property']}/{name}": row[name]
        for row in relation.to_dict("records")
        for name in RELATION_COLUMNS
    }


def figures_of(folder: Path, synchrony: Synchrony, agreement: Agreement) -> dict[str, Figure]:
    """Synchrony over the film, agreement in its middle, and beginnings around cuts."""
    scenes = read_scenes(folder)
    events = {"cuts": read_cuts(folder), "changes of scene": scenes["onset"].to_numpy()}
    return {
        "synchrony": isc.plot_tisc(synchrony.tisc, thresholds=synchrony.limits, significant=synchrony.significant),
        "agreement": draw_excerpt(agreement.share, agreement.band, scenes),
        "around": draw_around(events, agreement.onsets, duration=FILM, n_observer=len(OBSERVERS)),
    }


def read_options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the published files; by default ISC_DATA, else fetched")
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--quick", action="store_true", help=f"{N_QUICK} surrogates instead of {N_SURROGATES}")
    return parser.parse_args()


def main() -> None:
    """Run the experiment and write its results."""
    options = read_options()
    n_surrogates = N_QUICK if options.quick else N_SURROGATES
    folder = find_published(DATA, options.data)
    observers = read_observers(folder)
    warnings.warn(f"{len(observers)} observers: results describe these people; 20 or more settle", stacklevel=1)
    counts = active_episodes(observers)
    each, shifted = leave_one_out(counts), shifted_means(counts, n_surrogates)
    synchrony, agreement = slow_synchrony(counts, n_surrogates), beginnings_agree(observers, n_surrogates)
    relation = relation_table(film_properties(folder, film_windows()), agreement.share)
    summary = loo_summary(each, shifted) | window_summary(synchrony, agreement)
    summary |= {"forrest/n_observer": len(OBSERVERS), "forrest/n_episode": len(agreement.onsets)}
    summary |= {"forrest/n_surrogates": n_surrogates} | relation_summary(relation)
    tables = {"relation": relation, "observers": observer_table(observers, each)}
    figures = figures_of(folder, synchrony, agreement)
    write_results(options.out, summary=summary, tables=tables, figures=figures, dictionary="forrest")
    print("\n".join(f"{key}: {value:.4g}" for key, value in summary.items()))


if __name__ == "__main__":
    main()
