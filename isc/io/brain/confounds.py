"""What all kinds of fMRI need: the TR, confounds, and the cleaning of series."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from isc.io.layout.metadata import inherited_metadata

STRATEGIES = ("simple", "scrubbing", "compcor", "ica_aroma")
SAME_TR = 0.01  # share by which two statements of one TR may differ
UNSET_TR = (0.0, 1.0)  # what headers hold that nobody has filled in


class BoldError(ValueError):
    """An fMRI file, atlas or confound table that cannot be used without guessing."""


class Signals(NamedTuple):
    """Values (time, feature), dim and coords of the features, and the TR that the file states (s; 0 when unknown)."""

    values: np.ndarray
    dim: str
    coords: dict[str, Any]
    stated_tr: float


def image_paths(image: Any) -> list[Path]:
    """The files behind an image, none for one in memory."""
    parts = image if isinstance(image, list | tuple) else [image]
    return [Path(part) for part in parts if isinstance(part, str | Path)]


def repetition_time(image: Any, stated: float, tr: float | None) -> float:
    """TR in seconds from the caller, the BIDS sidecar or the header, which must agree.

    Parameters
    ----------
    image : path or image
    stated : float
        What the header says; 0 when it says nothing.
    tr : float or None
        What the caller says.

    Returns
    -------
    float
        Seconds.
    """
    sources = {"tr=": tr, "header": None if stated in UNSET_TR else stated}
    if paths := image_paths(image):
        sources["RepetitionTime of the sidecar"] = inherited_metadata(paths[0]).get("RepetitionTime")
    known = {source: float(value) for source, value in sources.items() if value is not None}
    if not known and stated > 0:
        known["header"] = stated  # a TR of exactly 1 s, which nobody contradicts
    if not known:
        raise BoldError("the repetition time is not known; give tr= in seconds")
    if not all(np.isfinite(value) and value > 0 for value in known.values()):
        raise BoldError(f"the repetition time must be positive, in seconds; given {known}")
    if max(known.values()) > min(known.values()) * (1 + SAME_TR):
        listed = ", ".join(f"{source} {value:g} s" for source, value in known.items())
        raise BoldError(f"the repetition times differ: {listed}; correct the one that is wrong")
    return next(iter(known.values()))


def load_confounds(image: Any, confounds: Any, n_volume: int) -> tuple[np.ndarray | None, np.ndarray]:
    """Confounds (time, regressor) and which volumes are kept (time,).

    Parameters
    ----------
    image : path or image
    confounds : strategy, path, DataFrame or None
    n_volume : int

    Returns
    -------
    regressors : ndarray or None
    kept : ndarray of bool
    """
    import pandas as pd

    kept = np.ones(n_volume, dtype=bool)
    if confounds is None:
        return None, kept
    table = confounds
    if isinstance(confounds, str) and confounds in STRATEGIES:
        table, sample_mask = _fmriprep_confounds(image, confounds)
        if sample_mask is not None:
            kept = np.isin(np.arange(n_volume), sample_mask)
    elif not isinstance(confounds, pd.DataFrame):
        table = pd.read_csv(Path(confounds), sep="," if str(confounds).endswith(".csv") else "\t", na_values="n/a")
    if len(table) != n_volume:
        raise BoldError(
            f"the confounds have {len(table)} rows and the image {n_volume} volumes; they are of other runs"
        )
    text = [str(name) for name in table.columns if table[name].dtype.kind not in "fiub"]
    if text:
        raise BoldError(f"confounds must be numbers; column {', '.join(text)} is not: choose columns with a DataFrame")
    values = table.to_numpy(np.float64)
    known = np.isfinite(values).all(axis=1)
    return np.where(known[:, None], values, 0.0), kept & known


def _fmriprep_confounds(image: Any, strategy: Any) -> tuple[Any, np.ndarray | None]:
    from nilearn.interfaces.fmriprep import load_confounds_strategy

    paths = image_paths(image)
    if not paths:
        raise BoldError(f"confounds={strategy!r} needs the path of an fMRIPrep image, not an image in memory")
    try:
        return load_confounds_strategy([str(path) for path in paths] if len(paths) > 1 else str(paths[0]), strategy)
    except (ValueError, FileNotFoundError, IndexError) as error:
        raise BoldError(
            f"fMRIPrep's confounds of {paths[0].name} cannot be loaded ({error}); give a table as confounds="
        ) from error


def clean_signals(
    values: np.ndarray,
    regressors: np.ndarray | None,
    kept: np.ndarray,
    *,
    tr: float,
    high_pass: float | None,
    standardize: bool,
) -> np.ndarray:
    """Series without line, drifts and confounds; NaN where volumes are missing or series have no data.

    Parameters
    ----------
    values : ndarray, shape (time, feature)
        NaN is missing.
    regressors : ndarray or None, shape (time, regressor)
    kept : ndarray of bool, shape (time,)
    tr : float
        Seconds.
    high_pass : float or None
        Hz.
    standardize : bool

    Returns
    -------
    ndarray of float32, shape (time, feature)
    """
    from nilearn.signal import clean

    finite = np.isfinite(values)
    features = np.flatnonzero(finite.any(axis=0))
    kept = kept & finite[:, features].all(axis=1)
    result = np.full(values.shape, np.nan, dtype=np.float32)
    n_kept = int(kept.sum())
    if n_kept < 3 or features.size == 0:
        raise BoldError(
            f"{n_kept} of {kept.size} volumes and {features.size} series have data; at least 3 and 1 needed"
        )
    filled = np.where(kept[:, None], values[:, features].astype(np.float64), 0.0)
    moving = np.ptp(filled[kept], axis=0) > 0
    cleaned = clean(
        filled,
        confounds=regressors,
        sample_mask=None if kept.all() else np.flatnonzero(kept),
        t_r=tr,
        high_pass=high_pass,
        filter="butterworth" if high_pass is not None else False,
        detrend=True,
        standardize="zscore_sample" if standardize else None,
    )
    cleaned[:, ~moving] = np.nan  # outside of the brain: a constant has no correlation
    result[np.ix_(kept, features)] = cleaned
    return result


def same_length(lengths: dict[str, int]) -> None:
    """Raise a BoldError when recordings have different numbers of volumes."""
    if len(set(lengths.values())) > 1:
        shortest, longest = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise BoldError(
            f"the recordings have different lengths ({shortest}: {lengths[shortest]} volumes, {longest}: "
            f"{lengths[longest]} volumes); cut all to the film first"
        )
