"""Findings: warnings that travel with a result."""

import numpy as np
import pytest
import xarray as xr

from isc.synchrony.findings import Finding, read_findings, with_findings

FEW = Finding("few_subjects", "warning", "8 subjects: read with care — ±.", {"n_subject": 8})
SAME = Finding("identical_subjects", "warning", "a and b are one.", {"subjects": ["a", "b"], "r": 1.0})


def test_findings_come_back_from_a_saved_result(tmp_path):
    result = with_findings(xr.Dataset({"tisc": ("window", np.zeros(3))}, attrs={"alpha": 0.05}), [FEW, SAME])
    result.to_netcdf(tmp_path / "result.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "result.nc", engine="h5netcdf") as back:
        assert read_findings(back) == [FEW, SAME]
        assert back.attrs["alpha"] == 0.05
        assert back.warnings.dims == ("finding",)


def test_no_findings_are_saved_and_read_as_none(tmp_path):
    result = with_findings(xr.Dataset({"tisc": ("window", np.zeros(3))}), [])
    result.to_netcdf(tmp_path / "result.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "result.nc", engine="h5netcdf") as back:
        assert read_findings(back) == []


def test_findings_are_added_to_those_there_and_never_said_twice():
    result = with_findings(with_findings(xr.Dataset(), [FEW]), [FEW, SAME])
    assert read_findings(result) == [FEW, SAME]


def test_an_unknown_severity_is_refused():
    with pytest.raises(ValueError, match="severity must be one of note, warning, error; given 'fatal'"):
        Finding("x", "fatal", "text")
