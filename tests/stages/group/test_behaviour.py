"""Agreement between stages: what it was counted by is read back with it."""

import numpy as np
import pandas as pd

import isc
from isc.behaviour.agreement import recorded_settings
from isc.io.bids import derivative_path
from isc.io.derivatives import read_array, read_sidecar, read_table
from isc.io.layout.names import Entities, parse_name
from isc.stages.group.behaviour import read_agreement

FILM = Entities(task="film")


def presses_of(out_dir):
    """Presses and raters of valid logs."""
    paths = sorted(out_dir.glob("sub-*/beh/*_desc-peaks_events.tsv"))
    logs = {f"sub-{parse_name(path.name).entities['sub']}": path for path in paths if read_sidecar(path)["LogValid"]}
    rows = [read_table(path).assign(subject=name)[["subject", "onset"]] for name, path in logs.items()]
    return pd.concat(rows, ignore_index=True), list(logs)


def test_the_rule_and_the_raters_come_back_with_the_agreement(analysed):
    presses, names = presses_of(analysed.out_dir)
    agreement = read_agreement(derivative_path(analysed.out_dir, "agreement", FILM, desc="peaks"))
    rule, raters = recorded_settings(agreement)
    assert rule.method == "share" and raters["subject"].tolist() == names
    assert raters["stop"].map(lambda stop: stop > raters["start"].max()).all()
    tisc = read_array(derivative_path(analysed.out_dir, "tisc", FILM, desc="pairswin5000ms"))["tisc"].load()
    again = isc.peak_agreement(presses, windows=tisc, raters=raters)
    assert np.array_equal(again, agreement) and agreement.attrs == again.attrs


def test_one_half_of_the_faces_is_compared_with_the_presses_of_the_other(analysed):
    presses, _ = presses_of(analysed.out_dir)
    agreement = read_agreement(derivative_path(analysed.out_dir, "agreement", FILM, desc="peaks"))
    cube = read_array(derivative_path(analysed.out_dir, "cube", FILM)).isel(vertex=[13, 14]).load()
    tisc = isc.temporal_isc(cube)
    _, other = isc.SplitHalf(cube, presses, synchrony=isc.temporal_isc).series(tisc, agreement)
    assert len(other.attrs["log_subject"]) == 3 and set(other.attrs["log_subject"]) < set(agreement.attrs["raters"])
