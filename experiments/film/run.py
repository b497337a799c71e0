"""Study II of the poster: how viewers of a film synchronise their faces, and when they report emotion.

Methods. Viewers are filmed while they watch, and press a key when they feel emotion. Faces are tracked, rid of head
movement and put on one clock. Temporal inter-subject correlation (t-ISC, mean Pearson r over all pairs of viewers) is
computed in windows of 5 s every 1.66 s for every vertex and for the distances of vertex pairs, and tested twice:
*as published* against 200 shuffles of the time points (95th and 5th percentile of the maxima and minima over
features, window by window), and *as recommended* against circular shifts and sign flips of whole viewers, familywise
over all features and windows. The share of viewers who press in each window (agreement) has a chance band in which
everybody's presses are shifted circularly. t-ISC is related to agreement twice: as published by Pearson's r at lag 0
(with the p that takes windows for independent), and as recommended by the strongest r at lags of 0 to 3 s, both series
detrended, p over all circular shifts of the agreement, familywise over features and lags; again between the faces of
one half and the presses of the other, and without the seconds around each viewer's own presses.

All numbers are in settings.toml. Without --data the audience is generated: 21 scripts on a drawn face, 17 of which
share their movement in known moments and press 1 to 2 s after the peak of each; what is planted can be compared with
what is found, and presses from another generated film serve as the case without any relation.

    python experiments/film/run.py [--data BIDS_STUDY] [--out DIR] [--quick]

Writes figures/ (fig3_*: the poster's third figure), tables/ and summary.json (keys in data_dictionary/film.json).
"""

import argparse
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from study import FilmStudy, generated_study, planted_delay, read_bids_study

import isc
from isc.mesh import regions
from isc.plots.style import BLUE, DASHED, INK, LINE_GREY, MM_PER_INCH, PAGE_WIDTH, STYLE, VERMILLION, styled
from isc.report import write_results
from isc.synchrony.pairs import VertexPairs

HERE = Path(__file__).parent
PRESETS = ("poster", "recommended")
NOMINAL = 0.05
FIGURE_ROW = 46.0  # mm, of a feature in figure 3
LISTED = 20  # features at either end of r in the table
PROFILE_STEP, PROFILE_LAGS = 0.5, (-4.0, 8.0)  # s, of the curve of r over lags


def read_settings(quick: bool) -> dict[str, Any]:
    """Settings of the experiment, smaller ones with --quick."""
    settings = tomllib.loads((HERE / "settings.toml").read_text(encoding="utf-8"))
    if quick:
        less = settings["quick"]
        settings["generated"] |= {name: less[name] for name in ("duration", "n_viewer")}
        settings["pairs"]["vertices"] = settings["pairs"]["vertices"][: less["n_pair_vertex"]]
        for preset in PRESETS:
            settings[preset]["n_surrogates"] = less["n_surrogates"]
        settings["agreement"]["chance_surrogates"] = less["n_surrogates"]
    return settings


def pairs_of(study: FilmStudy, settings: dict[str, Any]) -> VertexPairs:
    """Vertex pairs of the settings: all, or every pair of some vertices."""
    vertices = settings["pairs"]["vertices"]
    if vertices == "all":
        return isc.vertex_pairs(study.cube)
    return isc.vertex_pairs([(a, b) for k, a in enumerate(sorted(vertices)) for b in sorted(vertices)[k + 1 :]])


def synchrony_by(study: FilmStudy, preset: str, pairs: VertexPairs | None, settings: dict[str, Any]) -> xr.Dataset:
    """T-ISC of vertices or pairs with thresholds and p-values, as published or as recommended."""
    return isc.test_synchrony(study.cube, preset=preset, pairs=pairs, **settings["tisc"], **settings[preset])


def agreement_of(study: FilmStudy, windows: xr.DataArray, settings: dict[str, Any]) -> xr.DataArray:
    """Share of the viewers with a valid log who press in each window."""
    return isc.peak_agreement(study.presses, windows=windows, raters=study.logs, method=settings["agreement"]["method"])


def relation_as_published(tisc: xr.DataArray, agreement: xr.DataArray) -> xr.Dataset:
    """Pearson's r at lag 0 and the p that takes windows for independent."""
    return isc.correlate_with_agreement(tisc, agreement, lags=(0.0, 0.0), method="naive", detrend=None)


