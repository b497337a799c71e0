"""A raw study is found as it lies on the disk, or refused in one line."""

import shutil

import pytest

from isc.io.layout.names import BidsError, Entities
from isc.io.layout.raw_study import read_raw_study


def add_video(root, name, *, events=False):
    """An empty file with the name of a face video: discovery looks at names only."""
    labels = dict(part.split("-") for part in name.split("_"))
    folder = root / f"sub-{labels['sub']}"
    if "ses" in labels:
        folder = folder / f"ses-{labels['ses']}"
    (folder / "beh").mkdir(parents=True, exist_ok=True)
    video = folder / "beh" / f"{name}_recording-face_video.mp4"
    video.touch()
    if events:
        (folder / "beh" / f"{name}_events.tsv").touch()
    return video


def list_participants(root, *labels):
    (root / "participants.tsv").write_text("participant_id\tage\n" + "".join(f"sub-{x}\t30\n" for x in labels))


@pytest.fixture
def study(tmp_path):
    root = tmp_path / "study"
    root.mkdir()
    list_participants(root, "02", "01")
    for label in ("01", "02"):
        add_video(root, f"sub-{label}_task-film", events=label == "01")
    return root


def test_participants_come_in_the_order_of_their_table(study):
    found = read_raw_study(study)
    assert [participant.label for participant in found.participants] == ["02", "01"]
    assert [participant.columns for participant in found.participants] == [{"age": "30"}] * 2
    assert [recording.entities.subject for recording in found.recordings] == ["02", "01"]
    assert found.tasks == ("film",)


def test_a_key_log_belongs_to_the_video_of_its_run(study):
    without, having = read_raw_study(study).recordings
    assert without.events is None
    assert having.events == having.video.with_name("sub-01_task-film_events.tsv")


def test_sessions_tasks_and_runs_are_found_in_order(study):
    names = ("ses-b_task-film", "ses-a_task-film_run-10", "ses-a_task-film_run-2", "ses-a_task-calm")
    for name in names:
        add_video(study, f"sub-02_{name}")
    entities = [recording.entities for recording in read_raw_study(study).participants[0].recordings]
    assert entities == [
        Entities("film", "02"),
        Entities("calm", "02", "a"),
        Entities("film", "02", "a", "2"),
        Entities("film", "02", "a", "10"),
        Entities("film", "02", "b"),
    ]


def test_one_task_can_be_chosen(study):
    add_video(study, "sub-02_task-calm")
    assert read_raw_study(study).tasks == ("calm", "film")
    assert read_raw_study(study, task="film").tasks == ("film",)


@pytest.mark.parametrize("labels", [["01"], ["sub-01"]])
def test_participants_can_be_chosen_with_and_without_sub(study, labels):
    assert [participant.label for participant in read_raw_study(study, labels=labels).participants] == ["01"]


@pytest.mark.parametrize("extension", [".mov", ".avi", ".mkv", ".MP4"])
def test_videos_of_every_container_are_found(study, extension):
    video = read_raw_study(study).recordings[0].video
    renamed = video.rename(video.with_suffix(extension))
    assert read_raw_study(study).recordings[0].video == renamed


def test_the_stimulus_onset_is_that_of_each_file(study):
    (study / "sub-01" / "sub-01_scans.tsv").write_text(
        "filename\tacq_time\tstimulus_onset\n"
        "beh/sub-01_task-film_recording-face_video.mp4\tn/a\t2.5\n"
        "beh/sub-01_task-film_events.tsv\tn/a\tn/a\n"
    )
    without, having = read_raw_study(study).recordings
    assert (having.video_onset, having.events_onset) == (2.5, None)
    assert (without.video_onset, without.events_onset) == (None, None)


def test_the_scans_table_of_a_session_is_read(study):
    video = add_video(study, "sub-01_ses-a_task-film")
    (study / "sub-01" / "ses-a" / "sub-01_ses-a_scans.tsv").write_text(
        f"filename\tstimulus_onset\nbeh/{video.name}\t-1\n"
    )
    found = {recording.video: recording.video_onset for recording in read_raw_study(study).recordings}
    assert found[video] == -1.0


def test_a_scans_table_without_onsets_leaves_them_unknown(study):
    (study / "sub-01" / "sub-01_scans.tsv").write_text("filename\nbeh/x.mp4\n")
    assert read_raw_study(study).recordings[1].video_onset is None


@pytest.mark.parametrize("name", ["Studie Müller 🙂", "Mu\u0308ller", "x" * 200])
def test_a_study_may_lie_under_any_name(study, name):
    moved = study.rename(study.with_name(name))
    assert len(read_raw_study(moved).recordings) == 2


def test_a_participant_without_a_video_is_named_in_a_warning(study):
    list_participants(study, "02", "01", "03")
    with pytest.warns(UserWarning, match="no face video found for sub-03"):
        found = read_raw_study(study)
    assert found.participants[2].recordings == ()


def test_a_folder_without_a_row_is_named_in_a_warning(study):
    list_participants(study, "01")
    with pytest.warns(UserWarning, match="sub-02 not in participants.tsv"):
        assert len(read_raw_study(study).participants) == 1


def test_a_study_without_participants_tsv_is_refused(study):
    (study / "participants.tsv").unlink()
    with pytest.raises(BidsError, match=r"study/participants.tsv is missing"):
        read_raw_study(study)


