"""Clips are read by the names that the corpora really use; every other file is listed with the reason."""

import itertools

import numpy as np
import pandas as pd
import pytest

from isc.classification.clips import check_clips
from isc.classification.corpora import crema_d_clips, facexp_clips, pedfe_clips, ravdess_clips
from isc.classification.image_corpora import aff_wild2_frames, affectnet_clips, expw_faces


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def problems(corpus):
    return dict(zip(corpus.problems["path"], corpus.problems["problem"], strict=True))


def test_all_1440_speech_clips_of_ravdess_are_read(tmp_path):
    names = [
        f"Actor_{a:02d}/02-01-{e:02d}-{i:02d}-{s:02d}-{r:02d}-{a:02d}.mp4"
        for a, e, i, s, r in itertools.product(range(1, 25), range(1, 9), (1, 2), (1, 2), (1, 2))
        if not (e == 1 and i == 2)
    ]
    touch(tmp_path, *names)
    clips, wrong = ravdess_clips(tmp_path)
    assert (len(clips), len(wrong)) == (1440, 0)
    check_clips(clips)
    assert clips["label"].value_counts()["neutral"] == 96
    assert set(clips.groupby("item").size()) == {2}
    assert set(clips.groupby("take").size()) == {4}
    assert (clips.groupby("take")[["subject", "label", "intensity"]].nunique() == 1).all().all()
    row = clips.set_index("clip").loc["02-01-06-02-01-02-12"]
    assert row[["subject", "label", "intensity", "statement", "repetition", "channel"]].tolist() == [
        "12",
        "fearful",
        "strong",
        1,
        2,
        "speech",
    ]


def test_wrong_names_of_ravdess_are_listed_and_nothing_is_guessed(tmp_path):
    touch(
        tmp_path,
        "02-01-03-01-01-01-01.mp4",
        "01-01-03-01-01-01-01.mp4",
        "Actor_05/02-01-03-01-01-01-06.mp4",
        "notes.txt",
        "02-01-09-01-01-01-01.mp4",
        "02-01-01-02-01-01-01.mp4",
        "02-01-03-01-01-01.mp4",
        "03-01-03-01-01-01-01.mp4",
        "02-01-03-01-01-01-25.mp4",
        "02-03-03-01-01-01-01.mp4",
        "copy/02-01-03-01-01-01-01.mp4",
        ".hidden/x.mp4",
    )
    corpus = ravdess_clips(tmp_path)
    assert corpus.clips["clip"].tolist() == ["02-01-03-01-01-01-01"]
    assert problems(corpus) == {
        "Actor_05/02-01-03-01-01-01-06.mp4": "actor 06 lies in folder Actor_05",
        "notes.txt": "not a video (.mp4, .avi, .flv, .mov, .mkv, .webm, .mpg, .wmv)",
        "02-01-09-01-01-01-01.mp4": "emotion 09 is not one of 01, 02, 03, 04, 05, 06, 07, 08",
        "02-01-01-02-01-01-01.mp4": "neutral has no strong intensity",
        "02-01-03-01-01-01.mp4": "a name has seven two-digit numbers with hyphens: 02-01-06-01-02-01-12",
        "03-01-03-01-01-01-01.mp4": "modality 03 has no picture",
        "02-01-03-01-01-01-25.mp4": "actor 25 is not one of 01 to 24",
        "02-03-03-01-01-01-01.mp4": "channel 03 is not one of 01, 02",
        "copy/02-01-03-01-01-01-01.mp4": "another file has the same name",
    }
    assert len(ravdess_clips(tmp_path, modality=None).clips) == 2
    assert ravdess_clips(tmp_path, modality="audio-video").clips["modality"].tolist() == ["audio-video"]


def test_both_modalities_of_a_performance_are_one_item(tmp_path):
    touch(tmp_path, "01-01-03-01-01-01-01.mp4", "02-01-03-01-01-01-01.mp4")
    assert ravdess_clips(tmp_path, modality=None).clips["item"].nunique() == 1