def relation_as_recommended(
    tisc: xr.DataArray, agreement: xr.DataArray, *, settings: dict[str, Any], **more: Any
) -> xr.Dataset:
    """Strongest r at the lags of the settings, and its p over all circular shifts."""
    how = {name: settings["relation"][name] for name in ("lags", "statistic")}
    return isc.correlate_with_agreement(tisc, agreement, lags=tuple(how["lags"]), statistic=how["statistic"], **more)


def controls(study: FilmStudy, settings: dict[str, Any]) -> dict[str, Any]:
    """The two controls for the movement of pressing itself."""
    again = partial(isc.temporal_isc, **settings["tisc"])
    around = {"before": settings["relation"]["press_before"], "after": settings["relation"]["press_after"]}
    return {
        "split_half": isc.SplitHalf(study.cube, study.presses, again, seed=settings["recommended"]["seed"]),
        "press_exclusion": isc.PressExclusion(study.cube, study.presses, again, **around),
    }


def planted_windows(study: FilmStudy, tisc: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Windows that lie wholly inside a planted moment, and those that touch none; nothing in a real study."""
    inside, touching = np.zeros((2, tisc.sizes["window"]), dtype=bool)
    if study.epochs is None:
        return inside, inside
    for row in study.epochs.itertuples():
        inside |= (tisc["start"].values >= row.onset) & (tisc["stop"].values <= row.onset + row.duration)
        touching |= (tisc["start"].values < row.onset + row.duration) & (tisc["stop"].values > row.onset)
    return inside, ~touching


def numbers_of(study: FilmStudy, result: xr.Dataset, relation: xr.Dataset) -> dict[str, float]:
    """What is said of one preset and one kind of features."""
    inside, outside = planted_windows(study, result["tisc"])
    significant, r = result["significant"].values, relation["r"].values
    p = relation["p"] if relation.attrs["method"] == "naive" else relation["p_fwe"]
    upper = result["threshold"].sel(extreme="max").values
    return {
        "n_feature": int(r.size),
        "threshold_upper": float(np.mean(upper)),
        "significant_share": float(significant.mean()),
        "significant_inside": float(significant[inside].mean()) if inside.any() else float("nan"),
        "significant_outside": float(significant[outside].mean()) if outside.any() else float("nan"),
        "r_largest": float(np.nanmax(r)),
        "r_smallest": float(np.nanmin(r)),
        "lag_of_largest": float(relation["lag"].values[np.nanargmax(r)]),
        "p_smallest": float(p.min()),
        "related_share": float((p <= NOMINAL).mean()),
    }


def ends_of_r(relation: xr.Dataset, result: xr.Dataset) -> pd.DataFrame:
    """The features with the largest and the smallest r, with their place on the face."""
    order = np.argsort(-relation["r"].values, kind="stable")
    chosen = np.unique(np.concatenate([order[:LISTED], order[-LISTED:]]))
    chosen = chosen[np.argsort(-relation["r"].values[chosen], kind="stable")]
    feature = relation["r"].dims[0]
    first = relation["vertex_a"].values[chosen] if feature == "pair" else relation["vertex"].values[chosen]
    second = relation["vertex_b"].values[chosen] if feature == "pair" else first
    places = {int(vertex): name for name, members in regions().items() for vertex in members}
    table = pd.DataFrame(
        {"features": "pairs" if feature == "pair" else "vertices", "vertex_a": first, "vertex_b": second}
    )
    table["region"] = [
        places[a] if places[a] == places[b] else f"{places[a]} to {places[b]}"
        for a, b in zip(first.tolist(), second.tolist(), strict=True)
    ]
    for name in ("r", "lag", "p", "p_fwe", "effective_n"):
        table[name] = relation[name].values[chosen]
    table["significant_share"] = result["significant"].mean("window").values[chosen]
    return table


def lag_profile(study: FilmStudy, vertex: int, settings: dict[str, Any]) -> pd.DataFrame:
    """Correlation of one vertex with agreement at every lag, in windows close enough to tell half seconds apart."""
    tisc = isc.temporal_isc(
        study.cube.isel(vertex=[vertex]), window=settings["tisc"]["window"], step=PROFILE_STEP
    ).isel(vertex=0)
    agreement = agreement_of(study, tisc, settings)
    rows = []
    for lag in np.arange(PROFILE_LAGS[0], PROFILE_LAGS[1] + PROFILE_STEP / 2, PROFILE_STEP):
        near = (lag - PROFILE_STEP / 4, lag + PROFILE_STEP / 4)
        found = isc.correlate_with_agreement(tisc, agreement, lags=near, method="naive")
        rows.append({"lag": float(found["lag"]), "r": float(found["r"])})
    return pd.DataFrame(rows)


@styled
def figure_3(
    results: dict[str, xr.Dataset],
    relations: dict[str, xr.Dataset],
    agreement: xr.DataArray,
    study: FilmStudy,
    top: int,
) -> Figure:
    """The poster's third figure: vertices above, pairs below; series, null band, agreement, place on the face."""
    rows = 2 * top * len(results)
    figure = Figure(figsize=(PAGE_WIDTH / MM_PER_INCH, rows * FIGURE_ROW / MM_PER_INCH), layout="constrained")
    for part, features in zip(figure.subfigures(len(results), 1), results, strict=True):
        result = results[features]
        isc.plot_relation(
            result["tisc"],
            agreement,
            relations[features],
            study.shape,
            thresholds=result[["threshold"]],
            top=top,
            ax=part.subplots(),
        )
    return figure


@styled
def draw_profile(profile: pd.DataFrame, planted: float, vertex: int) -> Figure:
    """Correlation over lags, the planted delay and the one found."""
    figure = Figure(figsize=(PAGE_WIDTH / MM_PER_INCH / 2, 2.2), layout="constrained")
    ax = figure.subplots()
    ax.axhline(0, color=LINE_GREY, linewidth=0.6)
    ax.plot(profile["lag"], profile["r"], color=BLUE, marker="o", markersize=2.5, label=f"vertex {vertex}")
    if np.isfinite(planted):
        ax.axvline(planted, color=VERMILLION, linewidth=1, linestyle=DASHED, label=f"planted: {planted:.1f} s")
    best = profile.loc[profile["r"].abs().idxmax(), "lag"]
    ax.axvline(best, color=INK, linewidth=0.7, label=f"found: {best:.1f} s")
    ax.set(xlabel="presses come later than synchrony by (s)", ylabel="r with agreement")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=STYLE["legend.fontsize"])
    return figure


