"""The fingerprint of the source: of the whole package, whatever room a module is in."""

import isc
from isc.stages.provenance.version import code_version


def test_an_edit_in_any_room_changes_the_fingerprint(tmp_path, monkeypatch):
    monkeypatch.setattr(isc, "__file__", str(tmp_path / "__init__.py"))
    seen = {code_version.__wrapped__()}
    for path in ("windows.py", "kernels/simd.py", "stages/provenance/version.py", "report/templates/page.html"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("1")
        seen.add(code_version.__wrapped__())
        (tmp_path / path).write_text("2")
        seen.add(code_version.__wrapped__())
    assert len(seen) == 9


def test_the_fingerprint_does_not_depend_on_where_the_package_lies(tmp_path, monkeypatch):
    seen = set()
    for place in ("here", "there"):
        (tmp_path / place / "stages").mkdir(parents=True)
        (tmp_path / place / "stages" / "run.py").write_text("1")
        monkeypatch.setattr(isc, "__file__", str(tmp_path / place / "__init__.py"))
        seen.add(code_version.__wrapped__())
    assert len(seen) == 1
