"""The experiment on joystick ratings: its numbers against plain numpy, and the layout of the published files."""

import json

import numpy as np
import pytest


def published(folder, clips):
    """Write the JSON files of the data set, one a person, from arrays (person, frame, [t, valence, arousal])."""
    paths = []
    for person in range(len(next(iter(clips.values())))):
        videos = []
        for name, values in clips.items():
            frames = [
                dict(zip(("TimeStamp", "Valence", "Arousal"), map(float, row), strict=True)) for row in values[person]
            ]
            videos.append({"VideoID": name, "TimeStamp_Valence_Arousal": frames})
        content = {"ParticipantID": str(person + 1), "Video_Annotation_FrameData": videos}
        paths.append(folder / f"P{person + 1}_Annotation_FrameData.json")
        paths[-1].write_text(json.dumps({"ContinuousAnnotation_FrameData": [content]}, indent=4))
    return paths


def ratings(n_person=5, n_frame=60, seed=0):
    rng = np.random.default_rng(seed)
    values = 5 + np.cumsum(rng.normal(size=(n_person, n_frame, 3)), axis=1)
    values[:, :, 0] = np.arange(n_frame) / 25
    return values.round(3).astype(np.float32)


def test_the_published_files_give_the_arrays_they_were_made_from(load, tmp_path):
    module = load("ceap")
    clips = {clip: ratings(seed=number) for number, clip in enumerate(module.CLIPS)}
    found = module.read_published(published(tmp_path, clips))
    for clip, values in clips.items():
        assert np.array_equal(found[clip], values)


def test_a_person_with_fewer_frames_ends_in_missing_values(load, tmp_path):
    module = load("ceap")
    clips = {clip: ratings() for clip in module.CLIPS}
    paths = published(tmp_path, clips)
    content = json.loads(paths[0].read_text())
    del content["ContinuousAnnotation_FrameData"][0]["Video_Annotation_FrameData"][0]["TimeStamp_Valence_Arousal"][50:]
    paths[0].write_text(json.dumps(content))
    values = module.read_published(paths)["V1"]
    assert np.isnan(values[0, 50:]).all() and np.isfinite(values[1:]).all()
    cube = module.rating_cube(values, "valence")
    assert np.isfinite(module.leave_one_out(cube)).all()
    assert np.isfinite(module.mismatched(cube, [module.rating_cube(clips["V2"], "valence")])).all()


def test_a_rating_that_never_moves_is_left_out(load):
    module = load("ceap")
    values = ratings()
    values[2, :, 1] = 5.0
    each = module.leave_one_out(module.rating_cube(values, "valence"))
    assert np.isnan(each[2]) and np.isfinite(np.delete(each, 2)).all()


def test_people_who_rate_every_clip_alike_gain_nothing_from_the_same_clip(load):
    module = load("ceap")
    cubes = [module.rating_cube(ratings(n_frame=1500, seed=3), "valence") for _ in range(3)]
    same, other = module.leave_one_out(cubes[0]), module.mismatched(cubes[0], cubes[1:])
    assert other == pytest.approx(same, abs=0.05)


@pytest.mark.external
def test_leave_one_out_is_what_plain_numpy_gives(load, external_data):
    module = load("ceap")
    clips = module.read_clips(external_data)
    for clip in module.CLIPS:
        for number, scale in enumerate(module.SCALES, start=1):
            values = clips[clip][:, :, number].astype(float)
            rest = (values.sum(axis=0) - values) / (len(values) - 1)
            moved = np.ptp(values, axis=1) > 0
            expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(values[moved], rest[moved], strict=True)]
            each = module.leave_one_out(module.rating_cube(clips[clip], scale))
            assert each[moved] == pytest.approx(expected, abs=1e-4)
            assert np.isnan(each[~moved]).all()


@pytest.mark.external
@pytest.mark.slow
def test_the_experiment_writes_what_the_dictionary_explains(run_quick, external_data):
    module, out = run_quick("ceap", "--data", external_data)
    summary = json.loads((out / "summary.json").read_text())
    assert {f"ceap/{clip}/{scale}/isc_loo/mean" for clip in module.CLIPS for scale in module.SCALES} < set(summary)
    assert {path.name for path in (out / "figures").iterdir()} == {
        "ratings.svg",
        "ratings.pdf",
        "summary.svg",
        "summary.pdf",
    }
