"""Words on the views of a catalog and on their columns."""

from __future__ import annotations

import re

#: The views, and what one row of each is.
VIEWS = {
    "instances": "a file, or a member of an archive, that could be read",
    "errors": "a file that could not be read, and why",
    "vanished": "a file that was there in an earlier scan, and is gone",
    "files": "any of these three",
    "series": "a series: counts, and whether it is one regularly spaced volume",
    "studies": "a study",
    "patients": "a patient",
    "volumes": "a volume that read_volumes makes of the files",
    "gaps": "a place in a series at which slices are missing, or their distance changes",
    "conflicts": "a contradiction between files of a series",
    "outcomes": "a file that is not plainly a slice of a volume, and what became of it",
    "headers": "a whole header, where the catalog keeps them",
    "uids": "a UID of the standard: a SOP class, a transfer syntax",
}
#: Columns that are no attributes of DICOM.
_COLUMNS = {
    "path": "path or URL of the file; of a member of an archive, with its name in it",
    "archive": "the archive that the file is a member of",
    "file_size": "bytes of the file",
    "mtime": "when the file was changed last",
    "pixel_offset": "where pixel data begins in the file",
    "pixel_length": "bytes of native pixel data",
    "encapsulated": "whether pixel data is in fragments; null without pixel data",
    "issues": "what was assumed while the header was read",
    "error": "why the file could not be read",
    "vanished": "when the file was seen to be gone",
    "sop_class_name": "name of the SOP class",
    "transfer_syntax_name": "name of the transfer syntax",
    "instanceCount": "different SOP Instance UIDs",
    "files": "number of files",
    "series_size_MB": "million bytes of the files",
    "size_MB": "million bytes of the files",
    "single_orientation": "all slices have the same orientation",
    "orthogonal_orientation": "rows are at right angles to columns",
    "unique_slice_positions": "no two slices are at the same place",
    "consistent_in_plane_row": "all slices begin at the same place along a row",
    "consistent_in_plane_col": "all slices begin at the same place along a column",
    "consistent_pixel_spacing": "all slices have the same pixel spacing",
    "consistent_image_dimensions": "all slices have the same numbers of rows and columns",
    "uniform_slice_spacing": "distances between slices are equal to 1 %",
    "regularly_spaced_3d_volume": "all of these hold; null of series that are not slices of CT, MR or PET",
    "obliquity_degrees": "angle between the normal of the slices and the nearest axis of the patient",
    "origin_patient": "position of the first slice, mm",
    "slice_spacing_mm": "distance between slices",
    "volumes": "volumes that the files make",
    "volume": "number of the volume within its series, from 0",
    "gaps": "places at which slices are missing, or their distance changes",
    "missing_slices": "slices that are missing at these places",
    "mixed_spacing": "the distance between slices changes",
    "split_by": "what separates volumes",
    "duplicates": "files that hold the same as another one",
    "conflicts": "contradictions between files",
    "no_volume": "files that are in no volume",
    "unreadable": "files whose pixel data cannot be read",
    "studies": "number of studies",
    "series": "number of series",
    "patients": "number of patients",
    "modalities": "modalities of the series",
    "first_study": "date of the first study",
    "last_study": "date of the last study",
    "slices": "number of slices",
    "spacing_mm": "between slices, between rows, between columns",
    "affine": "16 numbers, row by row: from (slice, row, column) to mm in the patient",
    "first_file": "file of the first slice",
    "separated_by": "values that differ from other volumes of the series, as JSON",
    "steps": "how the geometry came to be, as JSON",
    "volume_before": "number of the volume before the gap",
    "volume_after": "number of the volume after the gap",
    "distance_mm": "distance over the gap",
    "expected_mm": "distance that was expected",
    "missing": "slices that are missing; 0 where the distance is no multiple of the expected one",
    "aside_mm": "how far the volume after the gap lies beside the line",
    "positions": "positions of the slices before and after the gap",
    "message": "the gap in words",
    "paths": "files",
    "detail": "why",
    "outcome": "what became of the file",
    "copy_of": "the file that holds the same",
    "header": "the header as DICOM JSON",
    "transfer_syntaxes": "different transfer syntaxes",
    "level": "whose UID it is",
    "uid": "the UID",
    "differ": "attributes that differ",
    "example": "one of the files",
    "bytes": "bytes of the files",
    "mean_bytes": "mean of the bytes of a file",
    "median_bytes": "median of the bytes of a file",
    "largest_bytes": "bytes of the largest file",
    "decoded_bytes": "bytes of the pixels when decoded",
    "ratio": "decoded bytes to bytes of the files",
    "month": "year and month of the study date",
    "day": "day on which it was seen",
    "oldest": "first study date",
    "newest": "last study date",
    "row_mm": "distance between rows",
    "column_mm": "distance between columns",
    "fewest_slices": "slices of the smallest volume",
    "median_slices": "median of the slices of a volume",
    "most_slices": "slices of the largest volume",
    "frames": "number of frames",
    "most_frames": "frames of the file that has most",
    "name": "name in the standard",
    "reason": "what separates volumes",
    "assumption": "what was assumed",
}


def column_words(name: str) -> str:
    """Return what a column is: the name of the attribute, for one of DICOM.

    Examples
    --------
    >>> column_words("PatientAge"), column_words("files")
    ("Patient's Age", 'number of files')
    """
    from hounsfield.headers.keywords import keyword_name  # pydicom's dictionary: only where it is asked for

    return _COLUMNS.get(name) or keyword_name(name.rpartition(".")[2]) or "private attribute"


#: Views of what follows from rows.
_DERIVED = re.compile(r"\b(?:series|studies|patients|volumes|gaps|conflicts|outcomes)\b", re.IGNORECASE)
_OLDER = "series, volumes and all that follows from files are of an earlier state; the next scan brings them up"


def older_tables(sql: str, *, derived: bool) -> str:
    """Return what is to be said of a question whose views are older than the rows; ``""`` where there is nothing.

    Parameters
    ----------
    sql
        The question.
    derived
        `Manifest.is_derived`: whether the views are those of the rows.
    """
    return _OLDER if not derived and _DERIVED.search(sql) else ""
