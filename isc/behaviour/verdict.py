"""When a relation cannot be tested, and what has to be said beside one that can."""

import numpy as np
import xarray as xr

from isc.behaviour.association import FEWEST_EFFECTIVE, Association, Plan
from isc.behaviour.series import FEWEST_WINDOWS

SHORTEST_FILM = 180.0  # seconds; below it no p-value is given
FEW_EFFECTIVE = 50  # effective windows; below it p-values are approximate (benchmarks/relation.md)
FEW_SHIFTS = 19  # below it no p-value can reach .05
CONSTANT_AGREEMENT = (
    "agreement is the same in every window (nobody reports, or all always do): a correlation is undefined."
)
NAIVE_WARNING = (
    'method "naive" takes overlapping, slowly varying windows for independent ones: in simulations without a relation '
    "it found one in 15-17 % (overlap only) to 46-67 % (slow series) of films at a nominal 5 %."
)


def refusal(tisc: xr.DataArray, agreement: xr.DataArray, found: Association, plan: Plan) -> str:
    """Why no p-value can be given at all; empty when it can."""
    known = agreement.values[np.isfinite(agreement.values)]
    if known.size < FEWEST_WINDOWS or np.ptp(known) == 0:
        return CONSTANT_AGREEMENT
    if not np.isfinite(found.r).any():
        return "t-ISC or agreement does not stray from its trend in any feature: a correlation is undefined."
    duration = float(tisc["stop"].max() - tisc["start"].min())
    if duration < SHORTEST_FILM:
        return (
            f"the film is too short to test a relation ({duration:.0f} s; at least {SHORTEST_FILM:.0f} s are needed)."
        )
    if plan.method == "circular_shift" and not plan.shifts.size:
        return f"{tisc.sizes['window']} windows leave no shift that keeps clear of the real alignment."
    if np.nanmax(found.effective_n) < FEWEST_EFFECTIVE:
        return (
            f"the series change so slowly that only {np.nanmax(found.effective_n):.1f} windows are independent; "
            f"{FEWEST_EFFECTIVE} are needed."
        )
    return ""


def notes(series: np.ndarray, found: Association, plan: Plan, refused: str) -> list[str]:
    """One sentence for each reason why values are missing or approximate; series (feature, window)."""
    n_feature = found.r.size
    constant = int(np.isnan(found.r).sum())
    gapped = int((~np.isfinite(series)).any(axis=1).sum())
    slow = int((found.effective_n < FEWEST_EFFECTIVE).sum())
    few = int(((found.effective_n >= FEWEST_EFFECTIVE) & (found.effective_n < FEW_EFFECTIVE)).sum())
    tested = not refused
    reasons = (
        (gapped, f"{gapped} of {n_feature} features have windows without t-ISC; these are left out."),
        (
            constant and refused != CONSTANT_AGREEMENT,
            f"{constant} of {n_feature} features are constant or have fewer than {FEWEST_WINDOWS} windows: "
            "r is undefined.",
        ),
        (
            slow and tested,
            f"{slow} of {n_feature} features have fewer than {FEWEST_EFFECTIVE} effective windows: too slow to test, "
            "p is left out.",
        ),
        (
            few and tested,
            f"{few} of {n_feature} features have fewer than {FEW_EFFECTIVE} effective windows: p is approximate "
            "(7-10 % errors at a nominal 5 % in simulations).",
        ),
        (
            0 < plan.shifts.size < FEW_SHIFTS and tested,
            f"{plan.shifts.size} shifts: p cannot be smaller than {1 / (1 + plan.shifts.size):.2g}.",
        ),
        (plan.method == "naive", NAIVE_WARNING),
    )
    return [text for holds, text in reasons if holds]
