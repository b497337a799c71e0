"""A messy folder of a lab becomes a raw study, or every reason why not is told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from isc.cli import main
from isc.io.camera.copying import copy_whole, picture_hash
from isc.io.camera.video import probe_video, read_frames
from isc.io.camera.writer import write_video
from isc.io.files.text import TableError
from isc.io.keyboard import KeyLogError, read_key_log
from isc.io.layout.raw_study import read_raw_study
from isc.io.layout.validation import has_validator, validation_errors
from isc.stages.lab.files import rating_series

LOG = "onset\ttrial_type\tkey\n2.5\tstart\tn/a\n4.0\tpress\tspace\n9.5\tpress\tspace\n62.5\tstop\tn/a\n"
TABLE = (
    "participant_id\tvideo\tvideo_onset\tkey_log\tkey_log_onset\trating\trating_onset\tage\n"
    "sub-01\tP 01 Anna/cam front.MP4\t1.25\tP 01 Anna/keys.tsv\tn/a\tP 01 Anna/dial.tsv\t0.5\t24\n"
    "sub-02\tP_02/été 🎥.mov\tn/a\tP_02/log.txt\t3.5\tn/a\tn/a\tn/a\n"
)
PHONE = {
    "location": "+52.5200+013.4050/",
    "com.apple.quicktime.model": "Phone 9",
    "creation_time": "2024-05-01T10:00:00Z",
}


def film_with_metadata(path: Path) -> None:
    """Short film as a phone leaves it: place, device, date and a rotation in the file."""
    import av

    plain = path.with_name("plain.mp4")
    picture = np.random.default_rng(0).integers(0, 255, (12, 48, 64, 3), np.uint8)
    write_video(plain, picture, rate=25)
    options = {"movflags": "use_metadata_tags"}
    with av.open(str(plain)) as source, av.open(str(path), "w", format="mov", options=options) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        out.metadata.update(PHONE)
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    plain.unlink()


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Lab folder with spaces, an emoji, upper case, leftovers, and its table beside it."""
    folder = tmp_path / "lab"
    one, two = folder / "P 01 Anna", folder / "P_02"
    one.mkdir(parents=True)
    two.mkdir()
    film_with_metadata(one / "cam front.MP4")
    film_with_metadata(two / "été 🎥.mov")
    film_with_metadata(one / "test shot.mov")
    (one / "keys.tsv").write_bytes(LOG.replace("\n", "\r\n").encode("utf-16"))
    (two / "log.txt").write_text("onset\tkey\n5.0\tspace\n")
    times = np.arange(0, 3, 0.1)
    rating = pd.DataFrame({"time": times.round(3), "value": np.sin(times)})
    rating.to_csv(one / "dial.tsv", sep="\t", index=False)
    (folder / "notes.docx").write_bytes(b"PK")
    (tmp_path / "table.tsv").write_text(TABLE)
    return folder


def run_import(lab: Path, *more: str, table: str | None = None) -> tuple[int, Path]:
    """Exit code, and where the study is."""
    if table is not None:
        (lab.parent / "table.tsv").write_text(table)
    study = lab.parent / "study"
    words = ["import", str(lab), str(study), "--table", str(lab.parent / "table.tsv"), "--task-id", "film", *more]
    return main(words), study


def test_a_messy_folder_becomes_a_study_that_can_be_read(lab, capsys):
    code, study = run_import(lab)
    assert code == 0, capsys.readouterr().err
    raw = read_raw_study(study)
    assert [recording.video.name for recording in raw.recordings] == [
        "sub-01_task-film_recording-face_video.mp4",
        "sub-02_task-film_recording-face_video.mov",
    ]
    assert [recording.video_onset for recording in raw.recordings] == [1.25, None]
    assert [recording.events_onset for recording in raw.recordings] == [None, 3.5]
    assert read_key_log(raw.recordings[0].events)["onset"].tolist() == [1.5, 7.0]
    assert read_key_log(raw.recordings[1].events, stimulus_onset=3.5)["onset"].tolist() == [1.5]
    assert [participant.columns["age"] for participant in raw.participants] == ["24", "n/a"]


@pytest.mark.skipif(not has_validator(), reason="bids-validator-deno is not installed")
def test_an_imported_study_is_valid_bids(lab):
    assert validation_errors(run_import(lab)[1]) == []


