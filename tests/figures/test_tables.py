"""What notebooks show of volumes, reports and measures: tables whose texts are escaped."""

from html.parser import HTMLParser

import numpy as np
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.figures.notebook import table_html


class Cells(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.cells, self.open = [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        assert tag in {"table", "caption", "thead", "tr", "th", "td", "p"}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)


def test_text_is_escaped():
    html = table_html("<b>", ["<i>"], [["<script>alert(1)</script>", 'a"b']], "\x1b[31m")
    assert "<script" not in html
    assert "\x1b" not in html
    assert Cells(html).cells[2] == "<script>alert(1)</script>"


def test_volumes_are_listed_without_reading_a_pixel(tmp_path, monkeypatch):
    hu.phantom(tmp_path, matrix=16, slices=6, missing=(3,))
    volumes = hu.read_volumes(tmp_path)
    monkeypatch.setattr(type(volumes), "_make", None)
    cells = Cells(volumes._repr_html_()).cells
    assert cells[0] == "2 volumes"
    assert "3 x 16 x 16" in cells
    report = Cells(volumes.report._repr_html_()).cells
    assert report[0] == "5 files: 5 volume"
    assert any("slice missing" in cell for cell in report)


def test_measures_are_short_as_text_and_whole_as_a_table():
    image = hu.Image(np.arange(100).reshape(10, 10), unit="HU", pixel_spacing=(2.0, 2.0), spacing_kind="patient")
    stats = hu.measure(image)
    assert repr(stats) == (
        "Measures(100 pixels, 400 mm2 (patient), mean 49.5, sd 28.8661, median 49.5, minimum 0, maximum 99 in HU)"
    )
    cells = Cells(stats._repr_html_()).cells
    assert cells[cells.index("mean") + 1] == "49.5"
    assert cells[cells.index("percentile 5") + 1] == "4.95"
    nothing = hu.measure(image, np.zeros((10, 10), bool))
    assert repr(nothing) == "Measures(0 pixels, 0 mm2 (patient) in HU)"


def test_a_header_is_one_line_without_the_patient():
    image = hu.read(get_testdata_file("CT_small.dcm"))
    assert repr(image.header).startswith("Header(CT, 128 x 128, ")
    assert str(image.header["PatientID"]) not in repr(image.header)
    assert repr(hu.Image([[1]]).header) == "Header(no modality, 0 attributes: header[keyword], header.dataset)"
