"""How often a test of synchrony is wrong where there is none, and how often it finds what was planted: measured."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from isc.cube import subject_ids
from isc.kernels.nulls.surrogates import signs, subject_keys, uniform_shifts
from isc.lazy import capacity, computed, task_ranges
from isc.synchrony.cost import null_seconds, statistic_seconds, workload
from isc.synchrony.outcomes import RECOMMENDED, outcomes_of, p_by_scheme, rate_row
from isc.synchrony.surrogate.schemes import SchemeName

Breaking = Literal["shift", "sign"]
N_DATA = 200
N_SURROGATES = 199  # 5 % is then exactly the ten largest of 200
WORKLOAD_OPTIONS = ("window", "step", "space", "pairs", "estimator", "summary")  # on which the time depends
TASK_BYTES = 320 * 2**20  # a task, beside its own copy of the data
BREAK_SEED = 2**40  # draws that break synchrony are never those of a null


def calibrate(
    cube: xr.DataArray,
    *,
    breaking: Breaking = "shift",
    schemes: Sequence[SchemeName] = RECOMMENDED,
    n_data: int = N_DATA,
    n_surrogates: int = N_SURROGATES,
    seed: int = 0,
    alpha: float = 0.05,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """False-positive rates of tests of synchrony on your own recordings, with their synchrony broken.

    Each data set is the cube with every subject's series shifted circularly by one random amount (``shift``) or
    turned around its mean or not, at random (``sign``). Each way keeps what one of the nulls supposes: after shifts the
    circular shift holds by construction, after sign changes the sign flip does. **Read each null under the other
    breaking**: ``sign`` shows whether the circular shift survives the course of smoothness of your film, ``shift``
    whether the sign flip survives the asymmetry of your signals. Shifts leave no synchrony; sign changes leave it
    between people of the same sign and turn it around between the others. Its mean is then 0, but in recordings with
    synchrony the rate of the circular shift under ``sign`` contains what is left of it: read it as an upper bound.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
    breaking : {"shift", "sign"}
        How synchrony is broken.
    schemes : sequence of str
        Surrogate schemes of `isc.null_extremes`. Where both of the recommended preset are given, their conjunction is
        added.
    n_data, n_surrogates : int
        Data sets, and surrogates of each.
    seed : int
    alpha : float
        Nominal error rate.
    progress : callable, optional
        Called with (data sets done, all).
    **options
        Of `isc.temporal_isc` and `isc.null_extremes`: window, step, space, detrend, min_valid, n_threads, ...

    Returns
    -------
    DataFrame
        A row a scheme and outcome: scheme, outcome, rate, low, high (95 % Clopper-Pearson interval; NaN for shares),
        n_data, alpha, breaking. Outcomes are those of `isc.synchrony.outcomes.OUTCOMES`.

    Raises
    ------
    ValueError
        When the cube cannot be used or the breaking is not known.

    References
    ----------
    Clopper & Pearson 1934, Biometrika 26:404-413, doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> from isc.synchrony.outcomes import OUTCOMES
    >>> rng = np.random.default_rng(0)
    >>> cube = xr.DataArray(rng.normal(size=(6, 450, 2)), dims=("subject", "time", "vertex"),
    ...                     coords={"time": np.arange(450) / 30})
    >>> rates = calibrate(cube, schemes=("circular_shift",), n_data=4, n_surrogates=19)
    >>> rates.scheme.unique().tolist(), len(rates) == len(OUTCOMES)
    (['circular_shift'], True)
    """
    if breaking not in ("shift", "sign"):
        raise ValueError(f"breaking must be shift or sign; given {breaking!r}")
    plan = _Plan(tuple(schemes), n_surrogates, seed, alpha, options, {})
    told = None if progress is None else lambda done: progress(done, n_data)
    seconds = _seconds(cube, plan, n_data)
    room = capacity(cpu_seconds=seconds, n_bytes=cube.nbytes, task_bytes=TASK_BYTES + 2 * cube.nbytes)
    if room is None:
        broken = (broken_cube(cube, breaking, seed, number) for number in range(n_data))
        found = [_found(each, number, plan) for number, each in _counted(broken, told)]
    else:
        numbers = task_ranges(n_data, room.task_count(seconds))
        found = _from_workers((cube, breaking, plan), numbers, told)
    return _rates(found, alpha).assign(breaking=breaking)


def broken_cube(cube: xr.DataArray, breaking: Breaking, seed: int, number: int) -> xr.DataArray:
    """The cube with its synchrony broken: every subject shifted circularly, or turned around its mean, at random.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...)
    breaking : {"shift", "sign"}
    seed, number : int
        Names of the draw.

    Returns
    -------
    DataArray, like `cube`
        Missing samples are shifted with the rest.

    Examples
    --------
    >>> cube = xr.DataArray(np.arange(8.0).reshape(2, 4), dims=("subject", "time"), coords={"time": np.arange(4.0)})
    >>> np.sort(broken_cube(cube, "shift", 0, 0).values, axis=1).tolist()
    [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]
    """
    cube = cube.transpose("subject", "time", ...)
    keys = subject_keys(subject_ids(cube))
    values = np.asarray(cube.data)
    if breaking == "shift":
        shifts = uniform_shifts(seed + BREAK_SEED, number, keys, values.shape[1])
        return cube.copy(data=np.stack([np.roll(x, -int(s), axis=0) for x, s in zip(values, shifts, strict=True)]))
    sign = signs(seed + BREAK_SEED, [number], keys)[0].reshape(-1, *[1] * (values.ndim - 1))
    mean = np.nanmean(values, axis=1, keepdims=True, dtype=np.float64)
    return cube.copy(data=(mean + sign * (values - mean)).astype(values.dtype))


def error_rates(
    cubes: Iterable[xr.DataArray],
    *,
    schemes: Sequence[SchemeName] = RECOMMENDED,
    n_surrogates: int = N_SURROGATES,
    seed: int = 0,
    alpha: float = 0.05,
    truth: xr.DataArray | None = None,
    null_options: Mapping[str, Any] = MappingProxyType({}),
    progress: Callable[[int], None] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """How often each scheme calls something significant, over many data sets.

    Parameters
    ----------
    cubes : iterable of DataArray, dims (subject, time, ...)
        Data sets, without synchrony for error rates, with planted synchrony for power.
    schemes : sequence of str
        As in `calibrate`, as are the options below.
    n_surrogates, seed : int
    alpha : float
    truth : DataArray of float, dims of the t-ISC, optional
        1 in cells with planted synchrony, 0 in those without, NaN where neither is judged. Outcomes are ``hit`` (any
        true cell found), ``found`` (share of true cells) and ``false_hit`` (any cell found outside), familywise over
        the recording.
    null_options : mapping
        Options of `isc.null_extremes` only, such as others or block.
    progress : callable, optional
        Called with the number of data sets done.
    **options
        Of `isc.temporal_isc` and `isc.null_extremes`.

    Returns
    -------
    DataFrame
        scheme, outcome, rate, low, high, n_data, alpha.
    """
    plan = _Plan(tuple(schemes), n_surrogates, seed, alpha, options, dict(null_options))
    return _rates([_found(cube, number, plan, truth) for number, cube in _counted(cubes, progress)], alpha)


class _Plan(NamedTuple):
    """How every data set is tested."""

    schemes: tuple[SchemeName, ...]
    n_surrogates: int
    seed: int
    alpha: float
    options: dict[str, Any]
    null_options: dict[str, Any]


_Job = tuple[xr.DataArray, Breaking, _Plan]


def _counted(
    cubes: Iterable[xr.DataArray], progress: Callable[[int], None] | None
) -> Iterator[tuple[int, xr.DataArray]]:
    """Yield (number, data set), and say how many are done when the next one is asked for."""
    for number, cube in enumerate(cubes):
        yield number, cube
        if progress is not None:
            progress(number + 1)


def _found(
    cube: xr.DataArray, number: int, plan: _Plan, truth: xr.DataArray | None = None
) -> dict[tuple[str, str], float]:
    """What every scheme says of a data set, by (scheme, outcome)."""
    how = {"n_surrogates": plan.n_surrogates, "seed": plan.seed + number, **plan.null_options}
    p = p_by_scheme(cube, plan.schemes, plan.options, how)
    outcomes = {scheme: outcomes_of(of, plan.alpha + 1e-12, truth) for scheme, of in p.items()}
    return {(scheme, name): value for scheme, of in outcomes.items() for name, value in of.items()}


def _rates(found: Sequence[Mapping[tuple[str, str], float]], alpha: float) -> pd.DataFrame:
    """A row a scheme and outcome, over all data sets."""
    return pd.DataFrame([rate_row(*key, np.array([of[key] for of in found]), alpha) for key in found[0]])


def _seconds(cube: xr.DataArray, plan: _Plan, n_data: int) -> float:
    """CPU time of all data sets."""
    known = {name: plan.options[name] for name in WORKLOAD_OPTIONS if name in plan.options}
    work = workload(cube, **known)
    each = sum(null_seconds(work, scheme, plan.n_surrogates) for scheme in plan.schemes) + statistic_seconds(work)
    return n_data * each


def _from_workers(
    job: _Job, numbers: Sequence[range], progress: Callable[[int], None] | None
) -> list[dict[tuple[str, str], float]]:
    """What is found in every data set, each broken and tested by a worker."""
    found: dict[int, dict[tuple[str, str], float]] = {}
    for task, answers in computed(_found_on_worker, job, numbers):
        found |= dict(zip(numbers[task], answers, strict=True))
        if progress is not None:
            progress(len(found))
    return [found[number] for number in sorted(found)]


def _found_on_worker(job: _Job, numbers: Sequence[int]) -> list[dict[tuple[str, str], float]]:
    """One task: some data sets."""
    cube, breaking, plan = job
    plan = plan._replace(options={**plan.options, "n_threads": 1})
    return [_found(broken_cube(cube, breaking, plan.seed, number), number, plan) for number in numbers]
