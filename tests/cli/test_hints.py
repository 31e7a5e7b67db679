"""Messages that say what to write instead."""

import shutil

import pytest

import hounsfield as hu

from cli_runner import hu_here


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """24 slices of 5 mm from z = -57.5 on, 64 pixels of 6 mm."""
    folder = tmp_path_factory.mktemp("hints")
    hu.phantom(folder / "ct", matrix=64, slices=24)
    (folder / "afile").write_text("kept")
    return folder


def said(folder, tmp_path, *words):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    code, _, err = hu_here(*words, cwd=tmp_path)
    assert code != 0
    assert "defect" not in err
    return err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["figure", "ct", "--title", "{Foo}"], "{Foo} is no attribute\n"),
        (["convert", "ct", "--name", "{Foo}"], "{Foo} is no attribute\n"),
        (["figure", "ct", "--title", "{KVPP}"], "did you mean {KVP}?"),
        (["convert", "ct", "-o", "afile"], "afile is a file, not a folder"),
        (["figure", "ct", "-o", "afile"], "afile is a file, not a folder"),
        (["mask", "ct", "-o", "afile"], "afile is a file, not a folder"),
        (["stats", "ct", "--crop", "-90:90"], "three pairs, with two commas"),
        (["stats", "ct", "--crop", "lung"], "or the word mask"),
        (["stats", "ct", "--circle", "128,128,10cm"], "'10cm' is no number with mm or px"),
        (["stats", "ct", "--modality", "CTT"], "there are modalities CT\n"),
        (
            ["stats", "ct", "--study", "2026"],
            "there is 1 study; --study takes a whole date, as 20200131, a UID, or a part",
        ),
        (["stats", "ct", "--where", "SeriesDescription like 'hantom'"], "'%hantom%' also fits a part"),
        (["figure", "ct", "--window", "400"], "the file has 1, counted from 0; a center and a width are 400,WIDTH"),
    ],
)
def test_what_to_write_instead(words, hint, folder, tmp_path):
    assert hint in said(folder, tmp_path, *words)


@pytest.mark.parametrize("words", [["--sphere", "500,0,0,10mm"], ["--circle", "0,7,900,10mm"], ["--crop", "900:990,,"]])
def test_what_is_outside_is_said_in_mm(words, folder, tmp_path):
    volume = hu.read_volumes(folder / "ct")[0]
    corners = volume.to_lps([(-0.5, -0.5, -0.5), [count - 0.5 for count in volume.shape]])
    err = said(folder, tmp_path, "stats", "ct", *words)
    for axis, low, high in zip("xyz", corners.min(axis=0), corners.max(axis=0), strict=True):
        assert f"{axis} from {low:g} to {high:g}" in err
    if words[0] != "--crop":
        point = ", ".join(words[1].split(",")[:3])
        assert f"({point}) mm" in err
