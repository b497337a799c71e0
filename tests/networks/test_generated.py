"""A generated corpus is made once and made anew for other settings."""

import xarray as xr

from isc.networks import generated
from isc.networks.generated import generated_corpus


def test_a_corpus_is_kept_and_made_anew_for_other_settings(tmp_path, monkeypatch):
    made = []

    def clips(folder, **how):
        made.append(how)
        return folder

    def corpus(clips, folder, **how):
        return xr.Dataset({"x": ("clip", [len(made)])}, {"label": ("clip", ["happy"])})

    monkeypatch.setattr(generated, "simulate_clips", clips)
    monkeypatch.setattr(generated, "clip_corpus", corpus)
    first, again = (generated_corpus(tmp_path, n_subject=2, size=48) for _ in range(2))
    assert first.identical(again) and made == [{"n_subject": 2, "n_repetition": 3, "seed": 0}]
    assert generated_corpus(tmp_path, n_subject=2, size=64)["x"].item() == 2
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.nc"]
