"""Do people of different ages respond alike to one film? Inter-subject correlation of a brain region, four age groups.

Data. Mean BOLD series of one mentalizing region while children and adults watched Pixar's "Partly Cloudy" (Richardson
et al. 2018, doi:10.1038/s41467-018-03399-2; OpenNeuro ds000228), as prepared by
nomcomm/ISC_StoryStructure_Projections @ 17f278b: groups of 31 (3-5 years), 57 (5-8), 34 (8-13) and 33 (13 and older),
168 volumes of 2 s, z-scored. The licence of the prepared arrays is not stated; they are fetched and not passed on.

Methods. For each group: leave-one-out ISC (each person with the mean of the others) and the mean over dyads for the
whole film, with a 95 % interval from resampled people and a p by random signs of people's series (one window cannot be
shifted against itself); t-ISC in windows of 60 s every 10 s, familywise error 5 % over windows against circular shifts
and sign flips (preset recommended). Between groups: difference of mean dyadic r within groups, and mean of both minus
mean between groups, p by exchanging people's group labels; two-sided, Holm-corrected over the six pairs of groups of
each contrast. Whole film and windows are planned; no setting was chosen by its result.

    python experiments/partly_cloudy/run.py [--data DIR] [--out DIR] [--quick]

Writes figures/, tables/ and summary.json (keys in data_dictionary/partly_cloudy.json).
"""

import argparse
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

import isc
from isc.io.published import PublishedData, find_published
from isc.plots.style import BLUE, GREEN, INK, LINE_GREY, MM_PER_INCH, ORANGE, PAGE_WIDTH, VERMILLION, styled
from isc.report import write_results
from isc.untrusted import load_npy

FILE = "ts_array_mentalizingfine_regional_average_{}.npy"
GROUPS = {"ages_3_5": "ages3-5", "ages_5_8": "ages5-8", "ages_8_13": "ages8-13", "ages_13_99": "ages13-99"}
PUBLISHED = PublishedData(
    name="fmri_partlycloudy_roi",
    address="https://github.com/nomcomm/ISC_StoryStructure_Projections/raw/17f278b/data",
    sha256={
        FILE.format("ages3-5"): "396c6b5360992985fab9f7419c35812c33bac63477385ae208de032c9ae804ba",
        FILE.format("ages5-8"): "56a211d6de0c8acfea19545766a98850a9334796c979eae1731dae4e32f989f3",
        FILE.format("ages8-13"): "929cfe2d5a2393af5bcfcd568691a8be768c2cf0a854f19dba1c9a3186ebf9c4",
        FILE.format("ages13-99"): "1c9f35feded15ba11d0171ccf862691ef728e4ea8c05f30975da9e412638a00c",
    },
    licence="none stated",
)
COLOURS = dict(zip(GROUPS, (ORANGE, VERMILLION, GREEN, BLUE), strict=True))
TR = 2.0  # s
WINDOW, STEP = 60.0, 10.0  # s; 30 volumes, the fewest that isc.temporal_isc does not warn of
N_DRAWS, N_QUICK = 1000, 99
SEED = 20180  # of all random draws; never changed
HERE = Path(__file__).parent


def read_groups(folder: Path) -> dict[str, xr.DataArray]:
    """Cube (subject, time, region) of every group."""
    return {name: _cube(load_npy(folder / FILE.format(file)), name) for name, file in GROUPS.items()}


def _cube(values: np.ndarray, name: str) -> xr.DataArray:
    coords = {
        "subject": [f"{name}-{k:02d}" for k in range(len(values))],
        "time": ("time", np.arange(values.shape[1]) * TR, {"units": "s"}),
        "region": ["mentalizing"],
        "group": ("subject", [name] * len(values)),
    }
    return xr.DataArray(values, dims=("subject", "time", "region"), coords=coords, attrs={"rate_hz": 1 / TR})


def whole_film(cube: xr.DataArray, n_draws: int) -> tuple[dict[str, float], np.ndarray]:
    """Synchrony of one group over the whole film, and every person's leave-one-out r."""
    film = {"window": cube.sizes["time"] * TR, "step": cube.sizes["time"] * TR}
    each = isc.isc(cube, estimator="leave_one_out", summary=None)[:, 0]
    mean = isc.temporal_isc(cube, estimator="leave_one_out", **film)
    null = isc.null_extremes(
        cube, scheme="sign_flip", estimator="leave_one_out", n_surrogates=n_draws, seed=SEED, **film
    )
    dyads = isc.bootstrap_intervals(cube, n_resamples=max(n_draws, 100), seed=SEED, **film)
    found = {
        "isc_loo/mean": float(each.mean()),
        "isc_loo/sd": float(each.std(ddof=1)),
        "isc_loo/n": each.size,
        "isc_loo/p": float(isc.p_values(mean, null)[0, 0]),
        "isc_pairwise/mean": float(dyads["tisc"][0, 0]),
        "isc_pairwise/low": float(dyads["low"][0, 0]),
        "isc_pairwise/high": float(dyads["high"][0, 0]),
    }
    return found, each.values


def in_windows(cube: xr.DataArray, n_draws: int) -> tuple[dict[str, float], xr.Dataset]:
    """t-ISC of one group and how much of the film is significant."""
    result = isc.test_synchrony(cube, window=WINDOW, step=STEP, n_surrogates=n_draws, seed=SEED).isel(region=0)
    found = {
        "tisc/significant_share": float(result["significant"].mean()),
        "tisc/max": float(result["tisc"].max()),
        "tisc/threshold": float(result["threshold"].sel(extreme="max")),
        "tisc/n_window": result.sizes["window"],
    }
    return found, result