def test_clips_of_crema_d_are_read(tmp_path):
    touch(
        tmp_path,
        "1001_DFA_ANG_XX.flv",
        "1001_IEO_SAD_HI.flv",
        "1091_IEO_HAP_LO.mp4",
        "1040_ITH_SAD_X.flv",
        "1092_DFA_ANG_XX.flv",
        "1001_ABC_ANG_XX.flv",
        "1001_DFA_SUR_XX.flv",
        "1001_DFA_ANG_MX.flv",
    )
    corpus = crema_d_clips(tmp_path)
    assert corpus.clips["label"].tolist() == ["angry", "sad", "happy"]
    assert corpus.clips["intensity"].tolist() == ["unspecified", "high", "low"]
    found = problems(corpus)
    assert "actor_sentence_emotion_level" in found["1040_ITH_SAD_X.flv"]
    assert "not one of 1001 to 1091" in found["1092_DFA_ANG_XX.flv"]
    assert "sentence ABC is not one of" in found["1001_ABC_ANG_XX.flv"]
    assert "emotion SUR is not one of" in found["1001_DFA_SUR_XX.flv"]
    assert "level MX is not one of" in found["1001_DFA_ANG_MX.flv"]


def test_clips_of_facexp_are_read_by_three_numbers(tmp_path):
    touch(tmp_path, "subj03_expr04_rep02.mp4", "03-05-01.mp4", "03-04.mp4", "03-04-01-02.mp4", "03-09-01.mp4")
    corpus = facexp_clips(tmp_path, labels={"04": "happy", "05": "sad"})
    assert corpus.clips[["subject", "label", "repetition"]].values.tolist() == [["03", "sad", 1], ["03", "happy", 2]]
    found = problems(corpus)
    assert "exactly three two-digit numbers" in found["03-04.mp4"] and "exactly three" in found["03-04-01-02.mp4"]
    assert found["03-09-01.mp4"] == "expression 09 is not one of 04, 05"


@pytest.fixture
def ratings():
    rows = [
        ("a1", 7, "Posed", "Happiness", 90.0),
        ("a2", 7, "Genuine ", "Anger", 45.0),
        ("a3", 8, "posed", "Awe", 10.0),
        ("a4", 8, "both", "Anger", 20.0),
        ("a5", 9, "Posed", "Anger", 30.0),
    ]
    return pd.DataFrame(rows, columns=["PEDFE_code", "who", "type", "emotion", "hr"])


COLUMNS = {"code": "PEDFE_code", "subject": "who", "kind": "type", "label": "emotion", "hit_rate": "hr"}
WORDS = {"Happiness": "happy", "Anger": "angry"}


def test_clips_of_pedfe_are_joined_with_their_ratings(tmp_path, ratings):
    touch(tmp_path, "a1.mp4", "a2.mp4", "a3.mp4", "a4.mp4", "b9.mp4")
    corpus = pedfe_clips(tmp_path, ratings, columns=COLUMNS, labels=WORDS)
    assert corpus.clips[["subject", "label", "kind", "hit_rate"]].values.tolist() == [
        ["7", "happy", "posed", 90.0],
        ["7", "angry", "genuine", 45.0],
    ]
    assert problems(corpus) == {
        "a3.mp4": "label Awe is not one of Happiness, Anger",
        "a4.mp4": "kind both is not one of posed, genuine",
        "b9.mp4": "the table of ratings has no such code",
        "a5": "in the table of ratings but not in the folder",
    }


def test_a_table_of_ratings_without_its_columns_is_refused(tmp_path, ratings):
    touch(tmp_path, "a1.mp4")
    with pytest.raises(ValueError, match=r"missing \['hit_rate'\]"):
        pedfe_clips(tmp_path, ratings, columns={k: v for k, v in COLUMNS.items() if k != "hit_rate"}, labels=WORDS)
    with pytest.raises(ValueError, match=r"missing \['rate'\]; the table has \['PEDFE_code'"):
        pedfe_clips(tmp_path, ratings, columns=COLUMNS | {"hit_rate": "rate"}, labels=WORDS)
    with pytest.raises(ValueError, match="code a1 occurs twice"):
        pedfe_clips(tmp_path, pd.concat([ratings, ratings[:1]]), columns=COLUMNS, labels=WORDS)


