"""From a cube in a file to its report: synchrony, tests, maps; for EEG, fMRI, physiology and other trackers."""

import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from isc.cube import check_cube, check_values, subject_ids
from isc.io.bids import figures_folder, root_path
from isc.io.derivatives import DerivativeError, hash_file, output_lock, remove_leftovers
from isc.io.files.atomic import write_bytes
from isc.io.files.file_sets import write_file_set
from isc.io.files.text import TableError
from isc.io.layout.dataset import write_derivative_dataset
from isc.io.layout.names import BidsError, Entities, participant_label
from isc.report import render_report
from isc.stages.group.members import Group, Progress, label_meanings
from isc.stages.group.products import Products
from isc.stages.group.synchrony import make_nulls, make_thresholds, make_tisc
from isc.stages.pages.cube_page import cube_content
from isc.stages.pages.maps import FeatureMap, map_of
from isc.stages.pages.sections import plural
from isc.stages.privacy.forgetting import withdrawn
from isc.stages.provenance.shelf import Shelf, load_dataset
from isc.stages.provenance.version import code_version
from isc.stages.recordings.extraction import warning_texts
from isc.stages.running.journal import log
from isc.stages.running.messages import one_line
from isc.stages.running.progress import Display
from isc.study import Study, StudyError, format_study, read_study

DONE, UNUSABLE = 0, 2  # exit codes
FAULTS = (StudyError, BidsError, DerivativeError, TableError, FileNotFoundError)
ALONE = "series"  # dim of cubes that have no feature dim


@dataclass(frozen=True)
class AnalysisRequest:
    """What the command line asks for.

    Attributes
    ----------
    cube, out_dir : Path
        netCDF file of the cube, and derivatives in a folder of their own.
    settings : Path, optional
    task : str, optional
        BIDS task label, for the names of the products.
    image : Path, optional
        Atlas of labels, or mask, of regions or voxels.
    surfaces : mapping of {"left", "right"} to Path
        Meshes of surface vertices.
    seed : int, optional
    force : bool
    """

    cube: Path
    out_dir: Path
    settings: Path | None = None
    task: str | None = None
    image: Path | None = None
    surfaces: Mapping[str, Path] | None = None
    seed: int | None = None
    force: bool = False


def run_analysis(request: AnalysisRequest) -> int:
    """Analyse a cube and say where the report is.

    Parameters
    ----------
    request : AnalysisRequest

    Returns
    -------
    int
        0 done, 2 when the cube or the settings cannot be used.
    """
    try:
        study = _study(request)
        with Display("surrogates") as display, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            report = analyse_cube(
                request.cube,
                request.out_dir,
                study=study,
                image=request.image,
                surfaces=request.surfaces,
                force=request.force,
                progress=display.update,
            )
            for text in warning_texts(caught):
                display.say(f"warning: {text}")
    except FAULTS as error:
        print(f"isc: {one_line(error)}", file=sys.stderr)
        return UNUSABLE
    print(f"report: {report}")
    return DONE


def _study(request: AnalysisRequest) -> Study:
    """Settings: the file, then what the command line overrides."""
    study = Study() if request.settings is None else read_study(request.settings)
    null = study.null.model_dump() | ({} if request.seed is None else {"seed": request.seed})
    return Study.model_validate(study.model_dump() | {"task": request.task or study.task, "null": null})


