"""Columns of the tables that follow from the rows of a catalog."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownMemberType=false
import pyarrow as pa

from hounsfield.catalog.series_sql import CHECKS

_TEXTS, _NUMBERS = pa.list_(pa.string()), pa.list_(pa.float64())
#: Counts of a series, and what they are where there is nothing to count.
COUNTS = {
    "volumes": pa.int32(),
    "gaps": pa.int32(),
    "missing_slices": pa.int64(),
    "mixed_spacing": pa.bool_(),
    "split_by": _TEXTS,
    "duplicates": pa.int32(),
    "conflicts": pa.int32(),
    "no_volume": pa.int32(),
    "unreadable": pa.int32(),
}
#: Columns of the tables; ``key`` tells series apart.
SCHEMAS = {
    "series": pa.schema(
        {
            "key": pa.string(),
            "PatientID": pa.string(),
            "PatientAge": pa.string(),
            "PatientSex": pa.string(),
            "StudyInstanceUID": pa.string(),
            "StudyDate": pa.date32(),
            "StudyDescription": pa.string(),
            "SeriesInstanceUID": pa.string(),
            "SeriesDate": pa.date32(),
            "SeriesDescription": pa.string(),
            "SeriesNumber": pa.int64(),
            "Modality": pa.string(),
            "BodyPartExamined": pa.string(),
            "FrameOfReferenceUID": pa.string(),
            "Manufacturer": pa.string(),
            "ManufacturerModelName": pa.string(),
            "SOPClassUID": pa.string(),
            "sop_class_name": pa.string(),
            "TransferSyntaxUID": pa.string(),
            "transfer_syntax_name": pa.string(),
            "PhotometricInterpretation": pa.string(),
            "PixelRepresentation": pa.string(),
            "instanceCount": pa.int64(),
            "files": pa.int64(),
            "series_size_MB": pa.float64(),
            **dict.fromkeys(CHECKS, pa.bool_()),
            "obliquity_degrees": pa.float64(),
            "origin_patient": _NUMBERS,
            "ImageOrientationPatient": _NUMBERS,
            "slice_spacing_mm": pa.float64(),
            **COUNTS,
        }
    ),
    "volumes": pa.schema(
        {
            "key": pa.string(),
            "SeriesInstanceUID": pa.string(),
            "StudyInstanceUID": pa.string(),
            "PatientID": pa.string(),
            "Modality": pa.string(),
            "SeriesNumber": pa.int64(),
            "SeriesDescription": pa.string(),
            "FrameOfReferenceUID": pa.string(),
            "volume": pa.int32(),
            "slices": pa.int32(),
            "Rows": pa.int32(),
            "Columns": pa.int32(),
            "spacing_mm": _NUMBERS,
            "affine": _NUMBERS,
            "files": pa.int32(),
            "first_file": pa.string(),
            "separated_by": pa.string(),
            "split_by": _TEXTS,
            "steps": pa.string(),
        }
    ),
    "gaps": pa.schema(
        {
            "key": pa.string(),
            "SeriesInstanceUID": pa.string(),
            "volume_before": pa.int32(),
            "volume_after": pa.int32(),
            "distance_mm": pa.float64(),
            "expected_mm": pa.float64(),
            "missing": pa.int64(),
            "aside_mm": pa.float64(),
            "positions": pa.list_(_NUMBERS),
            "message": pa.string(),
        }
    ),
    "conflicts": pa.schema(
        {"key": pa.string(), "SeriesInstanceUID": pa.string(), "paths": _TEXTS, "detail": pa.string()}
    ),
    "outcomes": pa.schema(
        {
            "key": pa.string(),
            "SeriesInstanceUID": pa.string(),
            "path": pa.string(),
            "outcome": pa.string(),
            "detail": pa.string(),
            "copy_of": pa.string(),
        }
    ),
}
