"""Labelled clips go in; tables of how well their expressions are told apart come out, or every reason why not."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.classification.distance_space import DistanceSpace
from isc.classification.evaluate import cross_validate
from isc.classification.inference import permutation_test
from isc.cli import commands, main
from isc.io.bids import PRODUCTS
from isc.io.derivatives import read_array, read_sidecar, read_table
from isc.io.files.sidecars import differences
from isc.io.layout.names import Entities
from isc.io.layout.validation import has_validator, validation_errors
from isc.report import render_report
from isc.simulate import simulate_clips
from isc.stages.classification.clip_meshes import clip_tasks, track_clips
from isc.stages.classification.clip_table import CORPORA, bids_labels, read_clip_table, read_corpus
from isc.stages.classification.evaluation import evaluate, informative_pairs
from isc.stages.pages.classification_page import classification_content, classification_link, classification_section
from isc.stages.privacy.forgetting import forget
from isc.stages.provenance.shelf import Shelf
from isc.stages.running.processes import Outcome
from isc.study import Classification, Study, StudyError

SETTINGS = "[classification]\nn_component = 3\nn_folds = 3\nn_permutations = 99\nn_bootstrap = 200\n"
FEW = {"n_subject": 3, "n_repetition": 1, "labels": ["happy", "surprised"], "duration": 0.4}
TABLES = ("classification", "confusion", "subject_accuracy", "informative_pairs")


class Ran(NamedTuple):
    """A finished run."""

    clips: Path
    out: Path
    code: int
    told: str

    @property
    def words(self) -> list[str]:
        """The command."""
        settings = ["--settings", str(self.clips.parent / "settings.toml")]
        return ["classify", str(self.clips), str(self.out), "--clips", str(self.clips / "clips.tsv"), *settings]

    def table(self, name: str) -> Path:
        """Path of a table."""
        return self.out / "group" / f"task-clips_desc-expressions_{PRODUCTS[name].suffix}.tsv"


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Ran:
    """Twelve clips of three generated people, in a process of its own as a user would."""
    folder = tmp_path_factory.mktemp("classify")
    simulate_clips(folder / "clips", **FEW)
    (folder / "settings.toml").write_text(SETTINGS)
    ran = Ran(folder / "clips", folder / "out", 0, "")
    done = subprocess.run([sys.executable, "-m", "isc.cli", *ran.words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ran._replace(told=done.stdout)


@pytest.fixture
def copy(ran, tmp_path) -> Ran:
    """The same run in a folder that a test may spoil."""
    shutil.copytree(ran.clips.parent, tmp_path / "copy")
    return Ran(tmp_path / "copy" / "clips", tmp_path / "copy" / "out", 0, "")


@pytest.mark.filterwarnings("ignore:kfold puts")
def test_tables_agree_with_the_library_and_with_the_dictionary(ran):
    for name in TABLES:
        assert differences(name, read_table(ran.table(name))) == []
    meshes = sorted(ran.out.glob("sub-*/beh/*_mesh.nc"))
    assert len(meshes) == 12
    assert differences("mesh", read_array(meshes[0])) == []
    clips = pd.read_csv(ran.clips / "clips.tsv", sep="\t", dtype={"subject": str})
    table = read_table(ran.table("classification")).set_index("protocol")
    names = bids_labels(clips["clip"])
    faces = [next(ran.out.glob(f"sub-*/beh/*_desc-{names[clip]}_mesh.nc")) for clip in clips["clip"]]
    array = np.stack([read_array(face).values for face in faces])
    coords = {name: ("clip", clips[name].to_numpy()) for name in ("clip", "subject", "label", "take")}
    space = DistanceSpace(xr.DataArray(array, coords, ("clip", "vertex", "space")))
    for protocol in ("guarded", "published"):
        result = cross_validate(space, protocol=protocol, n_component=3, n_folds=3)
        right = float((result["predicted"] == result["label"]).mean())
        assert table.loc[protocol, "accuracy"] == pytest.approx(right)
    assert table.loc["guarded", "same_subject"] == 0 and table.loc["published", "same_subject"] > 0
    assert table.loc["guarded", "p"] == round(100 * table.loc["guarded", "p"]) / 100  # of 99 permutations
    counts = read_table(ran.table("confusion")).groupby("protocol")["n_clip"].sum()
    assert counts.to_dict() == {"guarded": 12, "published": 12}


def test_sidecars_say_from_what_and_how(ran):
    sidecar = read_sidecar(ran.table("classification"))
    assert len(sidecar["Sources"]) == 12 and all("_mesh.nc" in source for source in sidecar["Sources"])
    assert sidecar["Parameters"]["n_permutations"] == 99 and sidecar["Seed"] == 0
    assert set(sidecar["Gap"]) == {"difference", "low", "high", "p"}
    mesh = read_sidecar(next(ran.out.glob("sub-01/beh/*_mesh.nc")))
    assert mesh["Sources"][0].startswith("bids:raw:") and mesh["Clip"].startswith("sub-01_")


def test_what_is_printed_says_who_was_learnt_from_and_what_chance_is(ran):
    assert "12 clips of 3 people, 2 expressions" in ran.told
    assert "trained on everybody but the person who is tested" in ran.told
    assert "trained on everybody, the person who is tested as well, and the clip's repetitions" in ran.told
    assert "chance (labels permuted within people): " in ran.told and "of 99 permutations" in ran.told


@pytest.mark.skipif(not has_validator(), reason="bids-validator-deno is not installed")
def test_the_derivatives_are_bids(ran):
    assert validation_errors(ran.out) == []


def test_a_second_run_does_nothing_and_says_so(ran, capsys):
    before = {path: path.stat().st_mtime_ns for path in ran.out.rglob("*.nc")}
    assert main(ran.words) == 0
    assert "nothing to do: 17 products are up to date" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in ran.out.rglob("*.nc")} == before


def test_a_killed_run_goes_on_with_the_clips_that_are_missing(copy, capsys):
    kept = sorted(copy.out.glob("sub-*/beh/*_mesh.nc"))
    times = {path: path.stat().st_mtime_ns for path in kept[1:]}
    kept[0].with_suffix(".json").unlink()  # a product without its sidecar does not exist
    first = read_table(copy.table("classification"))
    assert main([*copy.words, "--dry-run"]) == 0
    assert "1 of 12 clips to track" in capsys.readouterr().out
    assert main(copy.words) == 0
    assert {path: path.stat().st_mtime_ns for path in times} == times
    pd.testing.assert_frame_equal(read_table(copy.table("classification")), first)


def test_other_labels_make_the_tables_anew_and_track_nothing(copy, capsys):
    table = pd.read_csv(copy.clips / "clips.tsv", sep="\t", dtype=str)
    swapped = table.assign(label=table["label"].map({"happy": "sad", "surprised": "surprised"}))
    swapped.to_csv(copy.clips / "clips.tsv", sep="\t", index=False)
    assert main([*copy.words, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "0 of 12 clips to track" in said and "parameters changed: clips" in said
    assert main(copy.words) == 0
    assert set(read_table(copy.table("confusion"))["label"]) == {"sad", "surprised"}


def test_settings_of_the_tracker_count(copy, capsys):
    (copy.clips.parent / "settings.toml").write_text(f"{SETTINGS}[extraction]\nevery = 2\n")
    assert main([*copy.words, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "12 of 12 clips to track" in said and "parameters changed: every" in said


def test_a_dry_run_writes_nothing(ran, tmp_path, capsys):
    words = [*ran.words[:2], str(tmp_path / "new"), *ran.words[3:]]
    assert main([*words, "--dry-run"]) == 0
    assert "12 of 12 clips to track" in capsys.readouterr().out
    assert not (tmp_path / "new").exists()


def test_a_clip_that_cannot_be_read_is_named_and_the_others_are_used(copy, capsys):
    broken = sorted(copy.clips.glob("*.mp4"))[0]
    broken.write_bytes(b"no video")
    assert main(copy.words) == 1
    assert f"clip {broken.stem} failed: {broken.name} is not a video" in capsys.readouterr().err
    assert read_table(copy.table("classification"))["n_clip"].tolist() == [11, 11]
    assert main(copy.words) == 1
    assert "nothing to do: 17 products are up to date" in capsys.readouterr().out


def test_names_that_do_not_follow_the_rules_are_listed_and_stop_the_command(tmp_path, capsys):
    folder = tmp_path / "ravdess"
    folder.mkdir()
    for name in ("02-01-03-01-01-02-08.mp4", "02-01-99-01-01-02-08.mp4", "holiday.mp4"):
        (folder / name).touch()
    assert main(["classify", str(folder), str(tmp_path / "out"), "--corpus", "ravdess"]) == 2
    said = capsys.readouterr().err
    assert "2 files or rows cannot be read by the rules" in said
    assert "02-01-99-01-01-02-08.mp4: emotion 99" in said and "holiday.mp4: a name has seven" in said
    assert not (tmp_path / "out").exists()


def test_names_that_do_not_follow_the_rules_can_be_left_out(tmp_path, capsys):
    (tmp_path / "02-01-03-01-01-02-08.mp4").touch()
    (tmp_path / "holiday.mp4").touch()
    out = tmp_path.with_name("out_of_left_out")
    assert main(["classify", str(tmp_path), str(out), "--corpus", "ravdess", "--leave-out", "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "left out: holiday.mp4" in said.err and "1 of 1 clips to track" in said.out


def test_rows_of_a_table_that_cannot_be_used_are_listed_by_line(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "a.mp4").touch()
    (tmp_path / "b.mp4").touch()
    lines = ["path,subject,label,hit_rate", "a.mp4,1,happy,80", "no.mp4,1,sad,80", "../b.mp4,1,sad,80"]
    (tmp_path / "clips.csv").write_text("\n".join([*lines, "a.mp4,,sad,80", "a.mp4,1,sad,high"]) + "\n")
    corpus = read_clip_table(tmp_path / "clips.csv", folder)
    assert corpus.clips[["clip", "hit_rate"]].values.tolist() == [["a", 80.0]]
    assert corpus.problems["problem"].tolist() == [
        "line 3: there is no such file",
        "line 4: the file lies outside of the folder",
        "line 5: subject is empty",
        "line 6: hit_rate 'high' is not a number",
    ]


@pytest.mark.parametrize(
    ("header", "error"),
    [("path\tsubject", "has no column label; it has path, subject"), ("", "has no column path, subject, label")],
)
def test_a_table_without_the_needed_columns_is_refused(tmp_path, header, error):
    (tmp_path / "clips.tsv").write_text(header + "\n")
    with pytest.raises(StudyError, match=error):
        read_clip_table(tmp_path / "clips.tsv", tmp_path)


@pytest.mark.parametrize(
    ("corpus", "error"),
    [
        ("facexp", "set words under"),
        ("pedfe", "explained by a table: save it as ratings.csv"),
        ("crema_d", "no clip of this corpus was found"),
        ("mine", "corpus 'mine' is not known"),
    ],
)
def test_a_corpus_says_what_it_needs(tmp_path, corpus, error):
    with pytest.raises(StudyError, match=error):
        read_corpus(corpus, tmp_path, Classification())


def test_pictures_of_unknown_people_are_refused(tmp_path, capsys):
    (tmp_path / "c" / "image").mkdir(parents=True)
    (tmp_path / "c" / "image" / "a.jpg").touch()
    (tmp_path / "c" / "label.lst").write_text("a.jpg 0 10 20 80 90 55.2 3\n")
    assert main(["classify", str(tmp_path / "c"), str(tmp_path / "out"), "--corpus", "expw"]) == 2
    assert "does not say who is shown" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ("n_folds = 10\nn_component = 3", "no expression has 10 clips, one a fold; set n_folds to 6 or less"),
        ("n_folds = 3\nn_component = 50", "50 components need more than 50 training clips"),
        ('n_folds = 3\nlabels = ["angry", "happy"]', "no clip is labelled angry; there are"),
    ],
)
def test_clips_that_are_too_few_are_refused_with_the_setting_to_change(copy, capsys, settings, error):
    (copy.clips.parent / "settings.toml").write_text(f"[classification]\n{settings}\n")
    assert main(copy.words) == 2
    assert error in capsys.readouterr().err


def test_derivatives_of_other_clips_are_not_mixed(ran, tmp_path, capsys):
    shutil.copytree(ran.clips, tmp_path / "others")
    words = ["classify", str(tmp_path / "others"), str(ran.out), "--clips", str(tmp_path / "others" / "clips.tsv")]
    assert main(words) == 2
    assert "holds derivatives of other data" in capsys.readouterr().err
    inside = [*words[:2], str(tmp_path / "others" / "out"), *words[3:]]
    assert main(inside) == 2
    assert "OUT_DIR lies in CLIPS_FOLDER" in capsys.readouterr().err


def test_who_withdraws_is_forgotten_and_left_out(copy, capsys):
    forget(copy.out, ["sub-01"])
    assert not (copy.out / "sub-01").exists() and not copy.table("classification").exists()
    assert main(copy.words) == 0
    assert "1 of the people withdrew" in capsys.readouterr().err
    assert read_table(copy.table("classification"))["n_subject"].tolist() == [2, 2]


def test_a_clip_that_kills_its_process_fails_alone(copy, monkeypatch):
    clips = pd.read_csv(copy.clips / "clips.tsv", sep="\t", dtype=str)[:3]
    tasks = clip_tasks(clips, Shelf(copy.out, copy.clips, Entities(task="clips"), force=True), Study())
    sizes = []

    def die_of_the_second(named, worker, **_):
        sizes.append([len(batch) for _, batch in named])
        dies = [any(task.clip == tasks[1].clip for task in batch) for _, batch in named]
        return [Outcome(name, "failed" if d else "done", "died" * d) for (name, _), d in zip(named, dies, strict=True)]

    monkeypatch.setattr("isc.stages.classification.clip_meshes.run_each", die_of_the_second)
    assert track_clips(tasks, n_procs=1) == {tasks[1].clip: "died"}
    assert sizes == [[3], [1, 1, 1]]


def test_frames_of_a_video_are_not_divided_one_by_one():
    rng = np.random.default_rng(0)
    coords = {"subject": ("clip", np.repeat(list("abc"), 8)), "label": ("clip", np.repeat(["happy", "sad"] * 3, 4))}
    coords |= {"source": coords["subject"], "frame": ("clip", np.tile(np.arange(8), 3))}
    meshes = xr.DataArray(rng.normal(size=(24, 9, 3)), coords, ("clip", "vertex", "space"))
    found = evaluate(meshes, Classification(n_component=2, n_folds=3, n_permutations=9, n_bootstrap=50))
    assert found.classification["protocol"].tolist() == ["guarded"] and found.gap == {}
    assert any("published protocol is left out" in text for text in found.warnings)


def test_people_with_one_clip_have_no_labels_to_exchange():
    rng = np.random.default_rng(0)
    coords = {"subject": ("clip", [f"{k}" for k in range(12)]), "label": ("clip", ["happy", "sad"] * 6)}
    meshes = xr.DataArray(rng.normal(size=(12, 9, 3)), coords, ("clip", "vertex", "space"))
    found = evaluate(meshes, Classification(n_component=2, n_folds=3, n_permutations=9, n_bootstrap=50))
    assert found.classification["p"].isna().all() and (found.classification["n_permutations"] == 0).all()
    assert any("chance and p are not known" in text for text in found.warnings)


def test_chance_is_that_of_the_analysis_in_the_same_row():
    """Clips of other people point the wrong way, so that where components come from decides the accuracy."""
    rng = np.random.default_rng(1)
    coords = {"subject": ("clip", np.repeat(list("abcdef"), 4)), "label": ("clip", ["happy", "sad"] * 12)}
    meshes = xr.DataArray(rng.normal(size=(24, 9, 3)), coords, ("clip", "vertex", "space"))
    how = {"n_component": 2, "n_folds": 4, "seed": 0, "model": "1nn", "split": "kfold"}
    settings = Classification(n_component=2, n_folds=4, n_permutations=99, n_bootstrap=50)
    shown = evaluate(meshes, settings).classification.set_index("protocol").loc["published"]
    space = DistanceSpace(meshes, reference=settings.reference)
    tests = {pca: permutation_test(space, n_permutations=99, pca=pca, **how) for pca in ("all", "fold")}
    assert float(tests["all"]["observed"]) == shown["accuracy"] != float(tests["fold"]["observed"])
    assert float(tests["all"]["p"]) == shown["p"] != float(tests["fold"]["p"])


def test_pictures_with_several_faces_have_boxes(tmp_path):
    clips = pd.DataFrame({"clip": ["a"], "subject": ["1"], "path": ["a.jpg"]})
    shelf = Shelf(tmp_path / "out", tmp_path, Entities(task="clips"))
    assert clip_tasks(clips, shelf, Study())[0].box is None
    boxed = clips.assign(top=1.0, left=2.0, right=3.0, bottom=4.0)
    assert clip_tasks(boxed, shelf, Study())[0].box == (1.0, 2.0, 3.0, 4.0)


def test_the_command_line_offers_what_the_stages_know():
    assert tuple(commands.CORPORA) == tuple(CORPORA)
    assert get_args(Classification.model_fields["split"].annotation) == commands.SPLITS


def test_labels_that_would_be_the_same_get_a_hash():
    labels = bids_labels(["a-b", "ab", "AB", "...", "c"])
    assert len({label.casefold() for label in labels.values()}) == 5
    assert labels["c"] == "c" and all(label.isalnum() for label in labels.values())


def test_the_page_warns_first_and_leads_to_every_table(ran):
    page = (ran.out / "classification.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert page.index("3 people: intervals over so few") < page.index("trained on") < page.index("<figure>")
    assert "trained on everybody but the person who is tested" in page
    assert "it knows the person who is tested, and decides nothing" in page
    assert "permuting the labels within people" in page and "(Winkler et al. 2015)" in page
    for name in TABLES:
        assert f'href="group/{ran.table(name).name}"' in page
    assert page.count("<figure>") == 4  # people, two confusions, pairs
    assert "<script" not in page and not re.findall(r'src="(?!data:)', page)


def test_informative_pairs_are_those_that_were_moved():
    rng = np.random.default_rng(0)
    labels = np.tile(["happy", "sad"], 12)
    meshes = rng.normal(0, 0.01, size=(24, 6, 3)) + 10 * np.eye(6, 3)
    meshes[labels == "happy", 4, 0] += 2.0  # the only difference of the two
    coords = {"subject": ("clip", np.repeat(list("abcdef"), 4)), "label": ("clip", labels)}
    space = DistanceSpace(xr.DataArray(meshes, coords, ("clip", "vertex", "space")))
    pairs = informative_pairs(space, cross_validate(space))
    assert pairs.attrs["explained"] == 24
    assert ((pairs.loc[:2, ["vertex_a", "vertex_b"]] == 4).any(axis=1)).all()
    assert pairs.loc[0, "share"] > 0 and pairs["share"].abs().sum() == pytest.approx(1)


def test_no_pair_is_informative_where_nobody_shares_an_expression():
    coords = {"subject": ("clip", list("aabb")), "label": ("clip", ["happy", "happy", "sad", "sad"])}
    faces = np.random.default_rng(0).normal(size=(4, 6, 3))
    space = DistanceSpace(xr.DataArray(faces, coords, ("clip", "vertex", "space")))
    people = xr.Dataset({"fold": (("repeat", "clip"), [[0, 0, 1, 1]])})
    assert informative_pairs(space, people).empty


def test_a_clip_that_failed_is_told_on_the_page(copy):
    shelf = Shelf(copy.out, copy.clips, Entities(task="clips"))
    shape = read_array(next(copy.out.glob("sub-*/beh/*_mesh.nc")))
    content = classification_content(Study(), shelf, shape, notes=["clip x could not be used: <no> face"])
    assert "clip x could not be used" in " ".join(notice.text for notice in content.warnings)
    assert "&lt;no&gt; face" in render_report(content)


def test_a_study_that_holds_classified_clips_shows_them_in_its_report(ran, tmp_path):
    assert classification_section(tmp_path) is None and classification_link(tmp_path) == {}
    section = classification_section(ran.out)
    assert list(section.tables[0].table["protocol"]) == ["guarded", "published"]
    assert classification_link(ran.out) == {"Expressions told apart": "classification.html"}
