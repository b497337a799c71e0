"""Settings: known keys, ranges, and TOML that comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isc.study import Study, StudyError, format_study, read_study


def written(folder, text):
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_the_defaults_are_the_recommended_settings():
    study = Study()
    assert (study.tisc.window, study.tisc.step) == (5.0, 5 / 3)
    assert study.null.schemes[0] == "circular_shift"
    assert study.null.n_surrogates == 1000


@given(seed=st.integers(0, 2**63 - 1), window=st.floats(0.1, 3000), title=st.text(max_size=30))
def test_settings_come_back_from_toml(tmp_path_factory, seed, window, title):
    study = Study.model_validate({"title": title, "null": {"seed": seed}, "tisc": {"window": window}})
    folder = tmp_path_factory.mktemp("toml")
    assert read_study(written(folder, format_study(study))) == study


def test_words_that_a_parameter_may_have_are_told():
    lines = dict(line.split(" = ", 1) for line in format_study(Study()).splitlines() if " = " in line)
    assert lines["extent"].endswith("Of: equal, common, union.")
    assert lines["schemes"].endswith("Of: circular_shift, sign_flip, phase, block, timepoint_shuffle.")
    assert "Of:" not in lines["alpha"]


def test_what_is_not_set_is_a_comment():
    assert "# rate is not set: " in format_study(Study())
    assert "\nrate = 12.5  # " in format_study(Study.model_validate({"cube": {"rate": 12.5}}))


def test_settings_cannot_change():
    with pytest.raises(ValueError, match="frozen"):
        Study().task = "other"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tisc]\nwindwo = 4\n", "tisc.windwo is not a known key; did you mean 'window'?"),
        ("[zzz]\na = 1\n", "zzz is not a known key; known keys: task, title"),
        ("[tisc]\nwindow = -1\n", "tisc.window is -1: Input should be greater than 0"),
        ("[null]\nschemes = []\n", "schemes is empty"),
        ('task = "a b"\n', "task is 'a b'"),
        ("x =", "is not valid TOML"),
        ("[behaviour]\nlags = [3.0, 0.0]\n", "lags are 3 to 0; give the smaller one first"),
        ("[behaviour]\nlags = [0.0, 9999.0]\n", "Input should be less than or equal to 600"),
        ("[tisc]\npairs = [[0, 478]]\n", "Input should be less than 478"),
        ("x = 1\nx = 2\n", "is not valid TOML"),
        ("!!python/object/apply:os.system ['true']\n", "is not valid TOML"),
    ],
)
def test_faults_are_named(tmp_path, text, message):
    with pytest.raises(StudyError) as error:
        read_study(written(tmp_path, text))
    assert message in str(error.value)


def test_a_missing_file_and_one_that_is_too_large_are_refused(tmp_path):
    with pytest.raises(StudyError, match="cannot be read"):
        read_study(tmp_path / "none.toml")
    with pytest.raises(StudyError, match="larger than 1000000 bytes"):
        read_study(written(tmp_path, "#" * 1_000_001))


def schema_of_parameters():
    """JSON schema of every parameter, by its dotted name."""
    schema = Study.model_json_schema()
    sections = {"": schema} | {f"{name}.": part for name, part in schema["$defs"].items()}
    return {
        prefix + name: part
        for prefix, section in sections.items()
        for name, part in section["properties"].items()
        if "$ref" not in part
    }


@pytest.mark.parametrize(("name", "schema"), schema_of_parameters().items())
def test_every_parameter_has_words_and_every_number_a_range(name, schema):
    assert schema["description"].endswith("."), name
    numbers = [part for part in parts(schema) if part.get("type") in ("number", "integer")]
    for part in numbers:
        assert {"minimum", "exclusiveMinimum"} & set(part), name
        assert {"maximum", "exclusiveMaximum"} & set(part), name


def parts(schema):
    """A schema and all that it is made of."""
    inner = [schema.get("items", {}), *schema.get("anyOf", []), *schema.get("prefixItems", [])]
    return [schema, *(part for below in inner if below for part in parts(below))]
