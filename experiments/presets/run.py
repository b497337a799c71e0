"""Published and recommended tests of synchrony side by side, on films in which the truth is known.

Data. (1) Six generated videos of 60 s: four viewers share 80 % of the variance of smile, brow and jaw from 10 to 25 s
and from 35 to 50 s, two share nothing (`--data`, a folder with sub-*.mp4). (2) The demo study, when `make demo` has
run (`--demo`): eight generated viewers, six of whom share two epochs of 8.5 s.

Methods. Landmarks are tracked, aligned and put on one clock as `isc run` does; then isc.test_synchrony with each of its
presets on all 478 vertices. A window is inside when it lies wholly in an epoch, outside when it touches none.

    python experiments/presets/run.py [--data DIR] [--demo DIR] [--out DIR] [--quick]

Writes figures/, tables/presets.tsv and summary.json (keys in data_dictionary/presets.json).
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

import isc
from isc.demo import EPOCHS, windows_by_epochs
from isc.io.derivatives import read_array
from isc.report import write_results

GENERATED_EPOCHS = ((10.0, 25.0), (35.0, 50.0))  # s
PRESETS = ("recommended", "poster", "facexp")
N_QUICK = 40
SEED = 4
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


def row_of(result: xr.Dataset, preset: str, epochs: tuple[tuple[float, float], ...]) -> dict[str, object]:
    """Threshold of a preset, and what it calls significant inside and outside the epochs."""
    inside, outside = windows_by_epochs(result["tisc"], list(epochs))
    significant = result["significant"]
    return {
        "preset": preset,
        "n_subject": int(result["tisc"].attrs["n_subject"]),
        "upper_threshold": float(result["threshold"].sel(extreme="max").median()),
        "cells_inside": float(significant[inside].mean()),
        "cells_outside": float(significant[outside].mean()),
        "windows_inside": float(significant[inside].any("vertex").mean()),
        "windows_outside": float(significant[outside].any("vertex").mean()),
        "tested": result.attrs["tested"],
    }


def nulls_figure(result: xr.Dataset) -> Figure:
    """Histograms of the surrogate extremes of every scheme of a result, with the observed extremes."""
    nulls = {
        str(name): result["null"].sel(scheme=name).dropna("surrogate", how="all") for name in result["scheme"].values
    }
    return isc.plot_null(nulls, observed=result["tisc"])


def compare(
    data: str, cube: xr.DataArray, epochs: tuple[tuple[float, float], ...], n_surrogates: int | None
) -> tuple[pd.DataFrame, dict[str, Figure]]:
    """A row and a figure for each preset."""
    rows, figures = [], {}
    for preset in PRESETS:
        options = {} if n_surrogates is None else {"n_surrogates": n_surrogates}
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
