"""How smooth the data are: what decides which null can hold."""

import numpy as np
import xarray as xr

from isc.synchrony.features.series import FeatureSeries, Space, as_series
from isc.synchrony.findings import Finding

MAX_FEATURES = 200  # features looked at: the median over more changes nothing
FEW_SUBJECTS = 20  # Pajula & Tohka 2016: maps converge at about 20
REFUSE_SUBJECTS = 5
FEW_SURROGATES = 500


def autocorrelation_time(cube: xr.DataArray, *, space: Space = "axes") -> float:
    """Integrated autocorrelation time: samples that carry as much information as one independent sample.

    ``1 + 2 sum_k rho(k)`` with the sum cut where the sum of neighbouring autocorrelations first is negative
    (Geyer's initial positive sequence), the median over subjects and up to 200 evenly chosen features.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...)
        Missing samples are left out of the lagged products.
    space : {"axes", "norm", "displacement"}
        How a vertex is read when the cube has dim ``space``.

    Returns
    -------
    float
        In samples, at least 1; NaN when every series is flat.

    References
    ----------
    Geyer 1992, Stat Sci 7:473-483, doi:10.1214/ss/1177011137.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cube = xr.DataArray(rng.normal(size=(4, 2000, 3)), dims=("subject", "time", "vertex"),
    ...                     coords={"time": np.arange(2000.0)})
    >>> bool(abs(autocorrelation_time(cube) - 1) < 0.2)
    True
    """
    return median_time(sampled(as_series(cube, space=space)))


