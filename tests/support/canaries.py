"""Files with a canary in every place where a file may have words: whatever shows one knows something of the patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset

import hounsfield as hu
from classes import CLASSES, every_class
from states import item, state, words

import made

#: Text that nothing else holds, in the letters that names and identifiers may have; what it becomes in UIDs and dates.
WORD, DIGITS, DATE = "KANARIE", "73519735", "18730519"
#: All ways in which they may be written.
MARKS = (WORD, WORD.lower(), WORD.title(), DIGITS, DATE, "1873-05-19", "073519")
_TEXTS = {"AE": 16, "LO": 64, "LT": 99, "PN": 64, "SH": 16, "ST": 99, "UC": 99, "UR": 99, "UT": 99}
#: What makes HU of the values of a CT: that they are not is the first thing that would be told.
_KEPT = {"RescaleType"}


def _keywords() -> dict[str, str]:
    """Every attribute of text and of dates that the dictionary has, outside of file meta and command groups."""
    return {
        keyword: vr
        for tag, (vr, _, _, retired, keyword) in DicomDictionary.items()
        if tag >> 16 > 4 and keyword and not retired and vr in (*_TEXTS, "DA", "DT", "TM") and keyword not in _KEPT
    }


def _value(vr: str, number: int) -> str:
    return {"DA": DATE, "DT": f"{DATE}073519", "TM": "073519"}.get(vr, f"{WORD}{number}")


def fill(file: Dataset) -> None:
    """Put a canary into every text attribute, and into sequences, private and unknown attributes, overlays, UIDs."""
    for number, (keyword, vr) in enumerate(_keywords().items()):
        if keyword not in file or not file[keyword].value or vr not in ("DA", "DT", "TM"):
            setattr(file, keyword, _value(vr, number))
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "SynchronizationFrameOfReferenceUID"):
        setattr(file, keyword, f"1.2.{DIGITS}.{len(keyword)}")
    block = file.private_block(0x0099, f"{WORD}PRIVATE", create=True)
    block.add_new(1, "LO", f"{WORD}")
    block.add_new(2, "UN", WORD.encode() + b" ")
    file.add_new(0x00080003, "LO", f"{WORD}UNKNOWN")
    for keyword in ("OtherPatientIDsSequence", "RequestAttributesSequence", "ContributingEquipmentSequence"):
        inner = [item(PatientID=f"{WORD}INNER", RequestedProcedureDescription=WORD, Manufacturer=WORD)]
        setattr(file, keyword, inner)
    file.add_new(0x60000010, "US", file.Rows)
    file.add_new(0x60000011, "US", file.Columns)
    file.add_new(0x60000022, "LO", f"{WORD}OVERLAY")
    file.add_new(0x60000040, "CS", "G")
    file.add_new(0x60000050, "SS", [1, 1])
    file.add_new(0x60000100, "US", 1)
    file.add_new(0x60000102, "US", 0)
    file.add_new(0x60001500, "LO", f"{WORD}LABEL")
    file.add_new(0x60003000, "OW", bytes((int(file.Rows) * int(file.Columns) + 15) // 16 * 2))
    file.WindowCenter, file.WindowWidth = [40, 60], [400, 300]
    file.WindowCenterWidthExplanation = [f"{WORD}WINDOW1", f"{WORD}WINDOW2"]


def _slices(folder: Path) -> list[Path]:
    hu.phantom(folder, matrix=32, slices=3)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    series = f"1.2.{DIGITS}.3"
    for number, path in enumerate(paths):
        file = dcmread(path)
        fill(file)
        file.SeriesInstanceUID, file.SOPInstanceUID = series, f"{series}.{number}"
        file.file_meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID
        file.save_as(path)
    return paths


def _others(folder: Path, ct: Path) -> None:
    """A presentation state, segments, an enhanced image, units and VOI LUTs of the file's own, junk, broken images."""
    image = dcmread(ct)
    text = [item(GraphicLayer=f"{WORD}LAYER", TextObjectSequence=[words(f"{WORD}NOTE", anchor=[5.0, 5.0])])]
    layers = [item(GraphicLayer=f"{WORD}LAYER", GraphicLayerOrder=1, GraphicLayerDescription=f"{WORD}")]
    gsps = state(image, GraphicAnnotationSequence=text, GraphicLayerSequence=layers)
    gsps.ContentLabel, gsps.ContentDescription, gsps.ContentCreatorName = f"{WORD}GSPS", f"{WORD}", f"{WORD}^A"
    gsps.PatientName = f"{WORD}^STATE"
    files: dict[str, Any] = {"gsps": gsps}
    every_class()
    for name in ("binary segmentation", "legacy converted enhanced MR, a slope for each frame"):
        files[name.partition(",")[0]] = CLASSES[name]().dataset
    for segment in files["binary segmentation"].SegmentSequence:
        segment.SegmentLabel, segment.SegmentDescription = f"{WORD}SEG", f"{WORD}"
        segment.SegmentAlgorithmName, segment.TrackingID = f"{WORD}", f"{WORD}"
    for group in files["legacy converted enhanced MR"].PerFrameFunctionalGroupsSequence:
        if "FrameContentSequence" in group:
            group.FrameContentSequence[0].FrameComments = f"{WORD}FRAME"
            group.FrameContentSequence[0].FrameLabel = f"{WORD}"
    pixels = (np.arange(400) % 256).astype(np.uint8).reshape(20, 20)
    table = item(LUTExplanation=f"{WORD}LUT")
    table.add_new(0x00283002, "US", [256, 0, 8])
    table.add_new(0x00283006, "OW", bytes(range(256)))
    files["lut"] = made.dataset(pixels, Modality="MG", VOILUTSequence=[table])
    modality = item(LUTExplanation=f"{WORD}MLUT", ModalityLUTType=f"{WORD}UNIT")
    modality.add_new(0x00283002, "US", [256, 0, 16])
    modality.add_new(0x00283006, "OW", np.arange(256, dtype="<u2").tobytes())
    files["modality"] = made.dataset(pixels, Modality="CR", ModalityLUTSequence=[modality])
    files["unit"] = made.dataset(pixels, Modality="OT", RescaleSlope=2, RescaleIntercept=1, RescaleType=f"{WORD}")
    files["broken"] = made.dataset(pixels, Modality="CT", BitsAllocated=13, PhotometricInterpretation="UNKNOWN")
    files["no pixels"] = made.dataset(Modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11")
    for number, (name, file) in enumerate(files.items()):
        series = f"1.2.{DIGITS}.{number + 10}"
        if name not in ("gsps", "binary segmentation", "legacy converted enhanced MR"):
            file.SOPInstanceUID, file.file_meta.MediaStorageSOPInstanceUID = series, series
        file.SeriesInstanceUID, file.StudyInstanceUID = f"{series}.1", f"1.2.{DIGITS}.1"
        file.PatientName, file.SeriesDescription, file.StudyDescription = f"{WORD}^{number}", WORD, f"{WORD}STUDY"
        (folder / f"{WORD} {name}.dcm").write_bytes(made.to_bytes(file))
    (folder / f"{WORD}.txt").write_bytes(b"junk")
    (folder / f"{WORD}-copy.dcm").write_bytes(ct.read_bytes())
    (folder / f"{WORD}-cut.dcm").write_bytes(ct.read_bytes()[:2000])


def write(folder: Path) -> Path:
    """Make them; return the folder, whose name is one as well."""
    named = folder / f"{WORD} folder"
    named.mkdir()
    slices = _slices(named / f"{WORD}-slices")
    _others(named, slices[0])
    return named
