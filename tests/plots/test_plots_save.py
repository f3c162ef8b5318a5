"""Bytes and files: the same figure twice is the same file, and a file is whole or absent."""

import sys

import matplotlib
import pytest
from matplotlib.layout_engine import ConstrainedLayoutEngine

from genreglm import plots
from genreglm.errors import OutputError


@pytest.mark.parametrize("format", ["png", "svg"])
def test_equal_figures_give_equal_bytes(few, format):
    first, second = (plots.render(plots.confusion(few.counts), format) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("format", ["png", "svg"])
def test_last_bits_of_the_layout_do_not_show(bins, few, format, monkeypatch):
    def figures():
        drawn = plots.top_label_calibration(bins), plots.confusion(few.counts), plots.recall_by_genre(few.report)
        return [plots.render(figure, format) for figure in drawn]

    def otherwise(engine, figure):
        found = execute(engine, figure)
        for axes in figure.axes:
            place = axes.get_position(original=True)
            axes.set_position(place.translated(-3e-15, 2e-15), which="original")
            axes.set_in_layout(True)
        return found

    plain = figures()
    execute = ConstrainedLayoutEngine.execute
    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", otherwise)
    assert figures() == plain


def test_the_callers_settings_neither_leak_in_nor_change(bins):
    plain = plots.render(plots.top_label_calibration(bins), "png")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "savefig.dpi": 20}):
        assert plots.render(plots.top_label_calibration(bins), "png") == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_files_hold_the_rendered_bytes_and_nothing_else_is_left(bins, tmp_path):
    figure = plots.top_label_calibration(bins)
    paths = plots.save(figure, tmp_path / "calibration.of.models")
    assert [path.name for path in paths] == ["calibration.of.models.png", "calibration.of.models.svg"]
    assert paths[0].read_bytes() == plots.render(figure, "png")
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert b"<dc:date>" not in paths[1].read_bytes()


def test_one_format_alone(bins, tmp_path):
    paths = plots.save(plots.top_label_calibration(bins), tmp_path / "residual_plots", ["png"])
    assert paths == [tmp_path / "residual_plots.png"]


def test_a_missing_folder_is_an_output_error_that_leaves_nothing(bins, tmp_path):
    with pytest.raises(OutputError, match="could not be written"):
        plots.save(plots.top_label_calibration(bins), tmp_path / "absent" / "calibration")
    assert not list(tmp_path.iterdir())


def test_an_older_file_survives_a_failed_write(bins, tmp_path, monkeypatch):
    (tmp_path / "calibration.png").write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="disk is full"):
        plots.save(plots.top_label_calibration(bins), tmp_path / "calibration")
    assert (tmp_path / "calibration.png").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["calibration.png"]


def test_notebooks_show_figures(bins):
    assert plots.top_label_calibration(bins)._repr_png_().startswith(b"\x89PNG")


def test_nothing_is_registered_with_pyplot(bins):
    plots.top_label_calibration(bins)
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_public_names_are_sorted_and_each_figure_has_its_finding():
    assert list(plots.__all__) == sorted(plots.__all__)
    figures = set(plots.__all__) - {"house_style", "render", "save"}
    drawn = {name for name in figures if not name.endswith("_finding")}
    assert {f"{name}_finding" for name in drawn} == figures - drawn