def analyse_cube(
    cube: str | Path,
    out_dir: str | Path,
    *,
    study: Study | None = None,
    image: str | Path | None = None,
    surfaces: Mapping[str, Path] | None = None,
    force: bool = False,
    progress: Progress = lambda name, done, expected: None,
) -> Path:
    """Synchrony of a cube, its tests, and a report with maps of its features: the group level of `isc run`.

    Parameters
    ----------
    cube : path
        netCDF file of one DataArray with dims (subject, time, feature dims), such as
        ``isc.stack_subjects(recordings).to_netcdf("eeg.nc")`` writes it. Positions of channels, regions and voxels
        (coords x, y, z in m, as `isc.read_eeg` and `isc.read_bold` give them) choose the map.
    out_dir : path
        Derivatives, in a folder of their own. What is up to date there is kept.
    study : Study, optional
        Settings; of the tables only ``tisc`` and ``null`` matter. By default the recommended ones.
    image : path, optional
        Atlas of labels, or mask, with which regions or voxels were read.
    surfaces : mapping of {"left", "right"} to path, optional
        Meshes to draw surface vertices on.
    force : bool
        Make everything again.
    progress : callable, optional
        Called with (step, surrogates done, surrogates expected).

    Returns
    -------
    Path
        report.html

    Raises
    ------
    StudyError
        When the file holds no cube, or its recordings and the settings do not go together.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> folder = Path(tempfile.mkdtemp())
    >>> values = np.random.default_rng(0).normal(size=(5, 300, 2))
    >>> eeg = xr.DataArray(values, dims=("subject", "time", "channel"), coords={"time": np.arange(300) / 10})
    >>> eeg.to_netcdf(folder / "eeg.nc", engine="h5netcdf")
    >>> few = Study().null.model_copy(update={"n_surrogates": 19})
    >>> analyse_cube(folder / "eeg.nc", folder / "isc", study=Study().model_copy(update={"null": few})).name
    'report.html'
    """
    started, study, path, root = time.monotonic(), study or Study(), Path(cube), Path(out_dir)
    given = _without_withdrawn(read_cube(path), root)
    features = features_of(given)
    with output_lock(root):
        remove_leftovers(root)
        shelf = Shelf(root, path.parent, Entities(task=study.task), force)
        _write_top(study, shelf, features)
        group = Group(study, shelf, {}, _label_notes(given))
        products = _products(group, path, given, features, progress)
        feature_map = _map(group, given, None if image is None else Path(image), surfaces)
        files = {"image": image, **(surfaces or {})}
        report = _report(group, products, feature_map, {k: hash_file(Path(v)) for k, v in files.items() if v})
        seconds = round(time.monotonic() - started, 1)
        log(root, "analyse", seconds=seconds, made=[made.name for made in shelf.ledger.reasons], code=code_version())
    return report


def read_cube(path: Path) -> xr.DataArray:
    """Cube of a netCDF file, checked.

    Parameters
    ----------
    path : Path

    Returns
    -------
    DataArray, dims (subject, time, feature dims)
        Subjects as text; a cube without a feature dim gets one, ``series``, of its own name.

    Raises
    ------
    StudyError
        When the file is none, holds no or several arrays, or no cube.
    """
    if not path.is_file():
        raise StudyError(f"{path.name} is no file; write the cube with cube.to_netcdf({path.stem + '.nc'!r})")
    try:
        with xr.open_dataset(path, decode_times=False) as stored:
            content = stored.load()
    except (OSError, ValueError) as error:
        reason = str(error).split(". Consider")[0]  # xarray goes on about engines
        raise StudyError(f"{path.name} is no netCDF file that xarray reads ({reason})") from error
    if len(content.data_vars) != 1:
        names = ", ".join(map(str, content.data_vars)) or "none"
        raise StudyError(f"{path.name} must hold one array, the cube; it holds {names}")
    name, cube = next(iter(content.data_vars.items()))
    try:
        check_cube(cube)
        check_values(cube)
    except (TypeError, ValueError) as error:
        raise StudyError(f"{path.name}: {error}") from error
    if cube.ndim == 2:
        cube = cube.expand_dims({ALONE: [str(name)]}, axis=-1)
    cube = cube.assign_coords(subject=subject_ids(cube)).transpose("subject", "time", ...)
    return cube.drop_encoding().rename("cube")


def _without_withdrawn(cube: xr.DataArray, root: Path) -> xr.DataArray:
    """Cube without those whom the derivatives were told to forget."""
    ids = subject_ids(cube)
    gone = withdrawn([name.removeprefix("sub-") for name in ids], root)
    kept = [name.removeprefix("sub-") not in gone for name in ids]
    if all(kept):
        return cube
    print(f"isc: {len(ids) - sum(kept)} of the cube withdrew (logs/forgotten.json): left out", file=sys.stderr)
    if not any(kept):
        raise StudyError("everybody in the cube withdrew (logs/forgotten.json); there is nothing to analyse")
    return cube.isel(subject=np.flatnonzero(kept))


