"""The audit of pinned versions says what it found, or that it could not look, and fails no build."""

import importlib.machinery
import importlib.util
import subprocess
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[1] / ".ci" / "audit"


@pytest.fixture
def audit(monkeypatch):
    """The script as a module that installs nothing."""
    loader = importlib.machinery.SourceFileLoader("audit", str(PATH))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("audit", loader))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader.exec_module(module)
    monkeypatch.setattr(module, "installed", lambda folder: folder / "pip-audit")
    return module


def test_vulnerable_versions_are_listed(audit, monkeypatch, capsys):
    known = [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "version": "2", "vulns": [{"id": "CVE-1"}]}]
    monkeypatch.setattr(audit, "asked", lambda tool, service: known)
    audit.main()
    said = capsys.readouterr().out
    assert "AUDIT: 2 of " in said and " pinned versions looked up, 1 with known vulnerabilities" in said
    assert "AUDIT: b 2: CVE-1" in said


def test_versions_that_no_database_knows_are_not_called_safe(audit, monkeypatch, capsys):
    entry = '{"dependencies": [{"name": "a", "version": "1", "skip_reason": "not found"}]}'
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 0, entry, ""))
    audit.main()
    said = capsys.readouterr()
    assert said.out == ""
    assert "AUDIT SKIPPED: no database of vulnerabilities can be reached (pypi knows none of" in said.err


@pytest.mark.parametrize("fault", [subprocess.TimeoutExpired("pip-audit", 30), OSError("no network")])
def test_without_a_network_the_build_goes_on(audit, monkeypatch, capsys, fault):
    def fail(*given):
        raise fault

    monkeypatch.setattr(audit, "asked", fail)
    audit.main()
    assert (
        f"AUDIT SKIPPED: no database of vulnerabilities can be reached (pypi: {type(fault).__name__}"
        in capsys.readouterr().err
    )
    monkeypatch.setattr(audit, "installed", fail)
    audit.main()
    assert "AUDIT SKIPPED: pip-audit could not be installed" in capsys.readouterr().err


def test_all_dependencies_are_pinned_to_one_version():
    lines = (PATH.parents[1] / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert len(pinned) > 100
    assert not [line for line in pinned if line.count("==") != 1 or "*" in line]
