"""Error rates of the tests on a study's own recordings, with their synchrony broken."""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.bids import root_path
from isc.io.derivatives import output_lock, read_table
from isc.io.files.atomic import DerivativeError
from isc.io.layout.dataset import linked_raw
from isc.io.layout.names import BidsError, Entities
from isc.lazy import ClusterError
from isc.stages.group.members import label
from isc.stages.pages.explorer import require_cube
from isc.stages.provenance.shelf import Shelf, load_array
from isc.stages.running.cluster import cluster
from isc.stages.running.progress import Display
from isc.study import Study, StudyError, read_study
from isc.synchrony.calibration import N_DATA, N_SURROGATES, Breaking, calibrate

DONE, UNUSABLE = 0, 2  # exit codes
N_VERTEX = 16  # evenly chosen: rates hardly depend on how many, time does
BREAKINGS: tuple[Breaking, ...] = ("shift", "sign")
MEANING = """\
rate: share of the data sets with broken synchrony in which any vertex and window passed the threshold of the recording
(greater); alpha is what was promised. Read the circular shift under 'sign' and the sign flip under 'shift': each way of
breaking synchrony keeps what the scheme of its own kind supposes. Sign changes leave synchrony between people of the
same sign: where there is much, the rate of the circular shift under 'sign' is an upper bound."""


@dataclass(frozen=True)
class CalibrationRequest:
    """What the command line asks for."""

    out_dir: Path
    task: str | None = None
    n_data: int = N_DATA
    n_surrogates: int = N_SURROGATES
    n_vertex: int = N_VERTEX
    scheduler: str | None = None
    force: bool = False


def run_calibration(request: CalibrationRequest) -> int:
    """Measure, write the table and print what it says.

    Parameters
    ----------
    request : CalibrationRequest

    Returns
    -------
    int
        0 done, 2 when there is no finished cube or the settings cannot be used.
    """
    try:
        raw = linked_raw(request.out_dir)
        study = read_study(root_path(request.out_dir, "settings"))
        study = study if request.task is None else study.model_copy(update={"task": request.task})
        shelf = Shelf(request.out_dir, raw, Entities(task=study.task), request.force)
        require_cube(shelf)
        with (
            output_lock(request.out_dir),
            cluster(request.scheduler, request.out_dir),
            Display("data sets") as display,
        ):
            path = make_calibration(study, shelf, request, display)
    except (StudyError, BidsError, ClusterError, DerivativeError, FileNotFoundError) as error:
        print(f"isc: {error}", file=sys.stderr)
        return UNUSABLE
    table = read_table(path)
    shown = table[table["outcome"] == "upper"].drop(columns="outcome")
    print(shown.round(3).to_string(index=False))
    print(f"{MEANING}\nall outcomes: {path.relative_to(request.out_dir).as_posix()}")
    return DONE


def make_calibration(study: Study, shelf: Shelf, request: CalibrationRequest, display: Display) -> Path:
    """Table of error rates, made when the cube or a setting changed."""
    cube, seed = shelf.path("cube"), study.null.seed
    options: dict[str, Any] = study.tisc.model_dump(include={"window", "step", "space", "min_valid"})
    how: dict[str, Any] = {
        "n_data": request.n_data,
        "n_surrogates": request.n_surrogates,
        "seed": seed,
        "alpha": study.null.alpha,
    }

    def compute() -> pd.DataFrame:
        chosen = some_vertices(load_array(cube), request.n_vertex)
        rates = []
        for breaking in BREAKINGS:
            progress = partial(display.update, f"broken by {breaking}")
            rates.append(
                calibrate(chosen, breaking=breaking, schemes=study.null.schemes, progress=progress, **how, **options)
            )
        return pd.concat(rates, ignore_index=True)

    parameters = {**how, **options, "schemes": study.null.schemes, "n_vertex": request.n_vertex}
    return shelf.make(
        "calibration", compute, inputs=[cube], parameters=parameters, desc=label(study, "vertices"), more={"Seed": seed}
    )


def some_vertices(cube: xr.DataArray, n_vertex: int) -> xr.DataArray:
    """Evenly chosen vertices of a cube; all when it has no more."""
    n_all = cube.sizes["vertex"]
    return cube.isel(vertex=np.unique(np.linspace(0, n_all - 1, min(n_vertex, n_all)).round().astype(int)))
