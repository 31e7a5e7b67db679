"""Small presentation states that tests make themselves: there is no real one in any of the collections."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import hounsfield as hu

from made import dataset, to_bytes

GRAYSCALE, COLOR, PSEUDO = (f"1.2.840.10008.5.1.4.1.1.11.{i}" for i in (1, 2, 3))


def item(**attributes: Any) -> Dataset:
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def reference(image: Dataset, frames: list[int] | None = None) -> Dataset:
    made = item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)
    if frames:
        made.ReferencedFrameNumber = frames
    return made


def lut(entries: list[int], first: int = 0, bits: int = 16, vr: str = "US") -> Dataset:
    made = Dataset()
    made.add_new(0x00283002, vr, [len(entries) % 65536, first, bits])
    made.add_new(0x00283006, "OW", np.array(entries, "<u2").tobytes())
    return made


def state(image: Dataset, sop_class: str = GRAYSCALE, frames: list[int] | None = None, **attributes: Any) -> Dataset:
    """A presentation state for an image; attributes that are given replace or add, None takes away."""
    made = dataset(None, SOPClassUID=sop_class, Modality="PR")
    made.file_meta.MediaStorageSOPClassUID = sop_class
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"{image.SOPInstanceUID}.1"[:64]
    made.PatientName, made.PatientID, made.PatientBirthDate, made.PatientSex = "Made^State", "1", "", ""
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    made.StudyDate = made.StudyTime = made.StudyID = made.AccessionNumber = made.ReferringPhysicianName = ""
    made.SeriesNumber = made.InstanceNumber = 1
    made.Manufacturer = ""
    made.PresentationCreationDate, made.PresentationCreationTime = "20200101", "000000"
    made.ContentLabel, made.ContentDescription, made.ContentCreatorName = "MADE", "", ""
    series = item(SeriesInstanceUID=image.get("SeriesInstanceUID", "1.2.3.5"))
    series.ReferencedImageSequence = Sequence([reference(image, frames)])
    made.ReferencedSeriesSequence = Sequence([series])
    frame_rows, columns = image.Rows, image.Columns
    made.DisplayedAreaSelectionSequence = Sequence([area(1, 1, columns, frame_rows)])
    if sop_class == GRAYSCALE:
        made.PresentationLUTShape = "IDENTITY"
    for keyword, value in attributes.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(
                made, keyword, Sequence(value) if isinstance(value, list) and isinstance(value[0], Dataset) else value
            )
    return made


def area(left: int, top: int, right: int, bottom: int, **attributes: Any) -> Dataset:
    return item(
        DisplayedAreaTopLeftHandCorner=[left, top],
        DisplayedAreaBottomRightHandCorner=[right, bottom],
        PresentationSizeMode="SCALE TO FIT",
        PresentationPixelAspectRatio=[1, 1],
        **attributes,
    )


def window(center: float, width: float, **attributes: Any) -> Dataset:
    return item(WindowCenter=center, WindowWidth=width, **attributes)


__all__ = ["COLOR", "GRAYSCALE", "PSEUDO", "area", "item", "lut", "reference", "state", "to_bytes", "window"]


#: Of a CT image: its values, and a window.
HU = {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"}
CT = {**HU, "SoftcopyVOILUTSequence": [window(40, 400)]}


def shown(image, made, **options):
    return hu.render(image, presentation=hu.presentation(to_bytes(made)), **options)


def annotated(image, ct, graphics=(), texts=(), layer=None, view=None, units="PIXEL"):
    """A picture with annotations only: the image itself is black."""
    group = item(GraphicLayer="A")
    made_graphics = []
    for kind, data, filled in graphics:
        made_graphics.append(
            item(
                GraphicAnnotationUnits=units,
                GraphicDimensions=2,
                NumberOfGraphicPoints=len(data) // 2,
                GraphicData=data,
                GraphicType=kind,
                GraphicFilled=filled,
            )
        )
    if made_graphics:
        group.GraphicObjectSequence = made_graphics
    if texts:
        group.TextObjectSequence = list(texts)
    black = {**HU, "SoftcopyVOILUTSequence": [window(20000, 10)], **(view or {})}
    layers = layer or [item(GraphicLayer="A", GraphicLayerOrder=1)]
    return shown(image, state(ct, **black, GraphicAnnotationSequence=[group], GraphicLayerSequence=layers))


def words(text, box=None, anchor=None, align="LEFT", visible="N"):
    made = item(UnformattedTextValue=text)
    if box:
        made.BoundingBoxAnnotationUnits = "PIXEL"
        made.BoundingBoxTopLeftHandCorner, made.BoundingBoxBottomRightHandCorner = box[:2], box[2:]
        made.BoundingBoxTextHorizontalJustification = align
    if anchor:
        made.AnchorPointAnnotationUnits, made.AnchorPoint, made.AnchorPointVisibility = "PIXEL", anchor, visible
    return made