def test_a_folder_without_clips_is_refused_with_the_first_reason(tmp_path):
    with pytest.raises(ValueError, match="there is no folder 'nowhere'"):
        ravdess_clips(tmp_path / "nowhere")
    touch(tmp_path, "holiday.mp4")
    with pytest.raises(ValueError, match="the first of 1 problems: holiday.mp4: a name has seven"):
        ravdess_clips(tmp_path)
    with pytest.raises(ValueError, match="modality must be"):
        ravdess_clips(tmp_path, modality="audio")
    touch(tmp_path, "01-01-03-01-01-01-01.mp4")
    with pytest.raises(ValueError, match="no clip has modality 'video'"):
        ravdess_clips(tmp_path)


def test_pictures_of_affectnet_are_read_and_their_people_are_unknown(tmp_path):
    for part, number, code in (("train_set", 1, "3"), ("train_set", 2, "9"), ("val_set", 1, "0"), ("val_set", 3, "x")):
        touch(tmp_path, f"{part}/images/{number}.jpg")
        (tmp_path / part / "annotations").mkdir(exist_ok=True)
        np.save(tmp_path / part / "annotations" / f"{number}_exp.npy", code)
    touch(tmp_path, "train_set/images/7.jpg", "read_me.txt")
    corpus = affectnet_clips(tmp_path)
    assert corpus.clips[["clip", "label", "part"]].values.tolist() == [
        ["train_set-1", "surprised", "train_set"],
        ["val_set-1", "neutral", "val_set"],
    ]
    assert problems(corpus) == {
        "train_set/images/2.jpg": "expression 9 is not one of 0 to 7",
        "train_set/images/7.jpg": "there is no 7_exp.npy in annotations",
        "val_set/images/3.jpg": "3_exp.npy holds no whole number",
        "read_me.txt": "neither in images nor in annotations",
    }
    with pytest.raises(ValueError, match="subject of clip train_set-1 is empty"):
        check_clips(corpus.clips)
    check_clips(affectnet_clips(tmp_path, people="one_per_source").clips)
    with pytest.raises(ValueError, match="people must be"):
        affectnet_clips(tmp_path, people="known")


def test_frames_of_aff_wild2_are_read(tmp_path):
    header = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other\n"
    (tmp_path / "labels").mkdir()
    for name, text in {"v1": header + "0\n-1\n6\n7\n", "v2": header + "9\n", "v3": "Joy\n1\n"}.items():
        (tmp_path / "labels" / f"{name}.txt").write_text(text)
    touch(tmp_path, "frames/v1/00001.jpg", "frames/v1/00002.jpg", "frames/v1/00003.jpg", "frames/v2/00001.jpg")
    corpus = aff_wild2_frames(tmp_path / "labels", tmp_path / "frames", people="one_per_source")
    assert corpus.clips[["clip", "subject", "label", "frame"]].values.tolist() == [
        ["v1/00001", "v1", "neutral", 1],
        ["v1/00003", "v1", "surprised", 3],
    ]
    found = problems(corpus)
    assert found["v1.txt"] == "1 labelled frames have no picture"
    assert "'9' is not an expression from -1 to 7" in found["v2.txt"]
    assert "the first line must name expressions" in found["v3.txt"]


def test_faces_of_expw_are_read(tmp_path):
    touch(tmp_path, "image/a.jpg", "image/b.jpg")
    lines = [
        "a.jpg 0 10 20 80 90 55.2 3",
        "a.jpg 1 1 2 8 9 5 6",
        "b.jpg 0 1 2 3 4 5 7",
        "c.jpg 0 1 2 3 4 5 1",
        "b.jpg 0 1",
        "b.jpg 0 x 2 3 4 5 1",
    ]
    (tmp_path / "label.lst").write_text("\n".join(lines))
    corpus = expw_faces(tmp_path)
    assert corpus.clips[["clip", "label", "bottom"]].values.tolist() == [
        ["a-0", "happy", 90.0],
        ["a-1", "neutral", 9.0],
    ]
    assert problems(corpus) == {
        "label.lst line 3": "expression 7 is not one of 0 to 6",
        "label.lst line 4": "there is no picture c.jpg",
        "label.lst line 5": "a line has 8 words: image face top left right bottom confidence code; this one has 3",
        "label.lst line 6": "top is not a number",
    }
    (tmp_path / "label.lst").unlink()
    with pytest.raises(ValueError, match="there is no label.lst"):
        expw_faces(tmp_path)