def contrasts(groups: dict[str, xr.DataArray], n_draws: int) -> pd.DataFrame:
    """Difference and p of every pair of groups, older minus younger, for both contrasts."""
    from statsmodels.stats.multitest import multipletests

    cube = xr.concat(list(groups.values()), "subject")
    film = {"window": cube.sizes["time"] * TR, "step": cube.sizes["time"] * TR}
    rows = []
    for kind in ("within", "within_between"):
        for younger, older in combinations(GROUPS, 2):
            found = isc.compare_groups(
                cube, "group", contrast=kind, of=(older, younger), n_permutations=n_draws, seed=SEED, **film
            )
            value, p = float(found["contrast"][0, 0]), float(found["p"][0, 0])
            rows.append({"contrast": kind, "older": older, "younger": younger, "difference": value, "p": p})
    table = pd.DataFrame(rows)
    holm = [multipletests(part["p"], method="holm")[1] for _, part in table.groupby("contrast", sort=False)]
    return table.assign(p_holm=np.concatenate(holm))


@styled
def draw_film(windows: dict[str, xr.Dataset]) -> Figure:
    """t-ISC of the four groups over the film, significant windows as dots, thresholds as lines."""
    figure = Figure(figsize=(PAGE_WIDTH / MM_PER_INCH, 75 / MM_PER_INCH), layout="constrained")
    ax = figure.add_subplot()
    for name, result in windows.items():
        label = f"{_title(name)} (n = {int(result['n_subject'].max())})"
        ax.plot(result["time"], result["tisc"], color=COLOURS[name], label=label)
        ax.axhline(float(result["threshold"].sel(extreme="max")), color=COLOURS[name], linewidth=0.6, linestyle=":")
        seen = result["significant"].values
        ax.plot(result["time"][seen], result["tisc"][seen], "o", color=COLOURS[name], markersize=3.5)
    ax.axhline(0, color=LINE_GREY, linewidth=0.6)
    ax.set_xlabel(f"centre of the {WINDOW:g} s window (s)")
    ax.set_ylabel("t-ISC (mean r)")
    figure.legend(loc="outside upper left", ncols=4, title="dots: significant; dotted: threshold of the group")
    return figure


@styled
def draw_people(people: dict[str, np.ndarray]) -> Figure:
    """Leave-one-out r of every person, with the mean of the group."""
    figure = Figure(figsize=(90 / MM_PER_INCH, 70 / MM_PER_INCH), layout="constrained")
    ax = figure.add_subplot()
    spread = np.random.default_rng(0).uniform(-0.18, 0.18, size=max(map(len, people.values())))
    for k, (name, values) in enumerate(people.items()):
        ax.plot(k + spread[: len(values)], values, "o", color=COLOURS[name], markersize=2.5, alpha=0.7)
        ax.plot([k - 0.3, k + 0.3], [values.mean()] * 2, color=INK, linewidth=1.5)
    ax.axhline(0, color=LINE_GREY, linewidth=0.6)
    ax.set_xticks(range(len(people)), [f"{_title(name)}\nn = {len(v)}" for name, v in people.items()])
    ax.set_ylabel("leave-one-out r, whole film (line: mean)")
    return figure


def _title(name: str) -> str:
    """'3-5 years', '13+ years'."""
    first, last = name.removeprefix("ages_").split("_")
    return f"{first}+ years" if last == "99" else f"{first}-{last} years"


def main() -> None:
    """Run the experiment and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the published files; by default ISC_DATA")
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--quick", action="store_true", help=f"{N_QUICK} draws instead of {N_DRAWS}")
    options = parser.parse_args()
    n_draws = N_QUICK if options.quick else N_DRAWS
    groups = read_groups(find_published(PUBLISHED, options.data))
    summary: dict[str, float] = {"n_draws": n_draws}
    people, windows, rows = {}, {}, []
    for name, cube in groups.items():
        found, people[name] = whole_film(cube, n_draws)
        more, windows[name] = in_windows(cube, n_draws)
        summary |= {f"{name}/{key}": value for key, value in (found | more).items()}
        rows.append({"group": name} | {key.replace("/", "_"): value for key, value in (found | more).items()})
    table = contrasts(groups, n_draws)
    for row in table.itertuples():
        pair = f"{row.contrast}/{row.older}-{row.younger}"
        summary |= {f"{pair}/{key}": getattr(row, key) for key in ("difference", "p", "p_holm")}
    tables = {"groups": pd.DataFrame(rows), "contrasts": table, "windows": _window_table(windows)}
    figures = {"film": draw_film(windows), "people": draw_people(people)}
    write_results(options.out, summary=summary, tables=tables, figures=figures, dictionary="partly_cloudy")
    print(pd.DataFrame(rows).round(3).T.to_string(header=False))
    print(table.round(4).to_string(index=False))


def _window_table(windows: dict[str, xr.Dataset]) -> pd.DataFrame:
    parts = []
    for name, result in windows.items():
        table = pd.DataFrame({key: result[key].values for key in ("start", "stop", "tisc", "p", "significant")})
        parts.append(table.assign(group=name))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    main()
