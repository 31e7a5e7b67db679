"""`Catalog.volumes` of folders of real files against `read_volumes`, and `hu ls` of both."""

import itertools
import shutil
from pathlib import Path
from tarfile import is_tarfile
from zipfile import is_zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hounsfield as hu
from found_volumes import assert_same_volumes, catalog_of

from cli_runner import hu_here
from conftest import corpus_folder, package_folder

pytestmark = pytest.mark.long
_CORPUS = corpus_folder()
FOLDERS = [
    *([pydicom / "data"] if (pydicom := package_folder("pydicom")) is not None else []),
    *([data] if (data := package_folder("data_store")) is not None else []),
    *(sorted(path for path in _CORPUS.iterdir() if path.is_dir()) if _CORPUS is not None else []),
]


def without_archives(folder, tmp_path):
    """Return a folder without zips and tars: a catalog has their members, and a folder has them as files like others."""
    archives = {path for path in folder.rglob("*") if path.is_file() and (is_zipfile(path) or is_tarfile(path))}
    if not archives:
        return folder
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy, ignore=lambda at, names: [name for name in names if Path(at, name) in archives])
    return copy


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_volumes_of_real_files_are_those_of_their_folder(folder, tmp_path, record_property):
    folder = without_archives(folder, tmp_path)
    with catalog_of(tmp_path / "c", folder) as catalog:
        count = assert_same_volumes(catalog.volumes(), hu.read_volumes(folder))
    for options in ([], ["--files"], ["--json"]):
        expected = hu_here("ls", folder, *options)
        assert hu_here("ls", tmp_path / "c", *options) == expected
    record_property(
        "summary", f"volumes of a catalog of {folder.name} and of its folder: {count} the same, every pixel"
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_series_of_real_files_is_what_reading_its_files_gives(folder, tmp_path):
    with catalog_of(tmp_path / "c", folder) as catalog:
        for uid in catalog.table("series", ["SeriesInstanceUID"])["SeriesInstanceUID"].to_pylist():
            if uid is None:
                continue
            found = catalog.volumes("SELECT SeriesInstanceUID FROM series WHERE SeriesInstanceUID = ?", [uid])
            files = catalog.files("SeriesInstanceUID = ?", [uid])
            assert_same_volumes(found, hu.read_volumes(files), pixels=False)


_NUMBER = itertools.count()


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "slices": st.integers(1, 7),
                "missing": st.sets(st.integers(0, 6), max_size=2),
                "repeated": st.sets(st.integers(0, 6), max_size=2),
                "tilt": st.sampled_from([0.0, 12.0]),
                "phases": st.integers(1, 2),
                "slice_spacing": st.sampled_from([1.5, 5.0]),
                "orientation": st.sampled_from(["axial", "coronal", "sagittal", "oblique"]),
                "seed": st.integers(0, 3),
            }
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_volumes_of_made_series_are_those_of_their_folder(tmp_path, series):
    here = tmp_path / str(next(_NUMBER))
    for number, options in enumerate(series):
        slices = options["slices"]
        missing = tuple(sorted(one for one in options["missing"] if one < slices))[: slices - 1]
        repeated = tuple(sorted(one for one in options["repeated"] if one < slices and one not in missing))
        tilted = {} if options["orientation"] != "axial" else {"tilt": options["tilt"]}
        more = {name: options[name] for name in ("phases", "slice_spacing", "orientation", "seed")} | tilted
        hu.phantom(here / "data" / str(number), matrix=16, slices=slices, missing=missing, repeated=repeated, **more)
    with catalog_of(here / "c", here / "data") as catalog:
        assert_same_volumes(catalog.volumes(), hu.read_volumes(here / "data"))
