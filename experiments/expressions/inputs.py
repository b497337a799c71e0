"""What the study reads: generated clips, the user's corpora, and published action units."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc import simulate_clips
from isc.classification.corpora import RAVDESS_LABELS
from isc.io.layout.names import Entities
from isc.io.published import PublishedData, find_published
from isc.stages.classification.clip_meshes import clip_tasks, load_meshes, track_clips
from isc.stages.classification.clip_table import read_corpus
from isc.stages.plan.request import processors
from isc.stages.provenance.shelf import Shelf
from isc.study import Classification, Study

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
    return _tracked("generated", folder, clips, folder.with_name(f"{folder.name}_meshes"))


def corpora(folders: list[Path], settings: dict[str, Any], cache: Path) -> Iterator[tuple[str, xr.DataArray]]:
    """Mean meshes of each of the user's corpora that is there."""
    for name in ("ravdess", "pedfe", "facexp"):
        found = [folder for folder in folders if (folder / settings[name]["folder"]).is_dir()]
        if not found:
            print(f"{name}: no folder {settings[name]['folder']} in the data; left out")
            continue
        folder = found[0] / settings[name]["folder"]
        how = {key: value for key, value in settings[name].items() if key != "folder"}
        corpus = read_corpus(name, folder, Classification.model_validate(how))
        for _, problem in corpus.problems.iterrows():
            print(f"{name}: {problem['path']}: {problem['problem']}", file=sys.stderr)
        yield name, _tracked(name, folder, corpus.clips, cache / name)


def _tracked(name: str, folder: Path, clips: pd.DataFrame, cache: Path) -> xr.DataArray:
    """Mean mesh of every clip without head movement; each is kept, as tracking takes long."""
    tasks = clip_tasks(clips, Shelf(cache, folder, Entities(task=name)), Study())
    failures = track_clips(tasks, n_procs=processors())
    for clip, reason in failures.items():
        print(f"{name}: clip {clip} left out: {reason}", file=sys.stderr)
    return load_meshes(clips, {task.clip: task.path for task in tasks if task.clip not in failures})
