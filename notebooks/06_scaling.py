# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Scaling: pairs that are never stored, threads, dask
#
# A study of 21 people and 20 minutes at 30 Hz has 36,000 samples of 478 points each. What grows, and what
# to do about it.

# %%
import time

import numpy as np

import isc
from isc.simulate import Signal

signal = Signal(rho=0.4, epochs=((8.0, 16.0),), kind="ar1", autocorrelation=0.9, n_axis=3)
cube = isc.simulate_cube(10, n_vertex=60, duration=30.0, rate=25.0, signal=signal, seed=6)
cube.sizes

# %% [markdown]
# ## Distances of all pairs
#
# `VertexPairs` is two arrays of numbers, not data. The distances are formed inside each window, correlated and
# forgotten.

# %%
whole_face = isc.vertex_pairs(468)
stored = len(whole_face) * 36_000 * 21 * 4 / 1e9
print(f"{len(whole_face):,} pairs: {stored:,.0f} GB if their distances were stored, nothing as they are")

pairs = isc.vertex_pairs(60)
tisc = isc.temporal_isc(cube, pairs=pairs)
print(dict(tisc.sizes), f"{tisc.nbytes / 1e6:.1f} MB")

# %% [markdown]
# One pair by hand, to see that it is the same thing: the distance of two points is a series like any other.

# %%
a, b = int(pairs.vertex_a[100]), int(pairs.vertex_b[100])
distance = np.sqrt(((cube.sel(vertex=a) - cube.sel(vertex=b)) ** 2).sum("space"))
by_hand = isc.temporal_isc(distance.expand_dims("feature", axis=-1))
print(f"largest difference {float(np.abs(by_hand.values[:, 0] - tisc.values[:, 100]).max()):.1e}")

# %% [markdown]
# ## Threads
#
# `n_threads=` or the variable `ISC_THREADS`; results are the same bits for any number of them, also those of random
# surrogates, which are keyed by seed, surrogate and subject.

# %%
for n_threads in (1, 2):
    started = time.perf_counter()
    null = isc.null_extremes(cube, n_surrogates=100, seed=1, n_threads=n_threads)
    print(f"{n_threads} threads: {time.perf_counter() - started:.2f} s, largest {float(null.max()):.6f}")
one, two = (isc.null_extremes(cube, n_surrogates=20, seed=1, n_threads=n) for n in (1, 2))
assert (one.values == two.values).all()

# %% [markdown]
# ## A cube larger than memory
#
# Open it in chunks (`xarray.open_zarr`, or `.chunk`): nothing is computed before the result is asked for. With an
# active `dask.distributed.Client` the same call runs on its workers, on this machine or on a cluster.

# %%
chunked = cube.chunk(vertex=15)
lazy = isc.temporal_isc(chunked)
print(type(lazy.data).__name__, lazy.sizes)
computed = lazy.compute()

# %%
assert np.allclose(computed, isc.temporal_isc(cube), equal_nan=True)
assert np.abs(by_hand.values[:, 0] - tisc.values[:, 100]).max() < 1e-4
