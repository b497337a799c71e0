"""One call from a cube to a decision: statistic, nulls, thresholds, p, diagnostics, and words for what was tested."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import xarray as xr

from isc.lazy import kept_arrays
from isc.synchrony.decision import decide, scheme_words, usable_schemes
from isc.synchrony.diagnosis import diagnose
from isc.synchrony.findings import Finding, with_findings
from isc.synchrony.inference import tail_rates
from isc.synchrony.nulls import null_extremes
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.presets import Preset, PresetName, choose_preset
from isc.synchrony.smoothness.autocorrelation import REFUSE_SUBJECTS
from isc.synchrony.surrogate.schemes import SchemeName
from isc.synchrony.temporal import temporal_isc

Progress = Callable[[str, int, int], None]


def test_synchrony(
    cube: xr.DataArray,
    *,
    preset: PresetName = "recommended",
    pairs: VertexPairs | None = None,
    head_pose: xr.DataArray | None = None,
    n_threads: int | None = None,
    progress: Progress | None = None,
    **overrides: Any,
) -> xr.Dataset:
    """When and where subjects are more alike than a null allows, with everything needed to judge the answer.

    ``recommended`` asks a cell to pass two nulls: the circular shift, and the sign flip, which also holds where the
    film changes everybody's smoothness. Errors are controlled over all features and windows. ``poster`` and ``facexp``
    repeat the frame shuffle of published work, window by window; **they are not tests of synchrony** for smooth
    signals, and say so.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        As in `isc.temporal_isc`; at least 5 subjects.
    preset : {"recommended", "poster", "facexp"}
        Named options, see `isc.synchrony.presets.Preset`.
    pairs : VertexPairs, optional
        Test the distances of these vertex pairs; they are never stored.
    head_pose : DataArray, dims (subject, time, channel), optional
        Negative control, see `isc.diagnose`.
    n_threads : int, optional
        Results do not depend on it.
    progress : callable, optional
        Called with (scheme, surrogates done, all).
    **overrides
        Any option of the preset: window, step, windows, estimator, summary, space, detrend, min_valid, scheme,
        features, extent, n_surrogates, seed, scope, alpha, tail, percentile.

    Returns
    -------
    Dataset
        ``tisc``, ``p`` (the largest over the schemes), ``significant``, ``p_<scheme>``, each (window, feature);
        ``threshold``, ``threshold_low``, ``threshold_high``, ``threshold_<scheme>`` (extreme[, window]); ``null``
        (scheme, surrogate, extreme[, window]); ``n_subject`` (window, feature); diagnostics of every window; and
        ``warnings`` (finding). attrs: ``tested`` (what was tested and found, in words), ``null_hypothesis``,
        ``error_rate``, the options and the diagnostics of the recording.

    Raises
    ------
    ValueError
        When there are fewer than 5 subjects, or the cube, the preset or an option cannot be used.
    TypeError
        When an option is not known.

    References
    ----------
    Nichols & Holmes 2002, Hum Brain Mapp 15:1-25, doi:10.1002/hbm.1058 (maximum statistic).
    Kauppi et al. 2010, Front Neuroinform 4:5, doi:10.3389/fninf.2010.00005 (circular shift).
    Berger 1982, Technometrics 24:295-300, doi:10.1080/00401706.1982.10487790 (passing several tests).

    Examples
    --------
    >>> import isc
    >>> import numpy as np
    >>> from isc.simulate import Signal
    >>> planted = Signal(rho=0.8, epochs=((10.0, 20.0),))
    >>> cube = isc.simulate_cube(8, n_vertex=2, duration=30.0, signal=planted)
    >>> result = isc.test_synchrony(cube, n_surrogates=99)
    >>> inside = (result.start >= 10) & (result.stop <= 20)
    >>> bool(result.significant.sel(window=inside).all()), bool(result.significant.sel(window=result.stop <= 10).any())
    (True, False)
    """
    options = choose_preset(preset, overrides)
    n_subject = _check_subjects(cube)
    schemes = usable_schemes(options.schemes, n_subject, rate=max(tail_rates(options.alpha, options.tail)))
    windowing = options.windowing(cube)
    used = cube.isel(time=slice(0, windowing.n_time))
    how: dict[str, Any] = {"window": windowing.window, "step": windowing.step, "pairs": pairs, "n_threads": n_threads}
    how |= options.statistic_options()
    with kept_arrays():
        tisc = temporal_isc(used, **how)
        nulls: dict[str, xr.DataArray] = {scheme: _null(used, scheme, options, how, progress) for scheme in schemes}
    result = decide(tisc, nulls, alpha=options.alpha, tail=options.tail, percentile=options.percentile)
    measured = diagnose(
        used,
        window=windowing.window,
        step=windowing.step,
        space=options.space,
        pairs=pairs,
        tisc=tisc,
        result=result,
        alpha=options.alpha,
        schemes=schemes,
        n_surrogates=options.n_surrogates,
        head_pose=head_pose,
    )
    return _described(result, measured, options, preset, schemes)


test_synchrony.__test__ = False  # type: ignore[attr-defined]  # a function for users, not a test for pytest


def _check_subjects(cube: xr.DataArray) -> int:
    """Number of subjects; refused below 5."""
    n_subject = int(cube.sizes.get("subject", REFUSE_SUBJECTS)) if isinstance(cube, xr.DataArray) else REFUSE_SUBJECTS
    if n_subject < REFUSE_SUBJECTS:
        raise ValueError(
            f"inference needs at least {REFUSE_SUBJECTS} subjects and the cube has {n_subject}; describe their "
            "synchrony with isc.temporal_isc instead"
        )
    return n_subject


def _null(
    cube: xr.DataArray, scheme: SchemeName, options: Preset, how: dict[str, Any], progress: Progress | None
) -> xr.DataArray:
    return null_extremes(
        cube,
        scheme=scheme,
        n_surrogates=options.n_surrogates,
        seed=options.seed,
        scope=options.scope,
        progress=None if progress is None else lambda done, expected: progress(scheme, done, expected),
        **how,
        **options.scheme_options(scheme, streamed=how["pairs"] is not None),
    )


def _described(
    result: xr.Dataset, measured: xr.Dataset, options: Preset, preset: str, schemes: tuple[str, ...]
) -> xr.Dataset:
    """The result with its diagnostics, options, warnings and words."""
    told = {name: value for name, value in asdict(options).items() if value is not None}
    told["scheme"] = list(schemes)
    windows = {name: result["tisc"].attrs[f"{name}_s"] for name in ("window", "step")}
    result = result.merge(measured, combine_attrs="drop_conflicts", compat="override")
    n_subject = int(result["tisc"].attrs["n_subject"])
    open_points = scheme_findings(
        options.schemes, schemes, n_subject=n_subject, alpha=options.alpha, scope=options.scope
    )
    result = with_findings(result, open_points)
    result = result.assign_attrs({**measured.attrs, **told, **windows, "preset": preset})
    return result.assign_attrs(tested=_words(result, schemes))


def scheme_findings(
    asked: Sequence[str], used: Sequence[str], *, n_subject: int, alpha: float, scope: str
) -> Iterator[Finding]:
    """What the choice of schemes and scope leaves open.

    Parameters
    ----------
    asked, used : sequence of str
        Schemes of the settings, and those that so few subjects leave.
    n_subject : int
    alpha : float
    scope : {"recording", "window"}

    Yields
    ------
    Finding

    Examples
    --------
    >>> found = scheme_findings(("sign_flip", "block"), ("block",), n_subject=5, alpha=0.05, scope="recording")
    >>> [finding.code for finding in found]
    ['sign_flip_left_out']
    """
    if n_subject >= REFUSE_SUBJECTS and "sign_flip" in set(asked) - set(used):
        yield Finding(
            "sign_flip_left_out",
            "warning",
            f"{n_subject} subjects have too few sign patterns for p <= {alpha:g}: the sign flip is left out and "
            f"{scheme_words(used)} decides alone, which fails where the film changes everybody's smoothness.",
            {"n_subject": n_subject},
        )
    if scope == "window":
        yield Finding(
            "per_window_scope",
            "warning",
            f"thresholds hold for one window: at an error rate of {alpha:g} some windows of a long recording pass by "
            "chance alone. Use scope='recording' for a claim about the film.",
            {"alpha": alpha},
        )


def _words(result: xr.Dataset, schemes: tuple[str, ...]) -> str:
    """What was tested and found, as a paragraph."""
    tisc, attrs = result["tisc"], result.attrs
    n_cell, n_significant = int(tisc.notnull().sum()), int(result["significant"].sum())
    how = "mean over dyads" if attrs["estimator"] == "pairwise" else "each subject with the mean of the others"
    return (
        f"t-ISC of {tisc.attrs['n_subject']} subjects ({how}; {tisc.sizes['window']} windows of "
        f"{attrs['window']:.4g} s every {attrs['step']:.4g} s): {n_significant} of {n_cell} cells pass "
        f"{scheme_words(schemes)} ({attrs['n_surrogates']} surrogates, seed {attrs['seed']}). Rejected there: "
        f"{attrs['null_hypothesis']}. Error rate: {attrs['error_rate']}."
    )
