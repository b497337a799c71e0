"""The command line: it teaches, and it starts quickly."""

import subprocess
import sys

import pytest

import isc
from isc.cli import main


def test_help_teaches_the_commands(capsys):
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    assert "isc demo demo" in text
    assert "exit codes: 0 all done" in text


def test_help_imports_nothing_heavy():
    code = "import sys\nfrom isc.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"numpy", "xarray", "pandas", "pydantic", "mediapipe", "matplotlib", "rich"}


def test_participant_labels_are_separated_by_spaces(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("isc.stages.run.run", lambda request: asked.append(request) or 0)
    words = ["run", str(tmp_path), str(tmp_path / "out"), "participant", "--participant-label", "01", "sub-02"]
    assert main(words) == 0
    assert asked[0].participants == ("01", "sub-02")
    assert asked[0].levels == ("participant",)


def test_an_interruption_has_its_own_exit_code(monkeypatch, capsys, tmp_path):
    def interrupted(request):
        raise KeyboardInterrupt

    monkeypatch.setattr("isc.stages.run.run", interrupted)
    assert main(["run", str(tmp_path), str(tmp_path), "group"]) == 130
    assert "run the same command again" in capsys.readouterr().err


def test_every_public_name_exists():
    for name in isc.__all__:
        assert getattr(isc, name) is not None
    assert set(isc.__all__) <= set(dir(isc))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'temporal_icc'"):
        isc.temporal_icc  # noqa: B018