NO_LOGS = (
    "participant_id\tvideo\tvideo_onset\ttask\tage\tsex\thandedness\n"
    "sub-01\tP 01 Anna/cam front.MP4\tn/a\tfilm\t89+\tFEMALE\tRight\n"
    "sub-02\tP_02/été 🎥.mov\tn/a\trest\t\tn/a\ta\n"
)


@pytest.mark.skipif(not has_validator(), reason="bids-validator-deno is not installed")
def test_a_study_without_key_logs_is_valid_bids(lab):
    assert validation_errors(run_import(lab, table=NO_LOGS)[1]) == []


def test_events_are_described_for_the_films_that_have_key_logs(lab):
    _, study = run_import(lab, table=NO_LOGS)
    assert not list(study.rglob("*_events.*"))


def test_cells_that_bids_refuses_are_told_before_anything_is_written(lab, capsys):
    table = NO_LOGS.replace("89+", "24 years").replace("FEMALE", "woman").replace("\ta\n", "\tboth\n")
    code, study = run_import(lab, table=table)
    told = capsys.readouterr().err
    assert (code, study.exists()) == (2, False)
    assert "line 2: age '24 years' is not BIDS: write years as a number (89+ from 89 on), or n/a" in told
    assert "line 2: sex 'woman' is not BIDS: write male, female or other" in told
    assert "line 3: handedness 'both' is not BIDS: write left, right or ambidextrous" in told


def test_a_rating_keeps_its_values_its_rate_and_its_clock(lab):
    _, study = run_import(lab)
    path = study / "sub-01" / "beh" / "sub-01_task-film_recording-intensity_physio.tsv.gz"
    described = json.loads(path.with_name(path.name.replace(".tsv.gz", ".json")).read_text())
    values = pd.read_csv(path, sep="\t", header=None)[0]
    assert (described["SamplingFrequency"], described["StartTime"], described["Columns"]) == (10.0, 0.0, ["rating"])
    np.testing.assert_allclose(values, np.sin(np.arange(0, 3, 0.1)), atol=1e-12)
    scans = pd.read_csv(study / "sub-01" / "sub-01_scans.tsv", sep="\t")
    assert scans["stimulus_onset"].tolist()[-1] == 0.5


def test_the_original_log_is_kept_untouched_under_a_name_without_a_name(lab):
    _, study = run_import(lab)
    kept = study / "sourcedata" / "sub-01" / "sub-01_task-film_keylog.tsv"
    assert kept.read_bytes() == (lab / "P 01 Anna" / "keys.tsv").read_bytes()
    assert not [path for path in study.rglob("*") if "Anna" in path.name]


def test_pictures_and_times_are_the_same_and_what_the_camera_wrote_is_gone(lab):
    _, study = run_import(lab)
    source, target = lab / "P 01 Anna" / "cam front.MP4", next(study.rglob("sub-01*_video.mp4"))
    assert b"Phone 9" in source.read_bytes()
    assert b"+52.52" in source.read_bytes()
    content = target.read_bytes()
    assert not [tag for tag in (b"Phone 9", b"+52.52", b"2024-05-01") if tag in content]
    assert picture_hash(source) == picture_hash(target)
    for before, after in zip(read_frames(source), read_frames(target), strict=True):
        assert before.time == after.time
        assert np.array_equal(before.picture, after.picture)
    sidecar = json.loads(target.with_suffix(".json").read_text())
    assert set(sidecar) == {"RecordingDuration", "VideoFrameRate", "VideoFrameCount", "ImageWidth", "ImageHeight"}
    assert sidecar["VideoFrameCount"] == probe_video(source).n_frame == 12


def test_videos_can_be_copied_whole(lab):
    _, study = run_import(lab, "--whole-videos")
    assert next(study.rglob("sub-01*_video.mp4")).read_bytes() == (lab / "P 01 Anna" / "cam front.MP4").read_bytes()


def test_logs_of_another_program_are_read_through_a_mapping(lab, capsys):
    log = "name,t\ntrigger,10000\nspace,12500\nspace,17000\n"
    (lab / "P 01 Anna" / "psych.csv").write_text(log)
    mapping = lab.parent / "mapping.toml"
    mapping.write_text('format = "table"\nunits = "ms"\nkey = "name"\ntime = "t"\nstart_key = "trigger"\n')
    table = (
        "participant_id\tvideo\tvideo_onset\tkey_log\tkey_log_onset\n"
        "sub-01\tP 01 Anna/cam front.MP4\t1.25\tP 01 Anna/psych.csv\tn/a\n"
    )
    code, study = run_import(lab, "--log-mapping", str(mapping), table=table)
    assert code == 0, capsys.readouterr().err
    assert read_key_log(read_raw_study(study).recordings[0].events)["onset"].tolist() == [2.5, 7.0]
    assert (study / "sourcedata" / "sub-01" / "sub-01_task-film_keylog.csv").read_text() == log
    assert run_import(lab, "--log-mapping", str(mapping), table=table.replace("n/a", "3"))[0] == 2
    assert "psych.csv: the mapping says where the film starts; write n/a in key_log_onset" in capsys.readouterr().err


