"""Published and recommended tests of synchrony side by side, on films in which the truth is known.

Data. (1) Six generated videos of 60 s: four viewers share 80 % of the variance of smile, brow and jaw from 10 to 25 s
and from 35 to 50 s, two share nothing (`--data`, a folder with sub-*.mp4). (2) The demo study, when `make demo` has
run (`--demo`): eight generated viewers, six of whom share two epochs of 8.5 s. (3) Real films whose truth nobody
knows, where a local copy is found (ISC_DATA): one brain region of four age groups who watched the same film
(experiments/partly_cloudy tells where from), and joystick ratings of four clips (experiments/ceap).

Methods. Landmarks are tracked, aligned and put on one clock as `isc run` does; then isc.test_synchrony with each of its
presets on all 478 vertices. A window is inside when it lies wholly in an epoch, outside when it touches none. Brain
and ratings are tested in windows of 60 s and 10 s, a third of a window apart, with every preset alike.

    python experiments/presets/run.py [--data DIR] [--demo DIR] [--out DIR] [--quick]

Writes figures/, tables/presets.tsv and summary.json (keys in data_dictionary/presets.json).
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

import isc
from isc.demo import EPOCHS, windows_by_epochs
from isc.io.derivatives import read_array
from isc.io.published import PublishedData, local_copy
from isc.report import write_results
from isc.untrusted import load_npy, load_npz

GENERATED_EPOCHS = ((10.0, 25.0), (35.0, 50.0))  # s
PRESETS = ("recommended", "poster", "facexp")
N_QUICK = 40
SEED = 4
BRAIN_WINDOW, RATING_WINDOW = 60.0, 10.0  # s
BRAIN = PublishedData(
    name="fmri_partlycloudy_roi",
    address="",
    sha256={
        f"ts_array_mentalizingfine_regional_average_{group}.npy": None
        for group in ("ages3-5", "ages5-8", "ages8-13", "ages13-99")
    },
)
RATINGS = PublishedData(name="ratings_ceap360", address="", sha256={"ceap360_v1_to_v4.npz": None})
Epochs = tuple[tuple[float, float], ...]
HERE = Path(__file__).parent
DATA = Path(os.environ.get("ISC_DATA", HERE.resolve().parents[2] / "shared" / "data")) / "generated"


def aligned(path: Path) -> xr.DataArray:
    """Landmarks of one video without head movement."""
    return isc.align_faces(isc.read_face_video(path, subject=path.stem))


def cube_of_videos(folder: Path) -> xr.DataArray:
    """All videos of a folder on one clock."""
    paths = sorted(folder.glob("sub-*.mp4"))
    with ProcessPoolExecutor(2) as pool:
        recordings = dict(zip([path.stem for path in paths], pool.map(aligned, paths), strict=True))
    return isc.stack_subjects(recordings, extent="common")


def brain_cubes() -> dict[str, xr.DataArray]:
    """One region (subject, time, region) of each age group; volumes every 2 s."""
    folder = local_copy(BRAIN)
    groups = {} if folder is None else {name: load_npy(folder / name)[..., 0] for name in BRAIN.sha256}
    return {
        name.rsplit("_", 1)[1].removesuffix(".npy").replace("-", "_"): xr.DataArray(
            values[..., None], dims=("subject", "time", "region"), coords={"time": 2.0 * np.arange(values.shape[1])}
        )
        for name, values in groups.items()
    }


def rating_cubes() -> dict[str, xr.DataArray]:
    """Valence and arousal (subject, time, scale) of each clip."""
    folder = local_copy(RATINGS)
    if folder is None:
        return {}
    cubes = {}
    arrays = load_npz(folder / next(iter(RATINGS.sha256)))
    for clip in ("V1", "V2", "V3", "V4"):
        time = np.linspace(*np.mean(arrays[clip][:, [0, -1], 0], axis=0), arrays[clip].shape[1])
        coords = {"time": time, "scale": ["valence", "arousal"]}
        cubes[f"ratings_{clip}"] = xr.DataArray(arrays[clip][..., 1:], coords, ("subject", "time", "scale"))
    return cubes


def row_of(result: xr.Dataset, preset: str, epochs: Epochs) -> dict[str, object]:
    """Threshold of a preset, and what it calls significant: everywhere, inside and outside the epochs."""
    significant, feature = result["significant"], result["tisc"].dims[1]
    row = {
        "preset": preset,
        "n_subject": int(result["tisc"].attrs["n_subject"]),
        "upper_threshold": float(result["threshold"].sel(extreme="max").median()),
        "cells": float(significant.mean()),
        "windows": float(significant.any(feature).mean()),
    }
    inside, outside = windows_by_epochs(result["tisc"], list(epochs))
    for name, chosen in (("inside", inside), ("outside", outside)):
        row[f"cells_{name}"] = float(significant[chosen].mean()) if epochs else np.nan
        row[f"windows_{name}"] = float(significant[chosen].any(feature).mean()) if epochs else np.nan
    return {**row, "tested": result.attrs["tested"]}


def nulls_figure(result: xr.Dataset) -> Figure:
    """Histograms of the surrogate extremes of every scheme of a result, with the observed extremes."""
    nulls = {
        str(name): result["null"].sel(scheme=name).dropna("surrogate", how="all") for name in result["scheme"].values
    }
    return isc.plot_null(nulls, observed=result["tisc"])


def compare(
    data: str, cube: xr.DataArray, epochs: Epochs, n_surrogates: int | None, window: float | None = None
) -> tuple[pd.DataFrame, dict[str, Figure]]:
    """A row and a figure for each preset."""
    rows, figures = [], {}
    options: dict[str, float] = {} if window is None else {"window": window, "step": window / 3}
    if n_surrogates is not None:
        options["n_surrogates"] = n_surrogates
    for preset in PRESETS:
        result = isc.test_synchrony(cube, preset=preset, seed=SEED, **options)
        rows.append({"data": data, **row_of(result, preset, epochs)})
        figures[f"{data}_{preset}_null"] = nulls_figure(result)
    return pd.DataFrame(rows), figures


def main() -> None:
    """Run the comparison and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with sub-*.mp4 and shared epochs")
    parser.add_argument("--demo", type=Path, default=Path("demo"), help="the folder of `make demo`")
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--quick", action="store_true", help=f"{N_QUICK} surrogates")
    options = parser.parse_args()
    n_surrogates = N_QUICK if options.quick else None
    done = []
    if any(options.data.glob("sub-*.mp4")):
        done.append(compare("generated", cube_of_videos(options.data), GENERATED_EPOCHS, n_surrogates))
    stored = options.demo / "derivatives" / "isc" / "group" / "task-film_desc-vertices_cube.zarr"
    if stored.exists():
        done.append(compare("demo", read_array(stored).load(), EPOCHS, n_surrogates))
    done += [compare(name, cube, (), n_surrogates, BRAIN_WINDOW) for name, cube in brain_cubes().items()]
    done += [compare(name, cube, (), n_surrogates, RATING_WINDOW) for name, cube in rating_cubes().items()]
    if not done:
        raise SystemExit(f"neither {options.data} nor {options.demo} has data; run `make demo` first, or name --data")
    table = pd.concat([rows for rows, _ in done], ignore_index=True)
    figures = {name: figure for _, of in done for name, figure in of.items()}
    numbers = [name for name in table.columns if table[name].dtype.kind in "fi"]
    summary = {
        f"{row['data']}/{row['preset']}/{name}": float(row[name]) for _, row in table.iterrows() for name in numbers
    }
    print(table.drop(columns="tested").round(3).to_string(index=False))
    print("\n".join(f"\n{row['data']}, {row['preset']}: {row['tested']}" for _, row in table.iterrows()))
    write_results(options.out, summary=summary, tables={"presets": table}, figures=figures, dictionary="presets")


if __name__ == "__main__":
    main()
