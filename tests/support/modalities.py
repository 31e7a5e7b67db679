"""Images of many modalities: real ones where an installed package or the corpus has them, else made with their ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from classes import CLASSES, every_class
from pets import PET, TRACER

import made

#: Case to the file of pydicom's wheel or of the package pydicom-data.
INSTALLED = {
    "CT, signed": "CT_small.dcm",
    "CT, JPEG 2000": "693_J2KI.dcm",
    "MR": "MR_small.dcm",
    "MR enhanced": "emri_small.dcm",
    "US colour": "examples_rgb_color.dcm",
    "US colour, YBR, 30 frames": "examples_ybr_color.dcm",
    "US palette": "examples_palette.dcm",
    "US palette of 16 bits": "gdcm-US-ALOKA-16.dcm",
    "US grey": "JPGLosslessP14SV1_1s_1f_8b.dcm",
    "NM": "JPEG2000.dcm",
    "CR, MONOCHROME1": "RG3_UNCR.dcm",
    "SEG": "liver.dcm",
    "SEG, one frame": "liver_1frame.dcm",
    "RT dose, 32 bits": "rtdose.dcm",
    "colour, YBR 422": "SC_ybr_full_422_uncompressed.dcm",
    "colour, YBR": "SC_ybr_full_uncompressed.dcm",
    "colour, 16 bits": "SC_rgb_rle_16bit.dcm",
    "VOI LUT": "vlut_04.dcm",
    "modality LUT": "mlut_18.dcm",
    "CT enhanced, supplemental palette": "eCT_Supplemental.dcm",
}
#: Case to the file of the corpus.
CORPUS = {
    "MG of the corpus": "fo-dicom/GH133.dcm",
    "PT of the corpus": "fo-dicom/GH184.dcm",
    "XA of the corpus, 96 frames": "fo-dicom/HasFragmentSequence.dcm",
    "XA of the corpus": "nema-wg04/REF/XA1_UNC",
    "MR enhanced of the corpus": "fo-dicom/MOVEKNEE.dcm",
    "CR of the corpus, modality LUT": "fo-dicom/CR-ModalitySequenceLUT.dcm",
    "RT image of the corpus": "fo-dicom/RI6XDosiGap.dcm",
}


def installed(name: str) -> Path | None:
    """Where a file of pydicom's is, where it is."""
    try:
        path = get_testdata_file(name, download=False)
    except ValueError:
        return None
    return Path(str(path)) if path else None


def _blob(rows: int, columns: int, most: int, phase: float = 0.0) -> np.ndarray:
    """Smooth hills with every value up to `most`: windows and tables are seen in them."""
    y, x = np.mgrid[:rows, :columns] / max(rows, columns)
    hills = 1 + np.sin(7 * x + phase) * np.cos(5 * y - phase) + (x + y) / 4
    hills -= hills.min()
    return np.rint(hills / hills.max() * most).astype(np.uint16)


def _lut(entries: np.ndarray, first: int, bits: int, explanation: str) -> Dataset:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [len(entries) % 65536, first, bits])
    table.LUTExplanation = explanation
    table.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return table


def _new(pixels: np.ndarray, modality: str, sop_class: str, **attributes: Any) -> Dataset:
    series = generate_uid(entropy_srcs=["modalities", modality, sop_class, *map(str, attributes)])
    file = made.dataset(pixels, Modality=modality, SeriesInstanceUID=series, StudyInstanceUID=series, **attributes)
    file.SOPClassUID = file.file_meta.MediaStorageSOPClassUID = f"1.2.840.10008.5.1.4.1.1.{sop_class}"
    file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[series])
    return file


def mammogram() -> Dataset:
    """16 bits, MONOCHROME1, two VOI LUTs by name beside two windows, other millimetres on the detector than in the breast."""
    ramp = np.linspace(0, 1, 4096)
    curves = (ramp**0.6, ramp**2)
    tables = [
        _lut(np.rint(curve * 4095), 0, 12, name) for curve, name in zip(curves, ("NORMAL", "HARDER"), strict=True)
    ]
    return _new(
        _blob(300, 240, 4095),
        "MG",
        "1.2",
        PhotometricInterpretation="MONOCHROME1",
        PresentationLUTShape="INVERSE",
        BitsStored=12,
        HighBit=11,
        VOILUTSequence=Sequence(tables),
        WindowCenter=[2000, 2500],
        WindowWidth=[3000, 1200],
        WindowCenterWidthExplanation=["NORMAL", "HARDER"],
        VOILUTFunction="SIGMOID",
        ImagerPixelSpacing=[0.07, 0.07],
        EstimatedRadiographicMagnificationFactor=1.1,
        RescaleSlope=1,
        RescaleIntercept=0,
        RescaleType="US",
        ImageLaterality="L",
        PatientOrientation=["P", "L"],
    )