def test_the_lab_folder_is_not_changed(lab):
    before = {path: path.stat().st_mtime_ns for path in lab.rglob("*")}
    run_import(lab)
    assert {path: path.stat().st_mtime_ns for path in lab.rglob("*")} == before


def test_a_dry_run_lists_what_goes_where_and_what_stays_and_writes_nothing(lab, capsys):
    code, study = run_import(lab, "--dry-run")
    told = capsys.readouterr().out.splitlines()
    assert code == 0
    assert "P 01 Anna/cam front.MP4 -> sub-01/beh/sub-01_task-film_recording-face_video.mp4 (pictures only)" in told
    assert "P_02/log.txt -> sub-02/beh/sub-02_task-film_events.tsv (key presses)" in told
    assert "P 01 Anna/test shot.mov stays: no row of the table names this video" in told
    assert "notes.docx stays: no row of the table names this file" in told
    assert not study.exists()


MESS = (
    "participant_id\tvideo\tvideo_onset\tkey_log\tkey_log_onset\trun\tage\n"
    "P_01\tP 01 Anna/cam front.MP4\t1.25\tP 01 Anna/keys.tsv\tn/a\t\t24\n"
    "sub-02\tP_02/ete.mov\t1,5\tP_02/log.txt\tn/a\tn/a\t31\n"
    "sub-03\t../secret.mp4\t\t\tn/a\tn/a\t31\n"
    "sub-04\tnotes.docx\t0\tn/a\tn/a\tfirst\t31\n"
    "sub-05\tP 01 Anna/test shot.mov\t0\tP_02/log.txt\tn/a\tn/a\t31\n"
    "sub-05\tP 01 Anna/test shot.mov\t0\tn/a\tn/a\tn/a\t32\n"
)


def test_everything_unclear_is_told_at_once_and_nothing_is_written(lab, capsys):
    code, study = run_import(lab, table=MESS)
    told = capsys.readouterr().err
    assert code == 2
    assert not study.exists()
    for fault in (
        "line 2: participant_id 'P_01' must read sub-<label>, such as sub-01; --clean-labels drops other characters",
        "line 3: video 'P_02/ete.mov' does not exist; is it 'été 🎥.mov'?",
        "line 3: video_onset '1,5' is no number; give seconds on the clock of the file (decimal point), or n/a",
        "line 4: video_onset is empty",
        "line 4: video '../secret.mp4' must be a path below LAB_FOLDER",
        "line 4: key_log is empty; name the file, or write n/a",
        "line 5: video 'notes.docx' must end in .mp4, .mov, .avi, .mkv",
        "line 5: run label 'first' must be a number",
        "lines 6, 7 are the same run of sub-05; number them in column run",
        "lines 6, 7 name the same file test shot.mov",
        "sub-05 has several values of age: 31, 32",
        "line 6: log.txt has no start marker: give key_log_onset",
    ):
        assert fault in told, told
    assert str(lab) not in told


def test_labels_are_cleaned_only_when_asked_and_never_made_equal(lab, capsys):
    rows = TABLE.replace("sub-01", "P_01").replace("sub-02", "P-01")
    assert run_import(lab, table=rows)[0] == 2
    assert run_import(lab, "--clean-labels", table=rows)[0] == 2
    assert "P-01 and P_01 both become sub-P01; rename one" in capsys.readouterr().err
    code, study = run_import(lab, "--clean-labels", table=TABLE.replace("sub-01", "P_01"))
    assert code == 0
    assert (study / "sub-P01").is_dir()


def test_nothing_is_overwritten(lab, capsys):
    (lab.parent / "study").mkdir()
    (lab.parent / "study" / "mine.txt").write_text("mine")
    code, study = run_import(lab)
    assert code == 2
    assert [path.name for path in study.iterdir()] == ["mine.txt"]
    assert "BIDS_DIR study exists and is not empty; give a new folder" in capsys.readouterr().err


