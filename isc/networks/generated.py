"""A corpus of generated people for networks, rendered, tracked and kept."""

from pathlib import Path
from typing import Any

import xarray as xr

from isc.io.files.atomic import remove, temporary_beside
from isc.networks.crops import Progress, clip_corpus
from isc.simulate import simulate_clips

NAME = "corpus.nc"


def generated_corpus(
    folder: Path | str,
    *,
    n_subject: int = 10,
    n_repetition: int = 3,
    seed: int = 0,
    progress: Progress | None = None,
    **crops: Any,
) -> xr.Dataset:
    """Clips of generated people who show the six basic expressions and none, as networks want them.

    Parameters
    ----------
    folder : path
        Gets the videos and ``corpus.nc``; a corpus of the same settings that is there is read.
    n_subject, n_repetition, seed : int
        As in `isc.simulate_clips`: posed and genuine clips.
    progress : callable, optional
        As in `isc.networks.clip_corpus`.
    **crops : int or str
        size, n_frame, n_time and anchors of `isc.networks.clip_corpus`.

    Returns
    -------
    Dataset with dim clip
        As `isc.networks.clip_corpus` gives it.

    Raises
    ------
    ValueError
        As `isc.simulate_clips` and `clip_corpus`.

    Examples
    --------
    >>> generated_corpus("out", n_subject=0)
    Traceback (most recent call last):
        ...
    ValueError: one subject and one repetition are needed at least; given 0 and 3
    """
    path = Path(folder) / NAME
    how: dict[str, Any] = {"n_subject": n_subject, "n_repetition": n_repetition, "seed": seed}
    settings = " ".join(f"{name}={value}" for name, value in sorted((how | crops).items()))
    if path.is_file():
        with xr.open_dataset(path) as kept:
            if kept.attrs.get("settings") == settings:
                return kept.load()
    clips = simulate_clips(Path(folder) / "clips", **how)
    corpus = clip_corpus(clips, Path(folder) / "clips", progress=progress, **crops).assign_attrs(settings=settings)
    temporary = temporary_beside(path)
    try:
        corpus.to_netcdf(temporary, engine="h5netcdf")
        temporary.replace(path)
    finally:
        remove(temporary)
    return corpus