def test_a_participants_table_without_ids_is_refused(study):
    (study / "participants.tsv").write_text("id\n01\n")
    with pytest.raises(BidsError, match="participants.tsv needs column participant_id; it has id"):
        read_raw_study(study)


def test_a_participants_table_that_cannot_be_read_is_refused(study):
    (study / "participants.tsv").write_text("participant_id\tage\nsub-01\n")
    with pytest.raises(BidsError, match="participants.tsv, line 2: 1 fields under 2 columns"):
        read_raw_study(study)


@pytest.mark.parametrize("label", ["../../etc", "Müller", "a b", ""])
def test_a_participant_whose_label_breaks_the_rule_is_refused(study, label):
    list_participants(study, label)
    with pytest.raises(BidsError, match="letters a-z, A-Z and digits only"):
        read_raw_study(study)


@pytest.mark.parametrize("name", ["/etc/passwd", "01", "../sub-01"])
def test_a_participant_id_begins_with_sub(study, name):
    (study / "participants.tsv").write_text(f"participant_id\n{name}\n")
    with pytest.raises(BidsError, match="must read sub-<label>"):
        read_raw_study(study)


def test_a_participant_listed_twice_is_refused(study):
    list_participants(study, "01", "01")
    with pytest.raises(BidsError, match="lists sub-01 twice"):
        read_raw_study(study)


def test_an_unknown_participant_is_refused(study):
    with pytest.raises(BidsError, match="sub-07 not in participants.tsv; it lists sub-02, sub-01"):
        read_raw_study(study, labels=["07", "01"])


def test_a_study_without_any_video_says_what_name_is_expected(study):
    shutil.rmtree(study / "sub-01")
    shutil.rmtree(study / "sub-02")
    expected = "sub-02/beh/sub-02_task-film_recording-face_video.mp4"
    with pytest.raises(BidsError, match=f"no participant has a face video; expected such as {expected}"):
        read_raw_study(study)


def test_a_task_that_nobody_did_is_refused(study):
    with pytest.raises(BidsError, match="expected such as .*_task-calm_recording-face"):
        read_raw_study(study, task="calm")


def test_two_videos_of_one_run_are_refused(study):
    video = read_raw_study(study).recordings[0].video
    video.with_suffix(".mov").touch()
    with pytest.raises(BidsError, match=r"video.mov and .*video.mp4 claim|video.mp4 and .*video.mov claim"):
        read_raw_study(study)


def test_a_video_in_the_folder_of_another_participant_is_refused(study):
    video = read_raw_study(study).recordings[0].video
    shutil.move(video, study / "sub-01" / "beh" / video.name)
    with pytest.raises(BidsError, match="lies in the folder of sub-01; its name must begin sub-01_task-<film>"):
        read_raw_study(study)


def test_a_video_whose_task_breaks_the_rule_is_refused(study):
    (study / "sub-01" / "beh" / "sub-01_task-café_recording-face_video.mp4").touch()
    with pytest.raises(BidsError, match="'task-café' must be key-label"):
        read_raw_study(study)


@pytest.mark.parametrize("name", ["../sub-02/beh/x.mp4", "/etc/passwd", "beh\\\\x.mp4"])
def test_a_scans_table_cannot_name_files_elsewhere(study, name):
    (study / "sub-01" / "sub-01_scans.tsv").write_text(f"filename\tstimulus_onset\n{name}\t1\n")
    with pytest.raises(BidsError, match="below the folder of the table"):
        read_raw_study(study)


@pytest.mark.parametrize("onset", ["2,5", "nan", "inf", "soon", ""])
def test_a_stimulus_onset_is_a_number_or_unknown(study, onset):
    name = "beh/sub-01_task-film_recording-face_video.mp4"
    (study / "sub-01" / "sub-01_scans.tsv").write_text(f"filename\tstimulus_onset\n{name}\t{onset}\n")
    with pytest.raises(BidsError, match="must be seconds on the file's own clock, or n/a"):
        read_raw_study(study)


def test_a_video_linked_from_elsewhere_is_read_only_if_allowed(study, tmp_path):
    video = read_raw_study(study).recordings[0].video
    elsewhere = shutil.move(video, tmp_path / "camera.mp4")
    video.symlink_to(elsewhere)
    with pytest.raises(BidsError, match='leads outside the folder study.*links="anywhere"'):
        read_raw_study(study)
    assert read_raw_study(study, links="anywhere").recordings[0].video == video


def test_a_key_log_linked_from_elsewhere_is_refused(study, tmp_path):
    log = study / "sub-01" / "beh" / "sub-01_task-film_events.tsv"
    elsewhere = shutil.move(log, tmp_path / "log.tsv")
    log.symlink_to(elsewhere)
    with pytest.raises(BidsError, match="leads outside"):
        read_raw_study(study)


def test_a_study_of_eeg_is_told_how_it_is_analysed(study):
    for subject in ("sub-01", "sub-02"):
        (study / subject / "beh").rename(study / subject / "eeg") if (study / subject / "beh").exists() else None
    for folder in study.glob("sub-*/**/beh"):
        shutil.rmtree(folder)
    (study / "sub-01" / "eeg").mkdir(parents=True, exist_ok=True)
    with pytest.raises(BidsError, match="recordings in eeg/ go through a cube and isc analyse"):
        read_raw_study(study)
