"""Faults 52, 53, 59, 60, 62 and 64: what pages, tables, pictures, notebooks and copies give away."""

import gzip
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import av
import numpy as np
import pytest
import yaml

from isc.cli import main
from isc.io.bids import raw_path
from isc.io.files.sidecars import differences
from isc.io.files.text import read_tsv, write_tsv
from isc.io.layout.names import Entities
from isc.stages.run import run
from tests.test_repository import has_outputs, shows_a_picture

REPOSITORY = Path(__file__).resolve().parents[2]
PHONE = {
    "location": "+52.5200+013.4050/",
    "com.apple.quicktime.model": "Phone9000",
    "creation_time": "2024-05-01T10:11:12Z",
    "comment": "Anna-Musterfrau",
}
TRACES = (b"52.5200", b"Phone9000", b"2024-05-01", b"10:11:12", b"Musterfrau")
PICTURE_MAGIC = (b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"ftypisom", b"ftypmp4")
BASE64_PICTURES = (b"/9j/4AAQ", b"iVBORw0KGgo", b"R0lGODlh")  # how JPEG, PNG and GIF begin
HEAT_MAPS = (".html", ".svg")  # their drawn maps are pixels; test 059 beside looks for faces in them
FORMULA = re.compile(r"[=+\-@]")


class Page(HTMLParser):
    """What an HTML page runs and loads."""

    def __init__(self, path: Path):
        super().__init__()
        self.scripts, self.loaded, self.policy = 0, [], ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.scripts += tag == "script" and given.get("type") != "application/json"  # data are not run
        self.loaded += [given[name] for name in ("src", "srcset", "poster", "data") if given.get(name)]
        self.loaded += [given["href"]] if tag == "link" else []
        self.loaded += [name for name in given if name.startswith("on")]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]


def events_of(request, label: str) -> Path:
    return raw_path(request.bids_dir, "events", Entities(task="film", subject=label))


@pytest.mark.slow
def test_052_and_053_text_of_others_neither_runs_in_a_page_nor_in_a_spreadsheet(copied):
    request = copied(derivatives=True)
    for label, key in (("01", "<script>alert(1)</script>"), ("02", "=cmd|' /C calc'!A0"), ("03", "@SUM(A1)")):
        table = read_tsv(events_of(request, label)).reset_index(drop=True)
        table["key"] = table["key"].where(table["trial_type"] != "press", key)
        table.to_csv(events_of(request, label), sep="\t", index=False)
    epochs = request.bids_dir / "stimuli" / "task-film_epochs.tsv"
    epochs.write_text("onset\tduration\ttrial_type\n2\t3\t<img src=x onerror=alert(1)>\n")
    assert run(replace(request, skip_bids_validation=True)) == 0
    pages = sorted(request.out_dir.glob("*.html"))
    assert {"report.html", "explore.html", "sub-01.html"} <= {path.name for path in pages}
    for path in pages:
        page = Page(path)
        assert page.policy.startswith("default-src 'none'"), path.name
        assert page.scripts == (path.name == "explore.html"), path.name
        assert [text for text in page.loaded if not text.startswith("data:image/svg+xml;base64,")] == [], path.name
        assert "<script>alert" not in path.read_text(encoding="utf-8")
    assert "Small study &lt;script&gt;alert(1)&lt;/script&gt;" in pages[-1].read_text(encoding="utf-8")
    told = {path: path.read_text() for path in request.out_dir.rglob("*_desc-peaks_events.tsv")}
    assert any("\t'=cmd|' /C calc'!A0\t" in text for text in told.values())
    assert any("\t'@SUM(A1)\t" in text for text in told.values())
    for path in request.out_dir.rglob("*.tsv"):
        assert [cell for cell in cells_of(path) if is_formula(cell)] == [], path.name


