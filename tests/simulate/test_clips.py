"""Generated clips: hit rates follow the margin, people have dialects, and the files are what the table says."""

import numpy as np
import pandas as pd
import pytest

from isc.simulate.clips import EXPRESSIONS, clip_script, simulate_clips

EMOTIONS = [label for label in EXPRESSIONS if label != "neutral"]


@pytest.fixture(scope="module")
def script():
    rows, movements = zip(*clip_script(8, 4, EMOTIONS, seed=0), strict=True)
    return pd.DataFrame(rows), np.stack(movements)


def test_every_person_shows_every_expression_of_both_kinds_several_times(script):
    table, _ = script
    assert set(table.groupby(["subject", "label", "kind"]).size()) == {4}
    assert table["take"].nunique() == 8 * 6 * 2
    assert table["clip"].is_unique


def test_raters_recognise_clips_that_lie_far_from_other_expressions(script):
    table, _ = script
    assert table["margin"].corr(table["hit_rate"], method="spearman") > 0.8
    by_kind = table.groupby("kind")["hit_rate"].mean()
    assert by_kind["posed"] > by_kind["genuine"] + 20
    assert table["hit_rate"].between(0, 100).all()


def test_a_person_repeats_an_expression_more_alike_than_two_persons_do(script):
    table, movements = script
    happy = (table["label"] == "happy") & (table["kind"] == "posed")
    people = table["subject"][happy].to_numpy()
    gaps = np.linalg.norm(movements[happy][:, None] - movements[happy], axis=2)
    same = people[:, None] == people
    assert gaps[same & ~np.eye(len(people), dtype=bool)].mean() < 0.7 * gaps[~same].mean()


def test_the_neutral_face_does_not_move_and_is_posed_only():
    rows, movements = zip(*clip_script(2, 2, ["neutral"], seed=0), strict=True)
    assert {row["kind"] for row in rows} == {"posed"}
    assert not np.any(movements)


def test_a_seed_gives_the_same_script():
    first, again, other = (clip_script(2, 2, ["sad"], seed=s) for s in (1, 1, 2))
    assert [row for row, _ in first] == [row for row, _ in again]
    assert any((a != b).any() for (_, a), (_, b) in zip(first, other, strict=True))


def test_files_are_those_of_the_table_and_repetitions_differ(tmp_path):
    import av

    table = simulate_clips(tmp_path / "new", n_subject=1, n_repetition=2, labels=["surprised", "neutral"], duration=0.6)
    assert sorted(table["path"]) == sorted(path.name for path in (tmp_path / "new").glob("*.mp4"))
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "new" / "clips.tsv", sep="\t", dtype={"subject": str}), table)

    def pixels(name):
        with av.open(tmp_path / "new" / f"{name}.mp4") as container:
            return np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)]).astype(int)

    still, again, open_mouth = (
        pixels(f"sub-01_{name}") for name in ("neutral_posed_01", "neutral_posed_02", "surprised_posed_01")
    )
    assert still.shape == (4, 180, 160)
    assert (still != again).mean() > 0.3
    assert np.abs(open_mouth[-1] - open_mouth[0]).mean() > np.abs(still[-1] - still[0]).mean()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ["bored"]}, "labels must be some of"),
        ({"labels": []}, "given none"),
        ({"n_subject": 0}, "one subject and one repetition"),
    ],
)
def test_unusable_wishes_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        simulate_clips(tmp_path, **options)
