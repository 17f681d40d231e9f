"""Figures draw what the records hold, error bars only where there are errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from unit.report.synthetic import LOWER_A, UPPER_A, make_cells

from sinterface.analysis.results import InterfaceAnalysis
from sinterface.report import figures
from sinterface.report.snapshot import render
from sinterface.report.style import inline_svg, save


def bars(figure: Figure) -> list[ErrorbarContainer]:
    """Return the curves with error bars of a figure's only axes."""
    found = figure.axes[0].containers
    return [one for one in found if isinstance(one, ErrorbarContainer) and one.has_yerr]


def test_error_bars_are_the_standard_errors(analysis: InterfaceAnalysis) -> None:
    figure = figures.measure_figure(figures.side_measures(analysis, "width"), "width (Å)")
    assert len(bars(figure)) == 2
    for side, bar in zip(analysis.sides, bars(figure), strict=True):
        segments = np.array(bar.lines[2][0].get_segments())
        half = (segments[:, 1, 1] - segments[:, 0, 1]) / 2
        assert half == pytest.approx(side.width.std)
    assert figure.axes[0].get_ylabel() == "width (Å)"
    assert [text.get_text() for text in figure.axes[0].texts] == []


def test_too_few_builds_get_no_error_bar_but_the_words(lonely_analysis: InterfaceAnalysis) -> None:
    figure = figures.measure_figure(figures.side_measures(lonely_analysis, "width"), "width (Å)")
    assert bars(figure) == []
    assert [text.get_text() for text in figure.axes[0].texts] == ["not resolved"]


def test_the_control_is_drawn_with_the_disorder(analysis: InterfaceAnalysis) -> None:
    measures = figures.side_measures(analysis, "layer_csm")
    figure = figures.measure_figure(measures, "csm", control=analysis.inside_csm)
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "Li-deficient", "Li-sufficient", "inside",
    ]  # fmt: skip


def test_profiles_and_pictures_share_one_axis(analysis: InterfaceAnalysis) -> None:
    shown = [("before", render(make_cells()[0], pixels_per_A=4.0))]
    figure = figures.interface_figure(shown, analysis.profiles)
    assert len(figure.axes) == 1 + len(analysis.profiles.elements)
    assert len({axis.get_xlim() for axis in figure.axes}) == 1
    for axis in figure.axes:
        places = [line.get_xdata()[0] for line in axis.lines if len(line.get_xdata()) == 2]
        assert places == [LOWER_A, UPPER_A]
    width, height = figure.get_size_inches()
    box = figure.axes[0].get_position()
    left, right = figure.axes[0].get_xlim()
    bottom, top = figure.axes[0].get_ylim()
    scale = box.width * width / (right - left)
    assert box.height * height / (top - bottom) == pytest.approx(scale, rel=1e-6)


def test_every_pair_has_its_panel_and_peak(analysis: InterfaceAnalysis) -> None:
    figure = figures.rdf_figure(analysis.rdfs, columns=4)
    shown = [axis for axis in figure.axes if axis.get_visible()]
    assert len(shown) == len(analysis.rdfs.pairs)
    assert shown[1].get_title(loc="left") == "Li–O"
    assert shown[1].get_title(loc="right") == f"{analysis.rdfs.first_peak_A[1]:.2f} Å"


def test_displacements_are_drawn_without_the_zero_lag(analysis: InterfaceAnalysis) -> None:
    figure = figures.msd_figure(analysis.msd)
    curves = {line.get_label(): line for line in figure.axes[0].lines}
    li = analysis.msd.elements.index("Li")
    assert np.asarray(curves["Li"].get_ydata()) == pytest.approx(analysis.msd.msd_A2[li, 1:])


def test_equal_figures_are_equal_files(analysis: InterfaceAnalysis, tmp_path: Path) -> None:
    contents = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        paths = save(figures.msd_figure(analysis.msd), folder, "msd")
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]


def test_svg_inside_a_page_takes_its_text_colour_and_prefixes_ids(
    analysis: InterfaceAnalysis,
) -> None:
    svg = inline_svg(figures.msd_figure(analysis.msd), "msd", 'a "title"')
    assert svg.startswith('<svg class="figure" viewBox="0 0 ')
    assert 'aria-label="a &quot;title&quot;"' in svg
    assert "currentColor" in svg
    assert "http" not in svg
    assert 'id="msd-' in svg
    assert 'href="#msd-' in svg
