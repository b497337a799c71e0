"""Synchrony of the group: surrogate extremes, t-ISC with its p-values, thresholds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from isc.stages.group.members import Group, Progress, label
from isc.stages.provenance.shelf import load_array, load_dataset
from isc.study import Study, StudyError
from isc.synchrony.decision import decide, usable_schemes
from isc.synchrony.diagnosis import diagnose
from isc.synchrony.findings import Finding, read_findings
from isc.synchrony.inference import p_values, tail_rates, thresholds
from isc.synchrony.nulls import null_extremes
from isc.synchrony.pairs import VertexPairs, vertex_pairs
from isc.synchrony.significance import scheme_findings
from isc.synchrony.smoothness.autocorrelation import REFUSE_SUBJECTS
from isc.synchrony.temporal import temporal_isc


def feature_pairs(study: Study, features: str) -> VertexPairs | None:
    """Vertex pairs of a feature set; None for vertices."""
    return vertex_pairs(study.tisc.pairs) if features == "pairs" else None


def make_nulls(group: Group, cube: Path, features: str, progress: Progress) -> dict[str, Path]:
    """Surrogate extremes of every scheme."""
    study = group.study
    made: dict[str, Path] = {}
    for scheme in study.null.shown:
        options = {
            "window": study.tisc.window,
            "step": study.tisc.step,
            "space": study.tisc.space,
            "min_valid": study.tisc.min_valid,
            "scheme": scheme,
            "scope": study.null.scope,
            "n_surrogates": study.null.n_surrogates,
            "seed": study.null.seed,
        }
        pairs = study.tisc.pairs if features == "pairs" else None

        def compute(options: dict[str, Any] = options, scheme: str = scheme) -> xr.DataArray:
            try:
                return null_extremes(
                    load_array(cube),
                    pairs=feature_pairs(study, features),
                    progress=lambda done, expected: progress(f"{features} {scheme}", done, expected),
                    **options,
                )
            except ValueError as error:  # shorter than a window, too few subjects, values that are no positions
                raise StudyError(str(error)) from error

        made[scheme] = group.shelf.make(
            "null",
            compute,
            inputs=[cube],
            parameters={**options, "pairs": pairs},
            desc=label(study, features, scheme),
            more={"Seed": study.null.seed},
        )
    return made


def deciding_schemes(study: Study, n_subject: int) -> tuple[str, ...]:
    """Schemes that a cell has to pass; no sign flip where subjects have too few sign patterns for a small p."""
    return usable_schemes(study.null.schemes, n_subject, rate=max(tail_rates(study.null.alpha, study.null.tail)))


def make_tisc(group: Group, cube: Path, nulls: Mapping[str, Path], features: str) -> Path:
    """Synchrony (t-ISC), the familywise p of every scheme, and what is significant under all that decide."""
    study = group.study
    chosen = {"alpha": study.null.alpha, "tail": study.null.tail, "schemes": study.null.schemes}
    settings = {**study.tisc.model_dump(), **chosen}

    def compute() -> xr.Dataset:
        tisc = temporal_isc(
            load_array(cube),
            window=study.tisc.window,
            step=study.tisc.step,
            space=study.tisc.space,
            min_valid=study.tisc.min_valid,
            pairs=feature_pairs(study, features),
        )
        return decided(tisc, {scheme: load_array(path) for scheme, path in nulls.items()}, study)

    inputs = [cube, *nulls.values()]
    return group.shelf.make("tisc", compute, inputs=inputs, parameters=settings, desc=label(study, features))


def decided(tisc: xr.DataArray, nulls: Mapping[str, xr.DataArray], study: Study) -> xr.Dataset:
    """Synchrony with p and significance by the schemes that decide, p of the others beside; no p below 5 subjects."""
    schemes = deciding_schemes(study, tisc.attrs["n_subject"])
    decision = decide(tisc, {scheme: nulls[scheme] for scheme in schemes}, alpha=study.null.alpha, tail=study.null.tail)
    result = decision[["tisc", "p", "significant"]].assign_attrs(tisc.attrs)
    result["significant"].attrs["scheme"] = decision.attrs["scheme"]
    for scheme, null in nulls.items():
        result[f"p_{scheme}"] = p_values(tisc, null, tail=study.null.tail)
    if tisc.attrs["n_subject"] < REFUSE_SUBJECTS:
        untested = {name: xr.full_like(p, np.nan) for name, p in result.data_vars.items() if str(name).startswith("p")}
        result = result.assign(untested)
        result["significant"] = xr.zeros_like(result["significant"])
    return result


def make_thresholds(group: Group, null: Path, tisc: Path, features: str, scheme: str) -> Path:
    """Thresholds of a scheme with their Monte-Carlo interval, and how many cells lie beyond."""
    options = {"alpha": group.study.null.alpha, "tail": group.study.null.tail}

    def compute() -> dict[str, Any]:
        limits = thresholds(load_array(null), alpha=group.study.null.alpha, tail=group.study.null.tail)
        return _threshold_values(limits, load_dataset(tisc), group.study.null.alpha)

    return group.shelf.make(
        "thresholds",
        compute,
        inputs=[null, tisc],
        parameters={**options, "scheme": scheme},
        desc=label(group.study, features, scheme),
    )


def _threshold_values(limits: xr.Dataset, result: xr.Dataset, alpha: float) -> dict[str, Any]:
    """Thresholds as plain numbers; lists over windows when each window has its own."""
    p = result[f"p_{limits.attrs['scheme']}"]
    plain = {
        f"{side}{end}": _finite(limits[variable].sel(extreme=extreme))
        for side, extreme in (("upper", "max"), ("lower", "min"))
        for end, variable in (("", "threshold"), ("_low", "low"), ("_high", "high"))
    }
    told = {name: limits.attrs[name] for name in ("alpha", "tail", "error_rate", "scheme", "null_hypothesis", "scope")}
    return {
        **plain,
        **told,
        "n_surrogates": int(limits.attrs["n_surrogates"]),
        "n_cells": int(result["tisc"].notnull().sum()),
        "n_beyond": int((p <= alpha).sum()),
    }


def _finite(values: xr.DataArray) -> Any:
    """Plain number or list, None where infinite or missing."""
    plain = [float(v) if np.isfinite(v) else None for v in np.atleast_1d(values.values)]
    return plain[0] if values.ndim == 0 else plain


def diagnosis_of(
    group: Group, cube: xr.DataArray, result: xr.Dataset, *, head_pose: xr.DataArray | None = None
) -> xr.Dataset:
    """What decides whether the tests of this study can be believed.

    Parameters
    ----------
    group : Group
    cube : DataArray, dims (subject, time, ...)
    result : Dataset
        t-ISC with its p-values.
    head_pose : DataArray, dims (subject, time, channel), optional
        The negative control.

    Returns
    -------
    Dataset
        From `isc.diagnose`.
    """
    study = group.study
    schemes = deciding_schemes(study, cube.sizes["subject"])
    return diagnose(
        cube,
        window=study.tisc.window,
        step=study.tisc.step,
        space=study.tisc.space,
        tisc=result["tisc"],
        result=result[[f"p_{scheme}" for scheme in schemes]],
        alpha=study.null.alpha,
        schemes=study.null.shown,
        n_surrogates=study.null.n_surrogates,
        head_pose=head_pose,
    )


def inference_findings(group: Group, diagnosis: xr.Dataset, n_subject: int) -> list[Finding]:
    """What has to be said about the tests of this study before its results."""
    study = group.study
    open_points = scheme_findings(
        study.null.schemes,
        deciding_schemes(study, n_subject),
        n_subject=n_subject,
        alpha=study.null.alpha,
        scope=study.null.scope,
    )
    return [*read_findings(diagnosis), *open_points]