def sampled(series: FeatureSeries) -> np.ndarray:
    """Values (subject, time, feature) of up to 200 evenly chosen features of one component."""
    step = max(1, -(-series.n_feature // MAX_FEATURES))
    return series.values[:, :, ::step, 0]


def median_time(values: np.ndarray) -> float:
    """Median over subjects and features of the integrated autocorrelation time.

    Parameters
    ----------
    values : ndarray, shape (subject, time, feature)

    Returns
    -------
    float
        Samples; NaN when every series is flat.

    Examples
    --------
    >>> bool(median_time(np.cumsum(np.random.default_rng(0).normal(size=(2, 500, 1)), axis=1)) > 20)
    True
    """
    rows = np.moveaxis(values, 1, 2).reshape(-1, values.shape[1]).astype(np.float64)
    times = [time for time in map(integrated_time, rows) if np.isfinite(time)]
    return float(np.median(times)) if times else float("nan")


def integrated_time(x: np.ndarray) -> float:
    """Integrated autocorrelation time of one series with gaps, in samples; NaN when it is flat or nearly empty."""
    finite = np.isfinite(x)
    if finite.sum() < 4:
        return np.nan
    centred = np.where(finite, x - x[finite].mean(), 0.0)
    size = 2 * x.size
    spectrum, mask = np.fft.rfft(centred, size), np.fft.rfft(finite.astype(np.float64), size)
    product = np.fft.irfft(np.abs(spectrum) ** 2, size)[: x.size]
    count = np.fft.irfft(np.abs(mask) ** 2, size)[: x.size].round()
    if product[0] <= 1e-12 * (x[finite] ** 2).sum():
        return np.nan
    rho = (product / np.maximum(count, 1)) / (product[0] / count[0])
    pairs = rho[: rho.size // 2 * 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs <= 0)
    kept = pairs[: negative[0] if negative.size else pairs.size]
    return max(1.0, 2 * kept.sum() - 1)


def frame_shuffle_warning(autocorrelation: float, window_samples: int, effective: float, n_surrogates: int) -> str:
    """What has to stand beside every result of the frame shuffle.

    Parameters
    ----------
    autocorrelation : float
        Autocorrelation time of the data, samples.
    window_samples : int
        Samples in a window.
    effective : float
        Independent samples that would give r the same spread between unrelated people.
    n_surrogates : int
        Surrogates of the result.

    Returns
    -------
    str

    Examples
    --------
    >>> "cannot be read as evidence" in frame_shuffle_warning(30.0, 150, 9.0, 200)
    True
    """
    low, high = _true_level(n_surrogates)
    return (
        'scheme "timepoint_shuffle" permutes single frames and so destroys the autocorrelation of the signal. For '
        "smooth signals (landmarks, fMRI, filtered EEG) its thresholds are far too low: in simulations without any "
        "synchrony it declared significance in 100 % of smooth data sets and in 11 to 22 % of all cells. Its results "
        "cannot be read as evidence of synchrony; it is provided to reproduce earlier analyses. Autocorrelation time "
        f"of these data: {autocorrelation:.3g} frames; a window of {window_samples} is worth about {effective:.2g} "
        "independent ones. The 95th percentile of maxima with the 5th of minima together are a 10 % test, and "
        f"{n_surrogates} shuffles leave the true level of a 5 % threshold between {100 * low:.1f} and "
        f"{100 * high:.1f} %."
    )


def _true_level(n_surrogates: int, alpha: float = 0.05) -> tuple[float, float]:
    """95 % interval of the true level of a threshold at the (1 - alpha) percentile of M maxima, the published rule."""
    return _level_at(n_surrogates - int(np.ceil((1 - alpha) * n_surrogates)) + 1, n_surrogates)


def _level_at(rank: int, n_surrogates: int) -> tuple[float, float]:
    """95 % interval of the true level of a threshold at the rank-th largest of M maxima: Beta(rank, M - rank + 1)."""
    from scipy.stats import beta

    low, high = beta(rank, n_surrogates - rank + 1).interval(0.95)
    return float(low), float(high)


def design_findings(n_subject: int, n_surrogates: int | None = None) -> list[Finding]:
    """What the size of a study says about its inference.

    Parameters
    ----------
    n_subject : int
    n_surrogates : int, optional
        Not judged when it is not given.

    Returns
    -------
    list of Finding
        Empty for 20 subjects and 500 surrogates or more.

    References
    ----------
    Pajula & Tohka 2016, Comput Intell Neurosci 2094601, doi:10.1155/2016/2094601.

    Examples
    --------
    >>> [finding.code for finding in design_findings(8, 200)]
    ['few_subjects', 'few_surrogates']
    """
    found = []
    if n_subject < REFUSE_SUBJECTS:
        text = f"{n_subject} subjects: significance is not reported below {REFUSE_SUBJECTS}; t-ISC is a description."
        found.append(Finding("too_few_subjects", "error", text, {"n_subject": n_subject}))
    elif n_subject < FEW_SUBJECTS:
        text = (
            f"{n_subject} subjects: maps of inter-subject correlation settle at about {FEW_SUBJECTS} "
            "(Pajula & Tohka 2016); read the strength of effects with care."
        )
        found.append(Finding("few_subjects", "warning", text, {"n_subject": n_subject}))
    if n_surrogates is not None and n_surrogates < FEW_SURROGATES:
        low, high = _level_at(max(1, int(0.05 * (n_surrogates + 1) + 1e-9)), n_surrogates)
        text = (
            f"{n_surrogates} surrogates leave the true level of a 5 % threshold between {100 * low:.1f} and "
            f"{100 * high:.1f} %; use 1000 or more, 5000 for a paper."
        )
        values = {"n_surrogates": n_surrogates, "true_level_low": low, "true_level_high": high}
        found.append(Finding("few_surrogates", "warning", text, values))
    return found


def require_subjects(n_subject: int) -> None:
    """Refuse inference for fewer than five subjects.

    Parameters
    ----------
    n_subject : int

    Raises
    ------
    ValueError
        With fewer than `REFUSE_SUBJECTS`.

    Examples
    --------
    >>> require_subjects(5)
    """
    if n_subject < REFUSE_SUBJECTS:
        raise ValueError(
            f"inference needs at least {REFUSE_SUBJECTS} subjects; given {n_subject}: describe synchrony with "
            "isc.temporal_isc, without p-values, or record more people"
        )
