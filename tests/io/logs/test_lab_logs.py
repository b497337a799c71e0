"""Logs in the formats of PsychoPy and E-Prime, made here, are read through mappings; the film is never guessed."""

import numpy as np
import pytest

from isc.io.keyboard import read_key_log
from isc.io.log_mapping import LogMapping
from isc.io.logs.film_clock import KeyLogError

# Times and keys of a film of 60 s that starts at 12.5 s on the clock of the program.
FILM, PRESSES = 12.5, ((17.0, "space"), (30.25, "space"), (50.0, "up"))
PSYCHOPY = LogMapping(
    format="psychopy",
    units="s",
    key="key_resp.keys",
    time="key_resp.rt",
    time_zero="key_resp.started",
    film_start="movie.started",
    film_stop="movie.stopped",
)
EPRIME = LogMapping(
    format="eprime",
    units="ms",
    key="Press.RESP",
    time="Press.RTTime",
    film_start="Film.OnsetTime",
    where={"Procedure": "PressProc"},
)


def psychopy(path, presses=PRESSES, *, encoding="utf-8-sig", end=""):
    """CSV as PsychoPy's ExperimentHandler writes it: a row a routine, all keys of a component in one cell."""
    header = (
        "trials.thisN,text.started,movie.started,movie.stopped,key_resp.keys,key_resp.rt,key_resp.duration,"
        "key_resp.started,key_resp.stopped,participant,session,date,expName,psychopyVersion,frameRate"
    )
    about = "07,001,2026-03-02_10h11.12.345,film,2024.2.4,60.01"
    keys = str([key for _, key in presses]) if presses else "None"
    times = str([round(time - FILM - 0.02, 6) for time, _ in presses]) if presses else ""
    held = str([None] * len(presses)) if presses else ""
    film = f'0,,{FILM},72.5,"{keys}","{times}","{held}",{FILM + 0.02},,{about}'
    rows = [header + end, f",3.1,,,,,,,,{about}{end}", film + end]
    path.write_bytes("\r\n".join([*rows, ""]).encode(encoding))
    return path


def eprime(path, presses=PRESSES, *, encoding="utf-16"):
    """Text log as E-Prime 2 and 3 write it: UTF-16, tabs by level, a frame a press and one of the film itself."""
    head = "*** Header Start ***\nVersionPersist: 1\nLevelName: Session\nLevelName: Block\nSubject: 7\nSession: 1\n"
    film = f"\tProcedure: FilmProc\n\tFilm.OnsetTime: {round(1000 * FILM)}\n\tFilm.OnsetDelay: 12\n"
    frames = f"\tLevel: 2\n\t*** LogFrame Start ***\n{film}\t*** LogFrame End ***\n"
    for onset, key in [*presses, (0.0, "")]:
        attributes = {
            "Procedure": "PressProc",
            "Running": "PressList",
            "Press.RT": round(1000 * (onset - FILM)) if key else 0,
            "Press.RTTime": round(1000 * onset),
            "Press.RESP": f"{{{key.upper()}}}" if key else "",
        }
        lines = "".join(f"\t{name}: {value}\n" for name, value in attributes.items())
        frames += f"\tLevel: 2\n\t*** LogFrame Start ***\n{lines}\t*** LogFrame End ***\n"
    outer = "Level: 1\n*** LogFrame Start ***\nExperiment: film\nClock.Information: <?xml version=1.0?>\n"
    text = head + "*** Header End ***\n" + frames + outer + "*** LogFrame End ***\n"
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["", ","])
def test_all_keys_of_a_psychopy_component_are_read_on_the_clock_of_the_film(tmp_path, encoding, end):
    log = read_key_log(psychopy(tmp_path / "07_film.csv", encoding=encoding, end=end), mapping=PSYCHOPY)
    assert log["onset"].tolist() == pytest.approx([4.5, 17.75, 37.5])
    assert log["key"].tolist() == ["space", "space", "up"]
    assert (log.attrs["valid"], log.attrs["stop"]) == (True, 60.0)


