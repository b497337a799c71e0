"""What a run would do and why; stages alone; nothing to do is said quickly and without work."""

import json
import re
import shutil
from dataclasses import replace

import pytest

from isc.cli import main
from isc.io.bids import raw_path
from isc.io.files.sidecars import differences
from isc.io.layout.names import Entities
from isc.io.layout.validation import has_validator
from isc.stages.provenance.ledger import why_due
from isc.stages.run import run
from isc.stages.running.journal import log, measured_rate, read_log


def listing(folder):
    """Every file with its size and time."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}


def command(request, *more, level=("participant", "group")):
    words = ["run", str(request.bids_dir), str(request.out_dir), *level, "--settings", str(request.settings)]
    return main([*words, *more])


def test_a_plan_of_a_new_study_lists_everything_with_its_cost_and_writes_nothing(copied, capfd):
    request = copied(derivatives=False)
    before = listing(request.bids_dir)
    assert command(request, "--dry-run", "-v") == 0
    told = capfd.readouterr().out
    assert listing(request.bids_dir) == before
    assert "would make sub-01/beh/sub-01_task-film_recording-face_desc-tracked_landmarks.zarr: absent" in told
    assert "would make group/task-film_desc-files_report.json: follows" in told
    assert re.search(r"\d+ products to make, 0 up to date", told)
    assert re.search(r"\d+ frames of 6 videos to track; the speed is not known before the first run", told)
    steps = ", ".join(f"{step} of vertices (?:< )?\\d+ s" for step in ("t-ISC", "circular_shift", "sign_flip"))
    assert re.search(rf"cost: \d+ s of CPU time \(tracking \d+ s, {steps}, .*\), [\d.e-]+ GB read: about \d+ s", told)


@pytest.mark.slow
def test_a_plan_makes_what_the_run_then_makes(copied, capfd):
    request = copied(derivatives=True)
    text = request.settings.read_text()
    request.settings.write_text(text + "[behaviour]\nmerge = 2.0\n")
    assert command(request, "--dry-run", "-v") == 0
    planned = set(re.findall(r"would make (\S+):", capfd.readouterr().out))
    assert command(request) == 0
    events = read_log(request.out_dir)
    runs = [number for number, event in enumerate(events) if event["event"] == "run"]
    made = {name for event in events[runs[-2] + 1 :] for name in event["made"]}
    assert made <= {path.rpartition("/")[2] for path in planned}
    assert {path for path in planned if path.startswith("sub-")} == {
        f"sub-0{n}/beh/sub-0{n}_task-film_desc-peaks_events.tsv" for n in range(1, 7)
    }


def test_the_cost_is_told_at_the_measured_speed(copied, capfd):
    request = copied(derivatives=True)
    log(request.out_dir, "participant", frames=1000, seconds=10.0)
    shutil.rmtree(request.out_dir / "sub-01")
    assert command(request, "--dry-run", "--n-procs", "1") == 0
    rate = measured_rate(request.out_dir)
    found = re.search(r"(\d+) frames of 1 video to track: about ([\d.]+) min at (\d+) frames/s", capfd.readouterr().out)
    assert float(found[2]) == pytest.approx(int(found[1]) / rate / 60, abs=0.05)
    assert int(found[3]) == round(rate)


def test_the_cost_is_that_of_what_is_due(copied, capfd):
    request = copied(derivatives=True)
    assert command(request, "--dry-run") == 0
    assert "cost:" not in capfd.readouterr().out
    request.settings.write_text(request.settings.read_text() + "alpha = 0.01\n")
    assert command(request, "--dry-run", "--n-procs", "1") == 0
    told = re.search(r"cost: (.*)", capfd.readouterr().out)[1]
    assert "t-ISC of vertices" in told and "tracking" not in told and "circular_shift" not in told
    assert re.search(r"about (?:< )?\d+ s on 1 core; rates of ", told)


def test_nothing_to_do_starts_no_process_and_changes_no_file(copied, capfd, monkeypatch):
    request = copied(derivatives=True)
    before = listing(request.out_dir)
    monkeypatch.setattr("isc.stages.running.processes._start", lambda *given: pytest.fail("a process was started"))
    monkeypatch.setattr("isc.stages.pages.report.render_report", lambda *given: pytest.fail("the report was drawn"))
    assert command(request) == 0
    assert re.search(r"nothing to do: \d\d products are up to date", capfd.readouterr().out)
    products = {name for name in before if name.startswith(("sub-", "group/", "report"))}
    after = listing(request.out_dir)
    assert {name: after[name] for name in products} == {name: before[name] for name in products}


def test_a_lost_figure_has_the_report_drawn_again_to_the_same_bytes(copied):
    request = copied(derivatives=True)
    figure = next(request.out_dir.glob("group/figures/*.svg"))
    content, page = figure.read_bytes(), (request.out_dir / "report.html").read_bytes()
    figure.unlink()
    assert command(request, level=("group",)) == 0
    assert read_log(request.out_dir)[-1]["made"] == ["task-film_desc-files_report.json"]
    assert (figure.read_bytes(), (request.out_dir / "report.html").read_bytes()) == (content, page)


def test_another_title_has_only_the_report_drawn_again(copied):
    request = copied(derivatives=True)
    request.settings.write_text(request.settings.read_text().replace("Small study", "Other title"))
    assert command(request) == 0
    assert read_log(request.out_dir)[-1]["made"] == ["task-film_desc-files_report.json"]
    assert "Other title" in (request.out_dir / "report.html").read_text()


def test_single_stages_do_their_part_only(copied, capfd):
    request = copied(derivatives=False)
    words = [str(request.bids_dir), str(request.out_dir), "--settings", str(request.settings)]
    assert main(["peaks", *words]) == 0
    made = {path.name for path in request.out_dir.glob("sub-*/**/*") if path.suffix == ".tsv"}
    assert made == {f"sub-0{n}_task-film_desc-peaks_events.tsv" for n in range(1, 7)}
    assert main(["tisc", *words]) == 2
    assert "isc: synchrony needs at least 3 participants with landmarks; there are 0" in capfd.readouterr().err


def test_the_report_alone_needs_finished_synchrony(copied, capfd):
    request = copied(derivatives=True)
    words = [str(request.bids_dir), str(request.out_dir), "--settings", str(request.settings)]
    page = (request.out_dir / "report.html").read_bytes()
    assert main(["report", *words, "--force"]) == 0
    assert read_log(request.out_dir)[-1]["made"] == ["task-film_desc-files_report.json"]
    assert (request.out_dir / "report.html").read_bytes() == page
    next(request.out_dir.glob("group/*_tisc.json")).unlink()
    assert main(["report", *words]) == 2
    assert re.search(r"the report needs \S+_tisc\.nc, which is not up to date \(unfinished\)", capfd.readouterr().err)


@pytest.mark.skipif(not has_validator(), reason="bids-validator-deno is not installed")
def test_a_raw_study_that_is_not_bids_is_refused_unless_told_to_go_on(copied, capfd):
    request = replace(copied(derivatives=False), stages=("peaks",))
    (request.bids_dir / "sub-01" / "beh" / "my notes.txt").write_text("x")
    assert run(request) == 2
    said = capfd.readouterr().err
    assert "isc: the raw study is not valid BIDS: NOT_INCLUDED sub-01/beh/my notes.txt" in said
    assert "go on with --skip-bids-validation" in said
    assert run(replace(request, skip_bids_validation=True)) == 0


def test_without_the_validator_a_run_says_so_and_goes_on(copied, capfd, monkeypatch):
    monkeypatch.setattr("isc.stages.run.has_validator", lambda: False)
    assert run(replace(copied(derivatives=False), stages=("peaks",))) == 0
    assert "the raw study was not validated; to have it done: pip install" in capfd.readouterr().err


def test_a_changed_key_log_makes_its_peaks_due_and_says_why(copied, capfd):
    request = copied(derivatives=True)
    events = raw_path(request.bids_dir, "events", Entities(task="film", subject="04"))
    events.write_text(events.read_text().replace("press", "press", 1) + "29.5\t0.1\tpress\tspace\n")
    assert command(request, "--dry-run") == 0
    told = capfd.readouterr().out
    assert (
        "would make sub-04/beh/sub-04_task-film_desc-peaks_events.tsv: sub-04_task-film_events.tsv was replaced" in told
    )
    assert "tracked_landmarks" not in told


def test_the_group_alone_says_whose_products_are_not_up_to_date(copied, capfd):
    request = copied(derivatives=True)
    events = raw_path(request.bids_dir, "events", Entities(task="film", subject="04"))
    events.write_text(events.read_text() + "29.5\t0.1\tpress\tspace\n")
    assert command(request, level=("group",)) == 0
    said = capfd.readouterr()
    assert "warning: products of sub-04 are not up to date; run the participant level to make them anew" in said.err
    assert "nothing to do" in said.out


def test_what_the_log_says_of_a_run_can_be_read_even_when_its_last_line_was_cut_off(analysed, tmp_path):
    events = read_log(analysed.out_dir)
    first = next(event for event in events if event["event"] == "participant")
    assert first["frames"] > 400
    assert first["seconds"] > 0
    assert next(event for event in events if event["event"] == "run")["seed"] == 0
    log(tmp_path, "run", made=[])
    with open(tmp_path / "logs" / "run.jsonl", "a") as file:
        file.write(json.dumps({"event": "run"})[:8])
    assert [event["event"] for event in read_log(tmp_path)] == ["run"]


def test_every_field_of_the_log_is_in_the_data_dictionary(analysed):
    for event in read_log(analysed.out_dir):
        assert differences("log", event) == []


def test_a_product_of_another_key_is_explained(tmp_path):
    wanted = {"ProductKey": "b", "Sources": [], "InputSHA256": [], "Parameters": {}, "SoftwareVersions": {}}
    assert why_due(tmp_path / "a.nc", wanted) == "absent"
    (tmp_path / "a.nc").touch()
    assert why_due(tmp_path / "a.nc", wanted) == "unfinished"
