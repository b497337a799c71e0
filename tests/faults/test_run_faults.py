"""Faults of runs, 9 to 12: threads, seeds, the order of subjects, and Ctrl-C."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import xarray as xr

import isc
from tests.faults.films import encode, raw_study


def smooth(n_subject=6):
    """Series of 30 s that wander slowly."""
    values = np.random.default_rng(0).normal(size=(n_subject, 600, 3)).cumsum(axis=1)
    coords = {"subject": [f"sub-{k:02d}" for k in range(n_subject)], "time": np.arange(600) / 20}
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords=coords)


PROCESS = (
    "import sys, isc; from tests.faults.test_run_faults import smooth; "
    "sys.stdout.buffer.write(isc.null_extremes(smooth(), n_surrogates=19, n_threads=int(sys.argv[1])).values.tobytes())"
)


def test_009_one_thread_and_eight_give_the_same_maxima_bit_for_bit():
    found = []
    for n in ("1", "8"):
        threads = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), n)
        command = [sys.executable, "-c", PROCESS, n]
        found.append(subprocess.run(command, env=os.environ | threads, capture_output=True, check=True).stdout)
    assert len(found[0]) > 19
    assert found[0] == found[1]


def test_010_a_seed_repeats_another_differs_and_the_one_in_force_is_kept():
    cube = smooth()
    one, again, other = (isc.null_extremes(cube, n_surrogates=9, seed=seed) for seed in (3, 3, 4))
    assert one.values.tobytes() == again.values.tobytes()
    assert (one != other).any()
    default = isc.null_extremes(cube, n_surrogates=9)
    stored = isc.null_extremes(cube, n_surrogates=9, seed=int(default.attrs["seed"]))
    assert stored.values.tobytes() == default.values.tobytes()


def test_011_the_order_of_subjects_changes_neither_synchrony_nor_p():
    cube = smooth()
    turned = cube.isel(subject=[3, 0, 5, 1, 4, 2])
    tisc, same = isc.temporal_isc(cube), isc.temporal_isc(turned)
    assert float(np.abs(tisc - same).max()) <= 1e-6  # a float32 result; 1e-12 is the float64 reference's
    p, again = (
        isc.p_values(found, isc.null_extremes(data, n_surrogates=49)) for found, data in ((tisc, cube), (same, turned))
    )
    np.testing.assert_array_equal(p, again)


def test_012_ctrl_c_ends_with_130_and_leaves_no_temporary_file(pictures, tmp_path):
    study = raw_study(tmp_path / "study", [lambda path: encode(path, np.tile(pictures, (20, 1, 1, 1)))], [0.0])
    out = tmp_path / "isc"
    words = [sys.executable, "-m", "isc.cli", "extract", str(study), str(out), "--skip-bids-validation"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=heed_ctrl_c)
    end = time.monotonic() + 300
    while not list(out.glob("sub-*/beh/.isc-*.tmp")):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130
    assert "isc: interrupted; run the same command again to go on" in said
    assert "Traceback" not in said
    assert list(out.rglob(".isc-*.tmp")) == []


def heed_ctrl_c():
    """Give a process of a background job, which inherits a deaf ear to Ctrl-C, its hearing back."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