def test_a_component_that_keeps_the_last_key_only_has_no_list(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("movie.started,movie.stopped,key_resp.keys,key_resp.rt,key_resp.started\n1,61,space,4.5,1\n")
    assert read_key_log(path, mapping=PSYCHOPY)["onset"].tolist() == [4.5]


def test_nobody_pressing_in_a_film_with_both_markers_is_zero_presses(tmp_path):
    log = read_key_log(psychopy(tmp_path / "log.csv", ()), mapping=PSYCHOPY)
    assert (len(log), log.attrs["valid"], log.attrs["stop"]) == (0, True, 60.0)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_the_frames_of_an_eprime_log_are_presses_in_milliseconds(tmp_path, encoding):
    log = read_key_log(eprime(tmp_path / "film-7-1.txt", encoding=encoding), mapping=EPRIME, duration=60)
    assert log["onset"].tolist() == pytest.approx([4.5, 17.75, 37.5])
    assert log["key"].tolist() == ["space", "space", "up"]


def test_a_practice_film_is_left_out_by_choosing_rows(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("block,name,t,film\npractice,,,5\npractice,space,7,\nmain,,,100\nmain,space,103,\n")
    mapping = LogMapping(
        format="table",
        units="s",
        key="name",
        time="t",
        film_start="film",
        where={"block": "main"},
        film_where={"block": "main"},
    )
    assert read_key_log(path, mapping=mapping, duration=60)["onset"].tolist() == [3.0]
    with pytest.raises(
        KeyLogError, match="film holds 2 different times; one film a log, so choose its row by film_where"
    ):
        read_key_log(path, mapping=mapping.model_copy(update={"film_where": {}}), duration=60)


def test_a_held_key_is_one_press_in_these_logs_too(tmp_path):
    held = [(20.0 + k / 30, "space") for k in range(60)]
    log = read_key_log(psychopy(tmp_path / "log.csv", held), mapping=PSYCHOPY)
    assert log["onset"].tolist() == pytest.approx([7.5])
    assert log["n_row"].tolist() == [60]


def test_only_the_keys_of_the_mapping_are_presses(tmp_path):
    mapping = PSYCHOPY.model_copy(update={"press": ("space",)})
    assert read_key_log(psychopy(tmp_path / "log.csv"), mapping=mapping)["key"].tolist() == ["space", "space"]


def test_the_export_of_e_dataaid_is_a_table_with_a_line_before_its_header(tmp_path):
    path = tmp_path / "export.txt"
    rows = [("Film.OnsetTime", "Press.RTTime", "Press.RESP"), ("500", "3000", "{SPACE}"), ("500", "3000", "{SPACE}")]
    text = "Study.emrg2\r\n" + "\r\n".join("\t".join(row) for row in rows)
    path.write_bytes(text.encode("utf-16"))
    mapping = LogMapping(
        format="table",
        units="ms",
        key="Press.RESP",
        time="Press.RTTime",
        film_start="Film.OnsetTime",
        delimiter="\t",
        skip_lines=1,
    )
    log = read_key_log(path, mapping=mapping, duration=60)
    assert (log["onset"].tolist(), log["n_row"].tolist()) == ([2.5], [1])


def test_decimal_commas_are_read_when_the_mapping_says_so(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("name;t\ntrigger;10,5\nspace;13,0\nquit;70,5\n")
    mapping = LogMapping(
        format="table",
        units="s",
        key="name",
        time="t",
        start_key="trigger",
        stop_key="quit",
        delimiter=";",
        decimal=",",
    )
    log = read_key_log(path, mapping=mapping)
    assert (log["onset"].tolist(), log.attrs["stop"]) == ([2.5], 60.0)


def test_a_mapping_file_serves_as_well_as_a_mapping(tmp_path):
    (tmp_path / "mapping.toml").write_text(
        'format = "table"\nunits = "ms"\nkey = "name"\ntime = "t"\nfilm_start = 1000\nfilm_stop = 61000\n'
    )
    (tmp_path / "log.csv").write_text("name,t\nspace,3500\n")
    log = read_key_log(tmp_path / "log.csv", mapping=tmp_path / "mapping.toml")
    assert (log["onset"].tolist(), log.attrs["stop"]) == ([2.5], 60.0)


def test_milliseconds_do_not_pass_as_the_seconds_of_a_mapping(tmp_path):
    mapping = EPRIME.model_copy(update={"units": "s"})
    with pytest.raises(KeyLogError, match="do not fit a film of 60 s; give the Units of onset"):
        read_key_log(eprime(tmp_path / "log.txt"), mapping=mapping, duration=60)


MAPPED = {"format": "table", "units": "s", "key": "name", "time": "t"}
REFUSED = {
    "an absent column": ("k,t\na,1\n", {"film_start": 0}, "has no column name, which the mapping names; found k, t"),
    "no start key": ("name,t\na,1\n", {"start_key": "trigger"}, "has no key 'trigger', which the mapping names"),
    "two start keys": ("name,t\nx,1\nx,9\n", {"start_key": "x"}, "has 2 start markers"),
    "two films": ("name,t,f\na,1,0\na,99,90\n", {"film_start": "f"}, "f holds 2 different times; one film a log"),
    "no film": ("name,t,f\na,1,\n", {"film_start": "f"}, "f holds 0 different times"),
    "a clock that restarted": ("name,t\na,9\na,1\n", {"film_start": 0}, "line 3: onset goes back from 9 s to 1 s"),
    "a decimal comma": ('name,t\na,"1,5"\n', {"film_start": 0}, "line 2: t '1,5' is no number"),
    "keys without times": ("name,t\n\"['a', 'b']\",[1.0]\n", {"film_start": 0}, "line 2: 2 keys in name but 1 times"),
    "no such rows": ("name,t,b\na,1,x\n", {"film_start": 0, "where": {"b": "y"}}, "has no row where {'b': 'y'}"),
    "a short row": ("name,t\na\n", {"film_start": 0}, "line 2: 1 fields under 2 columns"),
}


@pytest.mark.parametrize(("content", "mapped", "message"), REFUSED.values(), ids=REFUSED)
def test_a_log_that_would_have_to_be_guessed_is_refused(tmp_path, content, mapped, message):
    path = tmp_path / "log.csv"
    path.write_text(content)
    with pytest.raises(KeyLogError, match=message):
        read_key_log(path, mapping=LogMapping(**MAPPED, **mapped), duration=60)


@pytest.mark.parametrize(
    ("text", "message"),
    [("Level: 1\n", "has no LogFrame"), ("*** LogFrame Start ***\nA: 1\n", "ends inside a LogFrame")],
)
def test_a_text_that_is_no_whole_eprime_log_is_refused(tmp_path, text, message):
    path = tmp_path / "log.txt"
    path.write_text(text)
    with pytest.raises(KeyLogError, match=message):
        read_key_log(path, mapping=EPRIME)


def test_the_programs_agree_to_a_millisecond(tmp_path):
    rng = np.random.default_rng(0)
    presses = [(float(time), "space") for time in np.round(FILM + np.cumsum(rng.uniform(1.1, 6, 12)), 3)]
    first = read_key_log(psychopy(tmp_path / "a.csv", presses), mapping=PSYCHOPY)
    second = read_key_log(eprime(tmp_path / "b.txt", presses), mapping=EPRIME, duration=60)
    assert first["onset"].to_numpy() == pytest.approx(second["onset"].to_numpy(), abs=1e-3)
