"""What the study reads: generated clips, the user's corpora, and published action units."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc import align_faces, read_face_video, simulate_clips
from isc.classification.corpora import RAVDESS_LABELS, facexp_clips, pedfe_clips, ravdess_clips
from isc.classification.features import clip_meshes
from isc.io.published import PublishedData, find_published

# Clip means of OpenFace's action units in the 1,440 speech clips of RAVDESS (Luna-Jimenez et al. 2022, Appl Sci 12:327,
# doi:10.3390/app12010327).
ACTION_UNITS = "df_average_AUs_total.csv"
PUBLISHED = PublishedData(
    name="ravdess_action_units",
    address="https://github.com/cristinalunaj/MMEmotionRecognition/raw/aeb7844/data/trainingData/avg_MLP80_AUs/data_AUs_avg",
    sha256={ACTION_UNITS: "c24faeb4069a8b5c4aad3a674763c98a76ffa2ac3457e0d4fd5bce2ffaef8d96"},
    licence="CC BY-NC-SA 4.0",
)


def data_folders(given: Path | None) -> list[Path]:
    """Folders in which corpora are looked for: the one given, else ISC_DATA."""
    named = [given, Path(os.environ["ISC_DATA"]) if os.environ.get("ISC_DATA") else None]
    return [folder for folder in named if folder is not None and folder.is_dir()]


def action_units(given: Path | None) -> xr.DataArray:
    """All 35 intensities and presences of each clip, z-scored once over all clips, (clip, feature)."""
    table = pd.read_csv(_action_unit_folder(given) / ACTION_UNITS, sep=";")
    codes = table["path"].str.split("-", expand=True)
    actor, label = codes[6], codes[2].map(RAVDESS_LABELS)
    take = actor + "-" + label + "-" + codes[3]
    units = [column for column in table if column.startswith("AU")]
    values = table[units].to_numpy(dtype=np.float64)
    coords: dict[str, Any] = {"clip": table["path"].to_numpy(), "feature": units}
    columns = {"subject": actor, "label": label, "take": take, "item": take + "-" + codes[4]}
    coords |= {name: ("clip", column.to_numpy(dtype=str)) for name, column in columns.items()}
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    return xr.DataArray(scaled, coords, ("clip", "feature"), "action_units", {"scaled": "once over all clips"})


def _action_unit_folder(given: Path | None) -> Path:
    """A local copy, also beside the user's corpora, or the published file."""
    own = given is not None and any((folder / ACTION_UNITS).is_file() for folder in (given, given / PUBLISHED.name))
    return find_published(PUBLISHED, given if own else None)


def generated(folder: Path, settings: dict[str, Any], seed: int) -> xr.DataArray:
    """Clips of generated people, rendered and tracked: mean meshes (clip, vertex, space)."""
    clips = simulate_clips(folder, **settings, seed=seed)
    return _tracked(folder, clips, folder / f"meshes_{seed}.nc")


def corpora(folders: list[Path], settings: dict[str, Any], cache: Path) -> Iterator[tuple[str, xr.DataArray]]:
    """Mean meshes of each of the user's corpora that is there."""
    readers = {"ravdess": _ravdess, "pedfe": _pedfe, "facexp": _facexp}
    for name, reader in readers.items():
        found = [folder for folder in folders if (folder / settings[name]["folder"]).is_dir()]
        if not found:
            print(f"{name}: no folder {settings[name]['folder']} in the data; left out")
            continue
        corpus = reader(found[0], settings[name])
        for _, problem in corpus.problems.iterrows():
            print(f"{name}: {problem['path']}: {problem['problem']}", file=sys.stderr)
        cache.mkdir(parents=True, exist_ok=True)
        yield name, _tracked(found[0] / settings[name]["folder"], corpus.clips, cache / f"{name}.nc")


def _ravdess(folder: Path, how: dict[str, Any]) -> Any:
    corpus = ravdess_clips(folder / how["folder"], modality=how["modality"])
    keep = ~corpus.clips["subject"].isin(how["drop_subjects"])
    return corpus._replace(clips=corpus.clips[keep].reset_index(drop=True))


def _pedfe(folder: Path, how: dict[str, Any]) -> Any:
    ratings = pd.read_csv(folder / how["ratings"])
    return pedfe_clips(folder / how["folder"], ratings, columns=how["columns"], labels=how["words"])


def _facexp(folder: Path, how: dict[str, Any]) -> Any:
    return facexp_clips(folder / how["folder"], labels=how.get("words", {}))


def _tracked(folder: Path, clips: pd.DataFrame, cache: Path) -> xr.DataArray:
    """Mean mesh of every clip without head movement; kept in a file, as tracking takes long."""
    if cache.is_file():
        known = xr.load_dataarray(cache, engine="h5netcdf")
        if list(known["clip"].values) == list(clips["clip"]):
            return known
    meshes = clip_meshes(_landmarks(folder, clips), clips)
    lost = meshes.isnull().any(("vertex", "space"))
    if lost.any():
        print(f"no face in {int(lost.sum())} clips; left out: {', '.join(map(str, meshes['clip'].values[lost][:9]))}")
    seen = meshes.isel(clip=np.flatnonzero(~lost))
    seen.to_netcdf(cache, engine="h5netcdf")
    return seen


def _landmarks(folder: Path, clips: pd.DataFrame) -> Iterator[xr.DataArray]:
    """Aligned landmarks of every clip; a clip without a face stays as it is, all NaN."""
    for path, subject in zip(clips["path"], clips["subject"], strict=True):
        landmarks = read_face_video(folder / path, subject=str(subject))
        yield align_faces(landmarks) if bool(landmarks["detected"].any()) else landmarks
