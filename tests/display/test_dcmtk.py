"""`render` against DCMTK's renderer, on real files: within 1 grey level, or named here with the reason."""

import re
import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from hounsfield.display.voi import Window, choose_voi

from conftest import SOME_OR_ALL, name_of, real_images, some_files

pytestmark = pytest.mark.skipif(shutil.which("dcmj2pnm") is None, reason="DCMTK's dcmj2pnm is not installed")

#: Files on which DCMTK differs by more than one grey level: by how much (or its options that make it agree), and why.
DIFFERENT = {
    "SC_ybr_full_uncompressed.dcm": (2, "DCMTK rounds each term of YBR -> RGB, not the sum"),
    "GH195.dcm": (
        ["+cg"],
        "the header says RGB, the JPEG codestream YCbCr: DCMTK believes the header unless told to guess (+cg)",
    ),
    "rtdose_expb.dcm": (255, "cells of 32 bits, big endian, in OW: DCMTK swaps words of 16 bits"),
    "rtdose_expb_1frame.dcm": (255, "cells of 32 bits, big endian, in OW: DCMTK swaps words of 16 bits"),
    "RG3_JPLY": (255, "8 pixels of lossy JPEG are 1024 in 10 bits: clipped to white here, wrapped to 0 by DCMTK"),
}
#: Transfer syntaxes that dcmj2pnm has no decoder for: JPEG-LS, JPEG 2000, HTJ2K, JPEG XL, Deflated Image Frame, video.
_UNREAD = re.compile(r"1\.2\.840\.10008\.1\.2\.(4\.(8[01]|9[0-3]|10[0-9]|11[0-2]|20[1-5])|8\.1)$")
#: Files that dcmj2pnm refuses for another reason.
REFUSED = {
    "SC_rgb_jpeg.dcm": "the encapsulated pixel data ends without a delimiter",
    "SC_rgb_32bit.dcm": "colour of 32 bits",
    "SC_rgb_32bit_2frame.dcm": "colour of 32 bits",
    "SC_rgb_expb_32bit.dcm": "colour of 32 bits",
    "SC_rgb_expb_32bit_2frame.dcm": "colour of 32 bits",
    "gdcm-US-ALOKA-16.dcm": "segmented palettes",
    "gdcm-US-ALOKA-16_big.dcm": "segmented palettes",
    "DIRW0007": "a damaged sequence",
    "MR_truncated.dcm": "the pixel data is truncated",
    "GH1339.dcm": "the encapsulated pixel data ends without a delimiter",
    "FreezePattern.dcm": "a damaged sequence",
    "GH364.dcm": "a damaged sequence",
}


def theirs(path, *options, folder):
    out = folder / "out.pnm"
    done = subprocess.run(["dcmj2pnm", "-q", "-O", *options, "+op", path, out], capture_output=True)
    if done.returncode or not out.exists():
        return None
    data = out.read_bytes()
    out.unlink()
    head = re.match(rb"(P[56])\s(?:#.*\n)*(\d+) (\d+)\s+(\d+)\s", data)
    shape = (int(head[3]), int(head[2]), *((3,) if head[1] == b"P6" else ()))
    return np.frombuffer(data[head.end() :], np.uint8).reshape(shape)


def window_options(image):
    """DCMTK's options for the window that `render` takes, and that window where both have to be told."""
    if image.color or image.is_mask:
        return ["-W"], None
    voi = choose_voi(image)
    if voi.origin == "file" and "PerFrameFunctionalGroupsSequence" not in image.header:
        return ["+Wi", "1"], None
    if voi.origin.startswith("VOI"):
        return ["+Wl", "1"], None
    if isinstance(voi, Window) and voi.origin == "file":  # dcmj2pnm does not look into functional groups
        return ["+Ww", repr(voi.center), repr(voi.width)], None
    # Neither has a window of the file: any will do, so a whole one about the middle of the values.
    low, high = (round(bound) for bound in voi.bounds)
    width = max(high - low, 2)
    return ["+Ww", repr(low + width / 2), repr(width)], (low + width / 2, width)


