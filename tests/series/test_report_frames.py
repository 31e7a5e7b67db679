"""Reports, facts and tables as data frames of pandas."""

import sys

import pytest

import hounsfield as hu


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ct")
    hu.phantom(folder, matrix=16, slices=3)
    (folder / "note.txt").write_text("text")
    return folder


def test_a_report_is_a_row_for_each_file(folder):
    pandas = pytest.importorskip("pandas", reason="needs the extra pandas")
    report = hu.read_volumes(folder).report
    frame = report.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["path"].tolist() == [file.path for file in report.files]
    assert frame["outcome"].value_counts().to_dict() == {"volume": 3, "not DICOM": 1}
    assert frame["volumes"].tolist().count([0]) == 3


def test_what_the_documentation_says_makes_data_frames(folder):
    pandas = pytest.importorskip("pandas", reason="needs the extra pandas")
    volumes = hu.read_volumes(folder)
    frame = pandas.DataFrame([facts.to_dict() for facts in volumes.facts])
    assert frame["Modality"].tolist() == ["CT"]
    measured = pandas.DataFrame(
        [hu.measure(volumes[0]).to_dict(), hu.measure(volumes[0], hu.mask(volumes[0])).to_dict()]
    )
    assert measured["pixels"].iloc[0] == 3 * 16 * 16
    assert hu.scan(folder, columns=["Rows"], where="Rows = 16").to_pandas()["Rows"].dropna().tolist() == [16, 16, 16]


def test_without_pandas_the_error_says_how_to_install_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(hu.MissingDependencyError, match=r'pip install "hounsfield\[pandas\]"'):
        hu.read_volumes(folder).report.to_pandas()