def test_a_study_is_not_built_inside_the_lab_folder(lab, capsys):
    words = ["import", str(lab), str(lab / "study"), "--table", str(lab.parent / "table.tsv"), "--task-id", "film"]
    assert main(words) == 2
    assert "BIDS_DIR lies in LAB_FOLDER, which is only read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("participant_id\tvideo\nsub-01\ta.mp4\n", "table.tsv needs column video_onset; it has participant_id, video"),
        (TABLE.replace("age", "keylog"), "is column 'keylog' meant to be"),
        (TABLE.replace("age", "video"), "table.tsv: column names must be given and differ"),
        (TABLE.splitlines()[0] + "\n", "table.tsv: has no row"),
        (TABLE + "sub-03\tx\n", "table.tsv, line 4: 2 fields under 8 columns"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(lab, capsys, table, fault):
    if "keylog" in table:
        table = table.replace("key_log\t", "mine\t")
    assert run_import(lab, table=table)[0] == 2
    assert fault in capsys.readouterr().err


def test_a_lab_folder_that_is_not_there_is_one_fault(lab, capsys):
    code, _ = run_import(lab.parent / "labs")
    assert (code, capsys.readouterr().err) == (
        2,
        "isc: LAB_FOLDER labs is no folder; give the one with the recordings\n",
    )


def test_one_fault_is_told_in_the_singular(lab, capsys):
    assert run_import(lab, table=TABLE.replace("1.25", "1,25"))[0] == 2
    assert capsys.readouterr().err.startswith("isc: 1 thing is unclear, nothing was written\n  line 2: video_onset")


def test_a_film_must_be_named(lab, capsys):
    words = ["import", str(lab), str(lab.parent / "study"), "--table", str(lab.parent / "table.tsv")]
    assert main(words) == 2
    assert "line 2: no film is named: add a column task, or give --task-id" in capsys.readouterr().err


def test_a_link_out_of_the_lab_folder_is_refused(lab, capsys):
    path = lab / "P_02" / "été 🎥.mov"
    outside = lab.parent / "outside.mov"
    os.replace(path, outside)
    path.symlink_to(outside)
    assert run_import(lab)[0] == 2
    assert "leads outside LAB_FOLDER through a link; copy the file there" in capsys.readouterr().err


def test_damaged_and_uneven_files_are_named(lab, capsys):
    (lab / "P_02" / "été 🎥.mov").write_bytes(b"this is no film")
    (lab / "P 01 Anna" / "dial.tsv").write_text("time\tvalue\n0\t1\n1\t2\n5\t3\n")
    assert run_import(lab)[0] == 2
    told = capsys.readouterr().err
    assert "line 3: été 🎥.mov is not a video" in told
    assert "line 2: dial.tsv: steps of 1 to 4 s; BIDS keeps ratings at an even rate" in told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time\tvalue\n0\t1\n", "a rating needs two or more rows; it has 1"),
        ("time\tjoy\n0\t1\n1\t2\n", "rating.tsv has no column value; found joy"),
        ("time\tvalue\n0\t1\n1\tmuch\n", "rating.tsv, line 3"),
        ("time\tvalue\n1\t1\n0\t2\n", "rating.tsv, line 3"),
    ],
)
def test_ratings_are_read_as_they_are_everywhere(tmp_path, text, message):
    path = tmp_path / "rating.tsv"
    path.write_text(text)
    with pytest.raises((KeyLogError, TableError), match=message):
        rating_series(path)


def test_a_copy_that_differs_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("a log")
    hashes = iter(["one", "other"])
    monkeypatch.setattr("isc.io.camera.copying.hash_file", lambda path: next(hashes))
    with pytest.raises(OSError, match=r"the copy of a\.txt differs from it; try again, and check the disk"):
        copy_whole(tmp_path / "a.txt", tmp_path / "b.txt")


def test_an_import_that_is_killed_leaves_no_study(lab):
    study, table = lab.parent / "study", lab.parent / "table.tsv"
    words = ["import", str(lab), str(study), "--table", str(table), "--task-id", "film"]
    code = (
        "import os, signal, isc.stages.lab_import as lab\n"
        "lab._write_clocks = lambda *given: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"from isc.cli import main\nmain({words!r})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == -9
    assert not study.exists()
    assert run_import(lab)[0] == 0
    assert not [path for path in lab.parent.iterdir() if path.name.startswith(".isc-")]
