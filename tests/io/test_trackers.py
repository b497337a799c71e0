"""Other face trackers' files, made here in the tools' own conventions."""

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import isc
from isc.io.files.sidecars import read_dictionary
from isc.io.trackers import TrackerError
from isc.io.tracking.conventions import CONVENTIONS, columns_of

N = 12
OPENFACE_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


def openface(n=N):
    rng = np.random.default_rng(0)
    columns = {"frame": np.arange(1, n + 1), "face_id": 0, "timestamp": np.arange(n) / 25, "confidence": 0.98}
    columns |= {"success": 1} | {f"gaze_angle_{axis}": rng.normal(size=n) for axis in "xy"}
    columns |= {f"pose_{kind}{axis}": rng.normal(size=n) for kind in "TR" for axis in "xyz"}
    columns |= {f"{axis}_{k}": rng.normal(size=n) * 9 + 300 for axis in "xyXYZ" for k in range(68)}
    columns |= {f"AU{k:02d}_r": rng.uniform(0, 5, n).round(2) for k in OPENFACE_UNITS}
    columns |= {f"AU{k:02d}_c": rng.integers(0, 2, n) for k in (*OPENFACE_UNITS, 28)}
    return pd.DataFrame(columns)


def pyfeat(n=N):
    rng = np.random.default_rng(1)
    columns = {name: 100.0 for name in ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight")}
    columns |= {"FaceScore": np.full(n, 0.99)} | {f"{axis}_{k}": rng.normal(size=n) for axis in "xy" for k in range(68)}
    columns |= {name: rng.normal(size=n) for name in ("Pitch", "Roll", "Yaw")}
    columns |= {f"AU{k:02d}": rng.uniform(0, 1, n) for k in (1, 2, 4, 6, 12, 43)}
    columns |= {name: rng.uniform(0, 1, n) for name in EMOTIONS}
    columns |= {"input": "clip.mp4", "frame": np.arange(n), "Identity": "Person_0", "approx_time": "00:00"}
    return pd.DataFrame(columns)


def libreface(n=N):
    rng = np.random.default_rng(2)
    columns = {"frame_idx": np.arange(n), "frame_time_in_ms": np.arange(n) * 40.0, "path_to_frame": "x.png"}
    columns |= {f"lm_mp_{k}_{axis}": rng.uniform(size=n) for k in range(478) for axis in "xyz"}
    columns |= {"yaw": 1.0, "pitch": 2.0, "roll": 3.0, "facial_expression": "Happiness"}
    columns |= {f"au_{k}": rng.integers(0, 2, n) for k in (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24)}
    columns |= {f"au_{k}_intensity": rng.uniform(0, 5, n) for k in (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)}
    return pd.DataFrame(columns)


def write(path, table, **options):
    table.to_csv(path, index=False, **options)
    return path


def test_openface_gives_action_units_landmarks_pose_and_gaze(tmp_path):
    table = openface()
    path = tmp_path / "openface.csv"
    path.write_text(table.to_csv(index=False).replace(",", ", "))  # older versions write blanks after the commas
    recording = isc.read_face_tracker(path, subject="01")
    assert recording.attrs["tool"] == "OpenFace" and recording.attrs["rate_hz"] == 25
    assert recording["action_units"].sizes == {"time": N, "action_unit": 17}
    assert recording["occurrence"].sizes["action_unit_occurrence"] == 18
    assert np.allclose(recording["action_units"].sel(action_unit="AU12"), table["AU12_r"])
    assert recording["landmarks"].sizes == {"time": N, "vertex": 68, "space": 2}
    assert np.allclose(recording["landmarks"].sel(vertex=30, space="y"), table["y_30"], atol=1e-4)
    assert np.allclose(recording["landmarks_3d"].sel(point=8, space_3d="z"), table["Z_8"], atol=1e-4)
    assert np.allclose(recording["head"].sel(channel="pose_Ry"), table["pose_Ry"], atol=1e-6)
    assert np.allclose(recording["time"], table["timestamp"])


def test_frames_that_the_tracker_lost_or_was_unsure_of_are_missing(tmp_path):
    table = openface()
    table.loc[3, "success"] = 0
    table.loc[5, "confidence"] = 0.5
    recording = isc.read_face_tracker(write(tmp_path / "of.csv", table), subject="01", min_confidence=0.8)
    assert np.flatnonzero(~recording["detected"]).tolist() == [3, 5]
    assert np.flatnonzero(np.isnan(recording["action_units"]).all("action_unit")).tolist() == [3, 5]


def test_pyfeat_gives_emotions_and_needs_the_videos_rate(tmp_path):
    table = pyfeat()
    table.loc[4, ["FaceScore", "AU12", *EMOTIONS]] = np.nan
    path = write(tmp_path / "fex.csv", table)
    recording = isc.read_face_tracker(path, subject="01", rate=30)
    assert recording.attrs["tool"] == "py-feat"
    assert recording["emotion"].values.tolist() == list(EMOTIONS)
    assert recording["action_unit"].values.tolist() == ["AU01", "AU02", "AU04", "AU06", "AU12", "AU43"]
    assert np.isnan(recording["emotions"][4]).all() and np.isfinite(recording["emotions"][5]).all()
    assert np.allclose(recording["time"], np.arange(N) / 30)
    with pytest.raises(TrackerError, match=r"fex.csv of py-feat holds no times; give rate="):
        isc.read_face_tracker(path, subject="01")


def test_libreface_gives_both_kinds_of_action_units_on_its_clock(tmp_path):
    table = libreface()
    table.to_csv(tmp_path / "libre.csv")  # as the tool does: with a nameless index
    recording = isc.read_face_tracker(tmp_path / "libre.csv", subject="01")
    assert recording.attrs["tool"] == "LibreFace" and recording.attrs["rate_hz"] == 25
    assert np.allclose(recording["action_units"].sel(action_unit="AU12"), table["au_12_intensity"])
    assert np.allclose(recording["occurrence"].sel(action_unit_occurrence="AU12"), table["au_12"])
    assert recording["landmarks"].sizes == {"time": N, "vertex": 478, "space": 3}
    assert np.allclose(recording["landmarks"].sel(vertex=477, space="z"), table["lm_mp_477_z"])


def test_openface_3_is_not_believed_to_name_action_units(tmp_path):
    table = openface().drop(columns=[name for name in openface() if name.startswith("AU")])
    for k in range(1, 9):
        table[f"AU{k:02d}_r"] = k / 10
    with pytest.warns(UserWarning, match="OpenFace 3's outputs by position"):
        recording = isc.read_face_tracker(write(tmp_path / "of3.csv", table), subject="01")
    assert recording["action_unit"].values[2] == "output_3" and recording.attrs["tool"] == "OpenFace 3"


def write_medusa(path, faces=None, **changes):
    rng = np.random.default_rng(3)
    parts = {"v": rng.normal(size=(N, 468, 3)), "frame_t": np.arange(N) / 14.25, "mat": np.tile(np.eye(4), (N, 1, 1))}
    parts |= {"face_idx": faces} if faces is not None else {}
    with h5py.File(path, "w") as file:
        for name, value in {**parts, **changes}.items():
            if value is not None:
                file[name] = np.asarray(value)
        file.attrs["recon_model"], file.attrs["space"] = "mediapipe", "local"
    return parts["v"]


def test_medusa_gives_its_vertices_and_head_pose(tmp_path):
    vertices = write_medusa(tmp_path / "m.h5")
    recording = isc.read_face_tracker(tmp_path / "m.h5", subject="01")
    assert np.allclose(recording["landmarks"], vertices, atol=1e-6)
    assert recording["landmarks"].dims == ("time", "vertex", "space")
    assert recording["head_pose"].sizes == {"time": N, "row": 4, "column": 4}
    assert recording.attrs["coordinates"] == "local" and recording.attrs["rate_hz"] == 14.25


def test_one_of_several_faces_of_medusa_is_chosen(tmp_path):
    faces = np.arange(N) % 2
    vertices = write_medusa(tmp_path / "m.h5", faces)
    with pytest.raises(TrackerError, match=r"several faces, face_idx 0, 1; choose one with face="):
        isc.read_face_tracker(tmp_path / "m.h5", subject="01")
    recording = isc.read_face_tracker(tmp_path / "m.h5", subject="01", face=1)
    assert np.allclose(recording["landmarks"], vertices[faces == 1], atol=1e-6)
    with pytest.raises(TrackerError, match="has no face 7; face_idx is 0, 1"):
        isc.read_face_tracker(tmp_path / "m.h5", subject="01", face=7)


def movement(people=("anna",), plural="s", **attrs):
    rng = np.random.default_rng(4)
    dims = ("time", "space", f"keypoint{plural}", f"individual{plural}")
    names = ["nose", "chin", "brow"]
    return xr.Dataset(
        {
            "position": (dims, rng.normal(size=(N, 2, 3, len(people)))),
            "confidence": ((dims[0], *dims[2:]), np.full((N, 3, len(people)), 0.9)),
        },
        coords={"time": np.arange(N) / 50, "space": ["x", "y"], dims[2]: names, dims[3]: list(people)},
        attrs={"time_unit": "seconds", "fps": 50, "source_software": "DeepLabCut", "ds_type": "poses", **attrs},
    )


@pytest.mark.parametrize("plural", ["s", ""])
def test_movement_gives_named_points(tmp_path, plural):
    data = movement(plural=plural)
    data["confidence"][3, 1] = 0.1
    data.to_netcdf(tmp_path / "m.nc")
    recording = isc.read_face_tracker(tmp_path / "m.nc", subject="01", min_confidence=0.5)
    assert recording["vertex"].values.tolist() == ["nose", "chin", "brow"] and recording.attrs["rate_hz"] == 50
    assert np.isnan(recording["landmarks"].sel(vertex="chin")[3]).all()
    expected = data["position"].sel({f"keypoint{plural}": "brow", f"individual{plural}": "anna"})
    assert np.allclose(recording["landmarks"].sel(vertex="brow"), expected, atol=1e-6)


def test_movement_with_several_people_or_in_frames_needs_a_choice(tmp_path):
    movement(("anna", "ben"), time_unit="frames").assign_coords(time=np.arange(N)).to_netcdf(tmp_path / "m.nc")
    for options, message in [
        ({}, "several individuals, anna, ben; choose one with face="),
        ({"face": "carl"}, "has no individual 'carl'; it has anna, ben"),
        ({"face": "ben"}, "counts frames; give rate="),
    ]:
        with pytest.raises(TrackerError, match=message):
            isc.read_face_tracker(tmp_path / "m.nc", subject="01", **options)
    assert isc.read_face_tracker(tmp_path / "m.nc", subject="01", face="ben", rate=25).attrs["rate_hz"] == 25


def write_deeplabcut(path, people=None):
    rng = np.random.default_rng(5)
    columns = [("net", part, what) for part in ("nose", "chin") for what in ("x", "y", "likelihood")]
    names = ["scorer", "bodyparts", "coords"]
    if people:
        columns = [(c[0], who, *c[1:]) for who in people for c in columns]
        names.insert(1, "individuals")
    values = rng.uniform(0.5, 1, size=(N, len(columns)))
    values[2, 2] = 0.1
    table = pd.DataFrame(values, columns=pd.MultiIndex.from_tuples(columns, names=names))
    table.to_csv(path)
    return table


def test_deeplabcut_tables_are_read_with_their_three_header_rows(tmp_path):
    table = write_deeplabcut(tmp_path / "dlc.csv")
    recording = isc.read_face_tracker(tmp_path / "dlc.csv", subject="01", rate=30, min_confidence=0.4)
    assert recording["vertex"].values.tolist() == ["nose", "chin"] and recording.attrs["tool"] == "DeepLabCut"
    assert np.isnan(recording["landmarks"].sel(vertex="nose")[2]).all()
    assert np.allclose(recording["landmarks"].sel(vertex="chin", space="y"), table[("net", "chin", "y")])
    with pytest.raises(TrackerError, match="give rate="):
        isc.read_face_tracker(tmp_path / "dlc.csv", subject="01")
    table = write_deeplabcut(tmp_path / "two.csv", ["anna", "ben"])
    ben = isc.read_face_tracker(tmp_path / "two.csv", subject="01", rate=30, face="ben")
    assert np.allclose(ben["landmarks"].sel(vertex="nose", space="x"), table[("net", "ben", "nose", "x")])
    with pytest.raises(TrackerError, match="individuals anna, ben; choose one"):
        isc.read_face_tracker(tmp_path / "two.csv", subject="01", rate=30)


@pytest.mark.parametrize("names", [("x_0", "y_0", "x_1", "y_1"), ("nose_x", "nose_y", "chin_x", "chin_y")])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_plain_tables_of_points_need_times_or_a_rate(tmp_path, names, mark):
    table = pd.DataFrame(np.random.default_rng(6).normal(size=(N, 4)), columns=names)
    path = write(tmp_path / "points.csv", table, sep=mark)
    recording = isc.read_face_tracker(path, subject="01", rate=20)
    assert recording["landmarks"].sizes == {"time": N, "vertex": 2, "space": 2}
    assert np.allclose(recording["landmarks"].isel(vertex=1, space=0), table[names[2]], atol=1e-6)
    with pytest.raises(TrackerError, match="landmark table holds no times"):
        isc.read_face_tracker(path, subject="01")
    timed = write(tmp_path / "timed.csv", table.assign(time=np.arange(N) * 0.1), sep=mark)
    assert isc.read_face_tracker(timed, subject="01").attrs["rate_hz"] == 10


def test_action_units_of_several_people_make_a_cube(tmp_path):
    parts = {}
    for name in "ab":
        path = write(tmp_path / f"{name}.csv", openface(100))
        parts[name] = isc.read_face_tracker(path, subject=name)["action_units"]
    result = isc.isc(isc.stack_subjects(parts))
    assert result.sizes == {"action_unit": 17}
    assert np.allclose(result, 1, atol=1e-5), "both are the same recording"


def test_several_faces_and_doubled_frames_are_refused_or_chosen(tmp_path):
    two = pd.concat([openface(), openface().assign(face_id=1)]).sort_values("frame", kind="stable")
    path = write(tmp_path / "two.csv", two)
    with pytest.raises(TrackerError, match=r"several faces, face_id 0 \(12 rows\), 1 \(12 rows\); choose one"):
        isc.read_face_tracker(path, subject="01")
    assert isc.read_face_tracker(path, subject="01", face=1).sizes["time"] == N
    with pytest.raises(TrackerError, match="has no face 3; face_id is 0, 1"):
        isc.read_face_tracker(path, subject="01", face=3)
    doubled = write(tmp_path / "doubled.csv", two.assign(face_id=0))
    with pytest.raises(TrackerError, match="frame 1 occurs twice"):
        isc.read_face_tracker(doubled, subject="01")


def test_wrong_files_are_refused_with_the_reason(tmp_path):
    ratings = write(tmp_path / "ratings.csv", pd.DataFrame({"onset": [1, 2], "key": ["a", "b"]}))
    with pytest.raises(TrackerError, match=r"OpenFace needs frame, timestamp, .*found onset, key"):
        isc.read_face_tracker(ratings, subject="01")
    stills = write(tmp_path / "stills.csv", openface().assign(timestamp=0.0))
    with pytest.raises(TrackerError, match="column timestamp must increase from row to row"):
        isc.read_face_tracker(stills, subject="01")
    empty = write(tmp_path / "words.csv", openface().assign(**{f"AU{k:02d}_r": "x" for k in OPENFACE_UNITS}))
    with pytest.raises(TrackerError, match="columns AU01_r to AU45_r hold no numbers at all"):
        isc.read_face_tracker(empty, subject="01")
    with pytest.raises(TrackerError, match="has 1 rows; a video has two frames or more"):
        isc.read_face_tracker(write(tmp_path / "one.csv", openface(1)), subject="01")
    with pytest.raises(TrackerError, match="rate must be positive"):
        isc.read_face_tracker(ratings, subject="01", rate=0)
    with pytest.raises(FileNotFoundError, match="no file at"):
        isc.read_face_tracker(tmp_path / "absent.csv", subject="01")
    for name in ("x.csv", "x.h5", "x.nc"):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00no table")
        with pytest.raises(TrackerError, match=name):
            isc.read_face_tracker(tmp_path / name, subject="01")


def test_other_hdf5_and_netcdf_files_are_refused(tmp_path):
    for changes, message in [
        ({"v": None}, "is no file of Medusa: v missing, it holds frame_t, mat"),
        ({"v": np.zeros((N, 5))}, r"v must be frames x vertices x 3; it is \(12, 5\)"),
        ({"frame_t": np.zeros(N)}, "12 frames need as many increasing times"),
    ]:
        write_medusa(tmp_path / "m.h5", **changes)
        with pytest.raises(TrackerError, match=message):
            isc.read_face_tracker(tmp_path / "m.h5", subject="01")
    xr.Dataset({"tisc": ("window", [1.0])}).to_netcdf(tmp_path / "t.nc")
    with pytest.raises(TrackerError, match=r"no file of movement: it needs position .* it has tisc"):
        isc.read_face_tracker(tmp_path / "t.nc", subject="01")


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda convention: convention.tool)
def test_every_group_of_columns_occurs_in_a_file_of_its_tool(convention):
    columns = {"OpenFace": openface, "py-feat": pyfeat, "LibreFace": libreface}[convention.tool]().columns
    for group in convention.groups:
        assert columns_of(group, list(columns)), group.variable


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda convention: convention.tool)
def test_every_variable_of_a_tool_is_in_the_data_dictionary(convention):
    described = read_dictionary("trackers")["Columns"]
    for group in convention.groups:
        assert [
            key
            for key, column in described.items()
            if key.startswith(convention.tool) and f"becomes {group.variable}." in column["Description"]
        ], group.variable


@pytest.mark.external
def test_openface_clip_means_of_ravdess_are_no_video(external_data):
    path = external_data / "ravdess_action_units" / "df_average_AUs_total.csv"
    with pytest.raises(TrackerError, match="OpenFace needs"):
        isc.read_face_tracker(path, subject="01")