def analyse(
    study: FilmStudy, preset: str, pairs: VertexPairs, settings: dict[str, Any]
) -> tuple[dict[str, xr.Dataset], dict[str, xr.Dataset], xr.DataArray]:
    """Synchrony of vertices and of pairs, their relation to agreement, and the agreement, in the way of a preset."""
    results = {
        "vertices": synchrony_by(study, preset, None, settings),
        "pairs": synchrony_by(study, preset, pairs, settings),
    }
    agreement = agreement_of(study, results["vertices"]["tisc"], settings)
    relate = relation_as_published if preset == "poster" else partial(relation_as_recommended, settings=settings)
    return results, {kind: relate(result["tisc"], agreement) for kind, result in results.items()}, agreement


def say(preset: str, kind: str, result: xr.Dataset, relation: xr.Dataset) -> None:
    """Print in words what was tested, and all that has to be known beside it."""
    print(f"{preset}, {kind}: {result.attrs['tested']}")
    for text in [*map(str, result["warnings"].values), relation.attrs["refused"], *relation.attrs["warnings"]]:
        if text:
            print(f"  note: {text}")


def control_numbers(
    study: FilmStudy, tisc: xr.DataArray, agreement: xr.DataArray, settings: dict[str, Any], strongest: int
) -> dict[str, float]:
    """What is left of the relation of vertices under each control."""
    numbers = {}
    for name, control in controls(study, settings).items():
        again = relation_as_recommended(tisc, agreement, settings=settings, control=control)
        numbers[f"film/control/{name}/r"] = float(again["control_r"][strongest])
        numbers[f"film/control/{name}/p_smallest"] = float(again["control_p_fwe"].min())
    return numbers


