import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from isc.plots import plot_quality
from isc.plots.quality import QUALITY_COLUMNS


@pytest.fixture
def table():
    columns = {name: np.linspace(0.1, 0.9, 4) for name in QUALITY_COLUMNS}
    return pd.DataFrame({"subject": ["01", "02", "film<3>", "$x$"], **columns})


def test_every_measure_has_a_panel_with_its_unit_and_a_dot_a_participant(table):
    panels = plot_quality(table).axes[0].child_axes
    assert [panel.get_xlabel().replace("\n", " ") for panel in panels] == list(QUALITY_COLUMNS.values())
    for panel, column in zip(panels, QUALITY_COLUMNS, strict=True):
        assert np.allclose(panel.lines[0].get_xydata(), np.column_stack([table[column], range(4)]))
    assert panels[0].get_ylabel() == "participant (n = 4)"


def test_every_measure_says_its_unit():
    assert all(label.endswith(")") and "(" in label for label in QUALITY_COLUMNS.values())


def test_participants_are_named_as_they_are_called_from_top_to_bottom(table):
    panel = plot_quality(table).axes[0].child_axes[0]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["01", "02", "film<3>", "$x$"]
    assert not any(label.get_parse_math() for label in panel.get_yticklabels())
    assert panel.get_ylim()[0] > panel.get_ylim()[1]


def test_the_panels_are_drawn_within_the_users_axes(table):
    figure = Figure()
    ax = figure.add_subplot()
    assert plot_quality(table, ax=ax) is figure
    assert len(ax.child_axes) == len(QUALITY_COLUMNS)


def test_a_table_without_a_measure_is_refused(table):
    column = next(iter(QUALITY_COLUMNS))
    with pytest.raises(ValueError, match=rf"the quality table needs .* \['{column}'\] missing"):
        plot_quality(table.drop(columns=column))


def test_a_table_without_participants_is_refused(table):
    with pytest.raises(ValueError, match="the quality table needs rows"):
        plot_quality(table.iloc[:0])