def compare(path, folder):
    if path.parent.name in ("RLE", "JPLL"):
        return path, "the same image in another encoding", None, {}
    header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    if _UNREAD.match(str(header.file_meta.get("TransferSyntaxUID"))):
        return path, "a transfer syntax that DCMTK lacks", None, {}
    try:
        image = hu.read(path).frame(0)
        # DCMTK leaves the dose grid scaling out, and rounds modality values to whole numbers.
        fine = image.values.dtype.kind == "f" and np.ptp(image.values) < 256
        stored = fine or image.header.get("DoseGridScaling") is not None
        image = hu.read(path, values="stored").frame(0) if stored else image
    except hu.HounsfieldError as error:
        return path, f"not read here: {type(error).__name__}", None, {}
    options, window = window_options(image)
    options += ["-M"] if stored else []
    ours = hu.render(image, window)
    facts = {keyword: image.header.get(keyword) for keyword in ("Modality", "PhotometricInterpretation")}
    facts["window"] = not image.color and not image.is_mask and choose_voi(image).origin == "file"
    known = DIFFERENT.get(path.name, (1, ""))[0]
    folder.mkdir()
    shown = theirs(path, *options, *(known if isinstance(known, list) else []), folder=folder)
    if shown is None:
        return path, "not read by DCMTK", None, facts
    if ours.ndim == 3 and not image.color:  # a supplemental palette: DCMTK shows grey only
        grey = image.values < image.header["RedPaletteColorLookupTableDescriptor"][1] + image.header["RescaleIntercept"]
        ours, shown = ours[..., 0][grey], shown[grey]
    return path, "compared", int(np.abs(shown.astype(int) - ours).max()), facts


@pytest.mark.filterwarnings("ignore")  # files that are damaged, some on purpose
@pytest.mark.parametrize("files", SOME_OR_ALL)
def test_real_files_look_as_dcmtk_shows_them(files, tmp_path):
    images = [path for path in files() if path in real_images()]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(compare, images, (tmp_path / str(i) for i in range(len(images)))))
    wrong, counts, modalities, kinds = [], Counter(), Counter(), Counter()
    for path, outcome, most, facts in results:
        if outcome == "not read by DCMTK":
            outcome += f": {REFUSED.get(path.name)}"
            wrong += [f"{name_of(path)}: refused by DCMTK"] if path.name not in REFUSED else []
        elif outcome == "compared":
            known = DIFFERENT.get(path.name, (1, ""))[0]
            wrong += [f"{name_of(path)}: {most}"] if most > (1 if isinstance(known, list) else known) else []
            modalities[facts["Modality"]] += 1
            kinds[facts["PhotometricInterpretation"]] += 1
            kinds["windows"] += facts["window"]
        counts[outcome] += 1
    print(f"\nrender against dcmj2pnm: {dict(counts)}\n{dict(modalities)}\n{dict(kinds)}")
    assert wrong == []
    assert counts["compared"] >= len(images) / 3
    assert len([m for m in modalities if m]) >= (5 if files is some_files else 8)
    if files is not some_files:
        assert min(kinds["windows"], kinds["MONOCHROME1"], kinds["PALETTE COLOR"]) >= 3


@pytest.mark.parametrize("function", ["LINEAR", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(40, 400), (0, 1), (300.5, 77), (-600, 1500)])
def test_window_functions(sample, tmp_path, function, center, width):
    path = sample("CT_small.dcm")
    option = {"LINEAR": "+Wfl", "SIGMOID": "+Wfs"}[function]
    shown = theirs(path, "+Ww", str(center), str(width), option, folder=tmp_path)
    ours = hu.render(hu.read(path), hu.Window(center, width, function))
    assert np.abs(shown.astype(int) - ours).max() <= 1


def test_second_window_of_several(sample, tmp_path):
    path = sample("examples_overlay.dcm")
    shown = theirs(path, "+Wi", "2", folder=tmp_path)
    for choice in (1, "window2", "WINDOW2"):
        assert np.abs(shown.astype(int) - hu.render(hu.read(path), choice)).max() <= 1