def agreement_numbers(
    study: FilmStudy, agreement: xr.DataArray, settings: dict[str, Any]
) -> tuple[dict[str, float], xr.Dataset]:
    """How far the viewers agree about their peaks, and the chance band of that."""
    band = isc.chance_band(
        study.presses,
        windows=agreement,
        duration=max(study.duration, float(agreement["stop"].max())),
        n_surrogates=settings["agreement"]["chance_surrogates"],
        seed=settings["recommended"]["seed"],
    )
    presence = isc.peak_presence(study.presses, windows=agreement, raters=study.logs)
    numbers = {
        "film/agreement/largest": float(agreement.max()),
        "film/agreement/chance_upper": float(band["threshold"]),
        "film/agreement/krippendorff_alpha": isc.krippendorff_alpha(presence),
    }
    return numbers, band


def draw_maps(relations: dict[str, xr.Dataset], shape: xr.DataArray) -> dict[str, Figure]:
    """Correlation with agreement on the face: vertices as a map, the strongest pairs as lines."""
    vertices, pairs = relations["vertices"], relations["pairs"]
    r = [found["r"].rename("r with agreement") for found in (vertices, pairs)]
    return {
        "vertices": isc.plot_face_map(r[0], shape, significant=vertices["p_fwe"] <= NOMINAL),
        "pairs": isc.plot_pair_map(r[1], shape, pairs["vertex_a"], pairs["vertex_b"]),
    }


def main() -> None:
    """Run the experiment and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="BIDS study; by default an audience is generated")
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--quick", action="store_true", help="smaller audience, fewer surrogates and pairs")
    options = parser.parse_args()
    settings = read_settings(options.quick)
    seed = settings["generated"]["seed"]
    if options.data:
        study = read_bids_study(options.data, settings["task"])
    else:
        study = generated_study(settings["generated"], seed)
    pairs, figures, tables = pairs_of(study, settings), {}, []
    summary: dict[str, float] = {"film/n_viewer": study.cube.sizes["subject"], "film/duration": study.duration}

    for preset in PRESETS:
        results, relations, agreement = analyse(study, preset, pairs, settings)
        for kind, result in results.items():
            say(preset, kind, result, relations[kind])
            numbers = numbers_of(study, result, relations[kind])
            summary |= {f"film/{preset}/{kind}/{name}": value for name, value in numbers.items()}
            tables.append(ends_of_r(relations[kind], result).assign(preset=preset))
        figures[f"fig3_{preset}"] = figure_3(results, relations, agreement, study, settings["relation"]["top"])

    # What follows is about the vertices of the last preset, the recommended one.
    tisc, relation = results["vertices"]["tisc"], relations["vertices"]
    strongest = int(np.nanargmax(relation["r"].values))
    profile, planted = lag_profile(study, strongest, settings), planted_delay(study)
    summary["film/delay/planted"] = planted
    summary["film/delay/found"] = float(profile.loc[profile["r"].abs().idxmax(), "lag"])
    summary |= control_numbers(study, tisc, agreement, settings, strongest)
    summary |= without_relation(tisc, settings, seed)
    of_agreement, band = agreement_numbers(study, agreement, settings)
    summary |= of_agreement

    figures |= draw_maps(relations, study.shape)
    figures["agreement"] = isc.plot_agreement(agreement, chance=band, epochs=study.epochs)
    figures["delay"] = draw_profile(profile, planted, strongest)
    write_results(
        options.out,
        summary=summary,
        tables={"relation": _ordered(pd.concat(tables)), "lags": profile},
        figures=figures,
        dictionary="film",
    )
    print("\n".join(f"{key}: {value:.4g}" for key, value in summary.items()))


def without_relation(tisc: xr.DataArray, settings: dict[str, Any], seed: int) -> dict[str, float]:
    """The same faces against presses of another generated film: what each test finds where there is nothing."""
    other = generated_study(settings["generated"] | {"duration": float(tisc["stop"].max()) + 1}, seed + 1)
    agreement = agreement_of(other, tisc, settings)
    naive, honest = relation_as_published(tisc, agreement), relation_as_recommended(tisc, agreement, settings=settings)
    return {
        "film/unrelated/naive_share": float((naive["p"] <= NOMINAL).mean()),
        "film/unrelated/p_smallest": float(honest["p_fwe"].min()),
    }


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    first = ["preset", "features"]
    return table[[*first, *[name for name in table.columns if name not in first]]].reset_index(drop=True)


if __name__ == "__main__":
    main()
