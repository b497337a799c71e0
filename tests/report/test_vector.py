import xml.etree.ElementTree as ET

import matplotlib as mpl

from isc.report import figure_svg


def test_equal_figures_give_equal_text_and_so_does_the_same_figure_twice(draw):
    figure = draw()
    first = figure_svg(figure)
    assert figure_svg(figure) == first
    assert figure_svg(draw()) == first


def test_the_text_is_a_whole_document_without_date_or_program(draw):
    svg = figure_svg(draw())
    assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert "Matplotlib" not in svg
    assert "date" not in svg


def test_letters_are_outlines_so_that_they_look_the_same_everywhere(draw):
    assert "<text" not in figure_svg(draw())


def test_the_users_settings_are_as_before(draw):
    before = dict(mpl.rcParams)
    figure_svg(draw())
    assert dict(mpl.rcParams) == before