def angiogram() -> Dataset:
    """8 of 16 bits, a time for each frame, none of a pixel's size in the patient."""
    frames = np.stack([_blob(200, 200, 255, phase / 3) for phase in range(12)])
    return _new(
        frames,
        "XA",
        "12.1",
        BitsStored=8,
        HighBit=7,
        FrameTimeVector=[0, *[66.7, 33.3, 66.7] * 3, 66.7, 66.7],
        FrameIncrementPointer=0x00181065,
        PixelIntensityRelationship="LOG",
        ImagerPixelSpacing=[0.3, 0.3],
        WindowCenter=128,
        WindowWidth=256,
    )


def scintigram() -> Dataset:
    """Counts in frames of two energies, which no window says how to show."""
    return _new(
        np.stack([_blob(128, 128, 900, 1), _blob(128, 128, 60, 2)]),
        "NM",
        "20",
        FrameIncrementPointer=[0x00540010, 0x00540020],
        EnergyWindowVector=[1, 2],
        DetectorVector=[1, 1],
        NumberOfEnergyWindows=2,
        NumberOfDetectors=1,
        PixelSpacing=[4.8, 4.8],
    )


def positron_emission() -> Dataset:
    """Bq/ml by a slope of its own, with what its standardized uptake value needs."""
    given = Dataset()
    for keyword, value in TRACER.items():
        setattr(given, keyword, value)
    return _new(
        _blob(96, 96, 32767).astype(np.int16),
        "PT",
        "128",
        RadiopharmaceuticalInformationSequence=[given],
        **{key: value for key, value in PET.items() if key not in ("Modality", "SOPClassUID")},
        PixelSpacing=[4, 4],
        ImagePositionPatient=[-192, -192, 12.5],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        FrameOfReferenceUID="1.2.3",
    )


def float_map() -> Dataset:
    """Floating point pixels, some of them no number."""
    values = _blob(80, 100, 4000).astype(np.float32) / 977 - 2
    values[:3, :5] = np.nan
    file = _new(_blob(80, 100, 9), "MR", "30", PixelSpacing=[1, 1])
    del file.PixelData, file.PixelRepresentation, file.BitsStored, file.HighBit
    file.BitsAllocated, file.FloatPixelData = 32, values.tobytes()
    return file


def wide() -> Dataset:
    """Padding, a slope that makes fractions, pixels twice as high as wide."""
    stored = _blob(60, 90, 3000).astype(np.int16) - 1000
    stored[:, :4] = -2000
    return _new(
        stored,
        "MR",
        "4",
        RescaleSlope=0.37,
        RescaleIntercept=-3.5,
        PixelPaddingValue=-2000,
        PixelSpacing=[2, 1],
        WindowCenter=200,
        WindowWidth=700,
    )


#: Case to what makes it.
MADE: dict[str, Callable[[], Dataset]] = {
    "MG, VOI LUT, MONOCHROME1": mammogram,
    "XA, times of frames": angiogram,
    "NM, two energies": scintigram,
    "PT": positron_emission,
    "float pixel data": float_map,
    "padding, fractions, high pixels": wide,
}
CASES = [*INSTALLED, *CORPUS, *MADE, *every_class()]


def write(folder: Path, corpus: Path | None) -> dict[str, Path]:
    """Make the files that are not there, each in a folder of its own; return where each case's is."""
    known = {case: path for case, name in INSTALLED.items() if (path := installed(name))}
    if corpus is not None:
        known |= {case: path for case, name in CORPUS.items() if (path := corpus / name).exists()}
    makers = MADE | {name: lambda build=build: build().dataset for name, build in CLASSES.items()}
    for case in [case for case in known if case.startswith("colour")]:  # which are of one series
        file = dcmread(known[case])
        file.SeriesInstanceUID = generate_uid(entropy_srcs=[case])
        known[case] = folder / f"{case}.dcm"
        file.save_as(known[case])
    for number, (case, build) in enumerate(makers.items()):
        path = folder / f"{number:02}" / "image.dcm"
        path.parent.mkdir()
        path.write_bytes(made.to_bytes(build()))
        known[case] = path
    return known