def features_of(cube: xr.DataArray) -> str:
    """Name of the features in the names of the products: channels, regions, ...; features where dims are several.

    Parameters
    ----------
    cube : DataArray

    Returns
    -------
    str
        Letters and digits.

    Examples
    --------
    >>> features_of(xr.DataArray([[[[0.0]]]], dims=("subject", "time", "channel", "band")))
    'features'
    """
    dims = [str(dim) for dim in cube.dims if dim not in ("subject", "time", "space")]
    name = plural(dims[0]) if len(dims) == 1 else "features"
    return "".join(letter for letter in name if letter.isascii() and letter.isalnum()) or "features"


def _write_top(study: Study, shelf: Shelf, features: str) -> None:
    meanings = label_meanings(study, {features: features})
    write_derivative_dataset(shelf.root, raw=shelf.raw_root, version=code_version(), descriptions=meanings, of=features)
    write_bytes(root_path(shelf.root, "settings"), format_study(study).encode())


def _label_notes(cube: xr.DataArray) -> list[str]:
    """A warning where `isc forget` could not find people by their labels."""
    for name in subject_ids(cube):
        try:
            participant_label(name)
        except BidsError:
            return [f"participants are called such as {name}: isc forget finds them only by labels such as sub-01."]
    return []


def _products(group: Group, path: Path, cube: xr.DataArray, features: str, progress: Progress) -> Products:
    """Cube, nulls, t-ISC and thresholds; what is up to date is kept."""
    subjects = {"subjects": subject_ids(cube)}
    kept = group.shelf.make("given_cube", lambda: cube, inputs=[path], parameters=subjects)
    try:
        nulls = make_nulls(group, kept, features, progress)
        tisc = make_tisc(group, kept, nulls, features)
    except ValueError as error:
        raise StudyError(str(error)) from error
    if not load_dataset(tisc)["tisc"].notnull().any():
        raise StudyError(
            f"no window has two participants with {group.study.tisc.min_valid:.0%} valid samples that move; "
            f"{float(cube.notnull().mean()):.1%} of the cube's values are there: look at how it was made"
        )
    limits = {scheme: make_thresholds(group, null, tisc, features, scheme) for scheme, null in nulls.items()}
    return Products(kept, {features: nulls}, {features: tisc}, {features: limits}, None, {})


def _map(
    group: Group, cube: xr.DataArray, image: Path | None, surfaces: Mapping[str, Path] | None
) -> FeatureMap | None:
    """The map of the features; a note in the report when there is none."""
    try:
        return map_of(cube, image=image, surfaces=surfaces)
    except StudyError as error:
        group.notes.append(f"{error}.")
        return None


def _report(group: Group, products: Products, feature_map: FeatureMap | None, places: Mapping[str, str]) -> Path:
    """Page with its figures; drawn only when a product, a setting, a map or a note differs from the last one."""
    shelf = group.shelf
    page = root_path(shelf.root, "report")
    inputs = [products.cube, *products.tisc.values(), *(p for of in products.nulls.values() for p in of.values())]
    parameters: dict[str, Any] = {"settings": group.study.model_dump(), "notes": group.notes, "places": dict(places)}
    sidecar = shelf.due("report", inputs=inputs, parameters=parameters)
    if sidecar is not None:
        content = cube_content(group, products, feature_map)
        figures = [figure for section in content.sections for figure in section.figures]
        folder = figures_folder(shelf.root)
        files = {
            folder / f"task-{group.study.task}_figure-{k:02d}.svg": figure.svg.encode()
            for k, figure in enumerate(figures, start=1)
        }
        values = {"page": page.name, "figures": [path.relative_to(shelf.root).as_posix() for path in files]}
        write_file_set({page: render_report(content).encode(), **files}, shelf.path("report"), values, sidecar)
    return page
