"""The explorer of a study: read the group's products, write explore.html beside the report."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.bids import root_path
from isc.io.derivatives import read_array, read_sidecar, read_table
from isc.io.files.atomic import DerivativeError
from isc.io.layout.dataset import linked_raw
from isc.io.layout.names import BidsError, Entities
from isc.mesh import mean_shape
from isc.report import Explorer, Fact, explore
from isc.stages.group.behaviour import read_agreement
from isc.stages.group.members import label, read_epochs
from isc.stages.group.synchrony import deciding_schemes
from isc.stages.provenance.shelf import Shelf, load_array, load_dataset
from isc.stages.provenance.version import code_version
from isc.study import Study, StudyError, read_study
from isc.synchrony.decision import strictest
from isc.synchrony.inference import thresholds

DONE, UNUSABLE = 0, 2  # exit codes


def run_explorer(derivatives: Path, *, task: str | None = None) -> int:
    """Write explore.html of a finished analysis and say where it is.

    Parameters
    ----------
    derivatives : Path
        Derivative data set with a finished group level.
    task : str, optional
        BIDS task label; by default that of the settings the analysis was run with.

    Returns
    -------
    int
        0 done, 2 when there is no finished analysis.
    """
    try:
        raw = linked_raw(derivatives)
        study = read_study(root_path(derivatives, "settings"))
        study = study if task is None else study.model_copy(update={"task": task})
        shelf = Shelf(derivatives, raw, Entities(task=study.task))
        require_cube(shelf)
        print(f"explorer: {write_explorer(study, shelf)}")
    except (StudyError, BidsError, DerivativeError, FileNotFoundError) as error:
        print(f"isc: {error}", file=sys.stderr)
        return UNUSABLE
    return DONE


def require_cube(shelf: Shelf) -> None:
    """Refuse a folder without the landmarks of a group.

    Parameters
    ----------
    shelf : Shelf
        Of the group.

    Raises
    ------
    StudyError
        When the group level was not run, or the cube was one of other features.
    """
    if not shelf.path("cube").exists():
        raise StudyError(
            f"{shelf.root.name} holds no face landmarks of a group for task {shelf.entities.task}; run `isc run "
            "BIDS_DIR OUT_DIR group` first (of a cube of other features, use isc.calibrate and the report's maps)"
        )


def write_explorer(study: Study, shelf: Shelf) -> Path:
    """Explorer of the group's products.

    Parameters
    ----------
    study : Study
    shelf : Shelf
        Of the group.

    Returns
    -------
    Path
        explore.html

    Raises
    ------
    DerivativeError
        When a product is absent or damaged.
    """
    return study_explorer(study, shelf).save(root_path(shelf.root, "explorer"))


def study_explorer(study: Study, shelf: Shelf) -> Explorer:
    """Explorer of the group's products, not written anywhere."""
    cube = read_array(shelf.path("cube"))
    if isinstance(cube, xr.Dataset):
        raise TypeError("the cube holds a data set, not one array")
    agreement, n_subject = shelf.path("agreement", desc="peaks"), cube.sizes["subject"]
    pairs = _tested(study, shelf, "pairs").merge(_thresholds(study, shelf, "pairs", n_subject)[["threshold"]])
    return explore(
        _tested(study, shelf, "vertices"),
        study_shape(cube),
        thresholds=_thresholds(study, shelf, "vertices", n_subject),
        pairs=pairs,
        agreement=read_agreement(agreement) if agreement.is_file() else None,
        peaks=_presses(shelf, [str(name) for name in cube["subject"].values]),
        epochs=_epochs(study, shelf),
        title=study.title,
        facts=(Fact("stimulus", f"task {study.task}"), Fact("software", f"isc-toolkit {code_version()}")),
    )


def study_shape(cube: xr.DataArray) -> xr.DataArray:
    """Mean face of the study, one participant in memory at a time.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, vertex, space)
        May lie on the disk.

    Returns
    -------
    DataArray, dims (vertex, space)
        As `isc.mesh.mean_shape` gives it.
    """
    shapes = [mean_shape(cube.isel(subject=number)) for number in range(cube.sizes["subject"])]
    together = xr.concat(shapes, "subject", coords="minimal", compat="override")
    return together.mean("subject").assign_attrs(shapes[0].attrs)


def _tested(study: Study, shelf: Shelf, features: str) -> xr.Dataset:
    return load_dataset(shelf.path("tisc", desc=label(study, features)))[["tisc", "significant"]]


def _thresholds(study: Study, shelf: Shelf, features: str, n_subject: int) -> xr.Dataset:
    """Thresholds that a cell has to pass to be significant: the strictest of the schemes that decide."""
    nulls = {
        scheme: load_array(shelf.path("null", desc=label(study, features, scheme)))
        for scheme in deciding_schemes(study, n_subject)
    }
    return strictest(
        {name: thresholds(null, alpha=study.null.alpha, tail=study.null.tail) for name, null in nulls.items()}
    )


def _presses(shelf: Shelf, participants: list[str]) -> np.ndarray:
    """Reported peaks of all participants with a valid log, seconds."""
    onsets = [np.zeros(0)]
    for path in sorted(shelf.root.glob(f"sub-*/**/beh/*_task-{shelf.entities.task}_*desc-peaks_events.tsv")):
        if path.name.split("_")[0] in participants and read_sidecar(path)["LogValid"]:
            onsets.append(read_table(path)["onset"].to_numpy(dtype=float))
    return np.sort(np.concatenate(onsets))


def _epochs(study: Study, shelf: Shelf) -> pd.DataFrame | None:
    """Annotated epochs; none when their table cannot be used, which the report says."""
    try:
        return read_epochs(shelf.raw_root, study.task)
    except StudyError:
        return None
