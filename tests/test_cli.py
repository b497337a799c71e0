"""The command line: it teaches, and it starts quickly."""

import subprocess
import sys

import pytest

import isc
from isc.cli import main
from isc.cli.commands import COMMANDS


def test_help_teaches_the_commands(capsys):
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    assert "isc demo demo" in text
    assert "exit codes: 0 all done" in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_every_command_teaches_by_examples(command, capsys):
    with pytest.raises(SystemExit) as done:
        main([command.name, "--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    assert f"\n  isc {command.name}" in text
    assert "exit codes: 0 all done" in text
    assert command.summary[1:] in text


def test_every_option_of_a_run_reaches_it(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("isc.stages.run.run", lambda request: asked.append(request) or 0)
    words = ["run", str(tmp_path), str(tmp_path / "out"), "participant", "group", "--task-id", "film", "--dry-run"]
    words += ["--settings", "a.toml", "--n-procs", "3", "--scheduler", "tcp://a:1", "--random-seed", "4", "--force"]
    assert main([*words, "--skip-bids-validation", "-v"]) == 0
    request = asked[0]
    assert (request.wanted, request.task, str(request.settings)) == (
        ("extract", "peaks", "tisc", "report"),
        "film",
        "a.toml",
    )
    assert (request.n_procs, request.scheduler, request.seed) == (3, "tcp://a:1", 4)
    assert all((request.dry_run, request.force, request.skip_bids_validation, request.verbose))


@pytest.mark.parametrize("name", ["extract", "peaks", "tisc", "report"])
def test_a_stage_is_a_command(monkeypatch, tmp_path, name):
    asked = []
    monkeypatch.setattr("isc.stages.run.run", lambda request: asked.append(request) or 0)
    assert main([name, str(tmp_path), str(tmp_path / "out")]) == 0
    assert asked[0].wanted == (name,)


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
