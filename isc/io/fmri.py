"""One BOLD recording as (time, region), (time, voxel) or (time, vertex), from NIfTI, GIFTI or CIFTI files.

Regions of a volume come from nilearn's maskers; the cleaning of all kinds is `nilearn.signal.clean`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from isc.io.brain.confounds import Signals, clean_signals, image_paths, load_confounds, repetition_time
from isc.io.brain.surface import cifti_signals, gifti_signals
from isc.io.brain.volume import masker_signals, volume_signals

if TYPE_CHECKING:
    import pandas as pd

Strategy = Literal["simple", "scrubbing", "compcor", "ica_aroma"]
CIFTI = (".dtseries.nii", ".ptseries.nii")
GIFTI = (".gii", ".gii.gz")


def read_bold(
    image: Any,
    *,
    subject: str,
    atlas: Any = None,
    mask: Any = None,
    confounds: "Strategy | str | Path | pd.DataFrame | None" = None,
    tr: float | None = None,
    high_pass: float | None = None,
    standardize: bool = True,
) -> xr.DataArray:
    """One participant's BOLD series by region, voxel or surface vertex.

    A straight line is taken out of every series, with confounds and slow drifts where asked for, all in one step
    (Lindquist et al. 2019, doi:10.1002/hbm.24528).

    Parameters
    ----------
    image : path or image, or two of them
        NIfTI (4-D), GIFTI (``.func.gii``; a pair of left and right hemisphere), CIFTI (``.dtseries.nii``,
        ``.ptseries.nii``), or whatever the masker given as `atlas` reads.
    subject : str
        The participant's label.
    atlas : optional
        Volume: an image or path of labels (3-D) or probability maps (4-D), or an atlas as nilearn fetches it (with
        ``maps`` and ``lut`` or ``labels``). Surface: ``.label.gii``, ``.annot`` or array of labels, a pair for two
        hemispheres. CIFTI: ``.dlabel.nii``. Or any nilearn masker, such as a `SurfaceLabelsMasker`. Without an atlas
        every voxel of the mask, or every vertex, is a feature.
    mask : path or image, optional
        Voxels to use; needed for volumes without an atlas.
    confounds : optional
        A strategy of `nilearn.interfaces.fmriprep.load_confounds_strategy` for fMRIPrep's outputs (simple,
        scrubbing, compcor, ica_aroma), or a table (path or DataFrame), of which all columns are used. Scrubbed
        volumes and those with a missing confound are NaN in the result.
    tr : float, optional
        Repetition time in s; by default that of the BIDS sidecar, else of the header. They must not contradict.
    high_pass : float, optional
        Hz; slower drifts are removed.
    standardize : bool
        Scale every series to standard deviation 1 (else the unit of the scanner is kept).

    Returns
    -------
    DataArray ``bold``, dims (time, region | voxel | vertex), float32
        Coords ``time`` (s from the first volume), names of the regions, ``x``, ``y``, ``z`` of regions and voxels in
        m, ``hemisphere`` or ``structure`` of vertices, scalar ``subject``; attrs rate_hz (1 / TR). Volumes with a
        missing value, and features without data, are NaN.

    Raises
    ------
    BoldError
        When files do not fit together: TR, number of volumes, grids, labels.
    FileNotFoundError
        When there is no such file.
    ImportError
        When nibabel lacks what CIFTI needs.

    Examples
    --------
    >>> import nibabel as nib
    >>> data = np.random.default_rng(0).normal(size=(4, 4, 4, 30)).astype(np.float32)
    >>> labels = np.repeat(np.int16([1, 2]), 32).reshape(4, 4, 4)
    >>> bold = read_bold(nib.Nifti1Image(data, np.eye(4)), subject="01", atlas=nib.Nifti1Image(labels, np.eye(4)), tr=2)
    >>> bold.dims, bold.region.values.tolist(), bold.attrs["rate_hz"]
    (('time', 'region'), ['1', '2'], 0.5)
    """
    signals = _signals(image, atlas, mask)
    time = repetition_time(image, signals.stated_tr, tr)
    regressors, kept = load_confounds(image, confounds, signals.values.shape[0])
    values = clean_signals(signals.values, regressors, kept, tr=time, high_pass=high_pass, standardize=standardize)
    coords = {"time": ("time", np.arange(values.shape[0]) * time, {"units": "s"}), **signals.coords}
    attrs = {"rate_hz": 1 / time, "units": "1" if standardize else "a.u.", "high_pass_hz": high_pass or 0.0}
    return xr.DataArray(
        values, dims=("time", signals.dim), coords={**coords, "subject": subject}, name="bold", attrs=attrs
    )


def _signals(image: Any, atlas: Any, mask: Any) -> Signals:
    paths = image_paths(image)
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"no image at {path}")
    if hasattr(atlas, "fit_transform"):
        return masker_signals(image, atlas)
    if paths and paths[0].name.endswith(CIFTI):
        return cifti_signals(paths[0], atlas)
    if paths and all(path.name.endswith(GIFTI) for path in paths):
        return gifti_signals(paths, atlas)
    return volume_signals(image, atlas, mask)