def cells_of(path: Path) -> list[str]:
    return [cell for line in path.read_text(encoding="utf-8").splitlines() for cell in line.split("\t")]


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run a cell: it begins like a formula and is no number."""
    try:
        float(cell)
    except ValueError:
        return FORMULA.match(cell) is not None
    return False


def test_053_a_formula_in_a_table_is_recognised(tmp_path):
    assert is_formula("=1+1")
    assert not is_formula("-1.5")
    import pandas as pd

    write_tsv(pd.DataFrame({"key": ["=1+1", "-x", "+", "@a"]}), tmp_path / "a.tsv")
    assert cells_of(tmp_path / "a.tsv") == ["key", "'=1+1", "'-x", "'+", "'@a"]


def test_059_no_chunk_table_or_log_holds_a_picture_anywhere_in_it(analysed):
    files = [path for path in sorted(analysed.out_dir.rglob("*")) if path.is_file()]
    assert any(".zarr/" in path.as_posix() for path in files)
    for path in files:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        assert not content.startswith(PICTURE_MAGIC), path.name
        if path.suffix in HEAT_MAPS:
            assert b"image/jpeg" not in content, path.name
        elif path.suffix in (".json", ".jsonl", ".tsv", ".toml", ".md", ".gz"):
            assert not any(magic in content for magic in (*PICTURE_MAGIC, *BASE64_PICTURES)), path.name


def test_059_the_search_finds_a_frame_that_is_there():
    assert shows_a_picture("isc/logs/run.jsonl", b"data:image/jpeg;base64," + b"A" * 3000)


def consenting(request, column: str, words: dict[str, str]) -> None:
    """Give participants.tsv a consent column."""
    path = request.bids_dir / "participants.tsv"
    table = read_tsv(path).reset_index(drop=True)
    table[column] = [words.get(name, "n/a") for name in table["participant_id"]]
    write_tsv(table, path)


def test_060_frames_are_written_on_request_and_with_consent_only(copied, capfd):
    request = replace(copied(derivatives=True), stages=("extract",), skip_bids_validation=True)
    consenting(request, "consent_frames", {"sub-01": "yes", "sub-02": "no"})
    assert run(request) == 0  # without the flag
    assert list(request.out_dir.rglob("*.png")) == []
    assert run(replace(request, write_frames=True)) == 0
    said = capfd.readouterr().err
    written = list(request.out_dir.rglob("*.png"))
    assert [path.relative_to(request.out_dir).as_posix() for path in written] == [
        "sub-01/figures/sub-01_task-film_desc-frames_qc.png"
    ]
    assert "warning: sub-02: no frames written (consent_frames is 'no', not yes)" in said
    assert "warning: sub-03: no frames written (consent_frames is 'n/a', not yes)" in said
    values = json.loads(written[0].with_suffix(".json").read_text())["Values"]
    assert differences("frames", values) == []
    assert len(values["rows"]) == 6
    consenting(request, "consent_frames", {"sub-01": "no"})  # changed their mind
    assert run(request) == 0
    assert "sub-01: pictures of an earlier run were removed (consent_frames is 'no', not yes)" in capfd.readouterr().err
    assert list(request.out_dir.rglob("*frames*")) == []


def test_060_a_study_without_the_consent_column_gets_no_frames(copied, capfd):
    request = replace(copied(derivatives=True), stages=("extract",), skip_bids_validation=True, write_frames=True)
    assert run(request) == 0
    assert "sub-01: no frames written (participants.tsv has no consent_frames)" in capfd.readouterr().err
    assert list(request.out_dir.rglob("*.png")) == []


def test_060_who_did_not_consent_to_the_analysis_is_left_out(copied, capfd):
    request = replace(copied(derivatives=False), stages=("peaks",), skip_bids_validation=True)
    consenting(request, "consent_analysis", {"sub-01": "yes", "sub-02": "no"})
    assert run(request) == 0
    told = "consent_analysis is not yes for sub-02, sub-03, sub-04, sub-05, sub-06: left out"
    assert told in capfd.readouterr().err
    assert [path.name for path in request.out_dir.glob("sub-*")] == ["sub-01"]
    consenting(request, "consent_analysis", {})
    assert run(request) == 2
    assert "nobody with a video consented" in capfd.readouterr().err


def test_061_a_data_set_is_not_to_be_shared_unless_somebody_decides_so(analysed):
    described = json.loads((analysed.out_dir / "dataset_description.json").read_text())
    assert described["Share"] == "no"
    assert "identify people" in described["PersonalData"]


def test_062_a_notebook_with_an_output_is_caught_by_hook_and_by_test():
    notebook = json.loads(next((REPOSITORY / "notebooks").glob("*.ipynb")).read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert not has_outputs(json.dumps(notebook).encode())
    cell["outputs"] = [{"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 300}, "metadata": {}}]
    spoiled = json.dumps(notebook, indent=1)
    assert has_outputs(spoiled.encode())
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    hook = next(hook for hook in hooks if hook["id"] == "notebook-outputs")
    assert hook["language"] == "pygrep"  # which fails where the pattern is found
    assert re.search(hook["files"], "notebooks/a.ipynb")
    assert re.search(hook["entry"], spoiled)


def with_phone_metadata(video: Path) -> None:
    """The same film as a phone would have left it."""
    plain = video.rename(video.with_name("plain.mp4"))
    with av.open(str(plain)) as source, av.open(str(video), "w", options={"movflags": "use_metadata_tags"}) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        out.metadata.update(PHONE)
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    plain.unlink()


def traces_in(folder: Path) -> list[str]:
    """Files that hold what the phone knew."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
            found += [path.name] if any(trace in content for trace in TRACES) else []
    return found


def test_064_place_device_and_date_of_a_video_go_nowhere(copied, tmp_path, monkeypatch):
    request = copied(derivatives=False)
    request.settings.write_text("[extraction]\nevery = 8\n")
    video = raw_path(request.bids_dir, "video", Entities(task="film", subject="01"))
    with_phone_metadata(video)
    assert traces_in(video.parent) == [video.name]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    wanted = {"levels": ("participant",), "participants": ("01",), "skip_bids_validation": True}
    assert run(replace(request, **wanted)) == 0
    assert traces_in(request.out_dir) == []
    assert list(temporary.iterdir()) == []
    (tmp_path / "table.tsv").write_text(f"participant_id\tvideo\tvideo_onset\nsub-01\t{video.name}\t0\n")
    words = ["import", str(video.parent), str(tmp_path / "copy"), "--table", str(tmp_path / "table.tsv")]
    assert main([*words, "--task-id", "film"]) == 0
    assert traces_in(tmp_path / "copy") == []
    assert np.any([path.suffix == ".mp4" for path in (tmp_path / "copy").rglob("*")])
