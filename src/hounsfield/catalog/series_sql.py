"""SQL of what the rows of a series say together, by the names of the public index of Imaging Data Commons.

That index is the Python package ``idc-index-data``; its tables ``idc_index`` and ``volume_geometry_index`` say what the
names mean. Both queries read ``batch``: the rows of some series, with ``key``, the series, and ``n``, their order.
"""

from __future__ import annotations

#: Of these the first value is taken that a file of the series has,
_FIRST = (
    "PatientID PatientAge PatientSex StudyInstanceUID StudyDate StudyDescription SeriesInstanceUID SeriesDate "
    "SeriesDescription SeriesNumber Modality BodyPartExamined FrameOfReferenceUID Manufacturer ManufacturerModelName "
    "SOPClassUID"
).split()
#: and of these all, where files differ.
_ALL = ("TransferSyntaxUID", "PhotometricInterpretation", "PixelRepresentation")
#: Columns that these queries need.
NEEDED = (*_FIRST, *_ALL, "SOPInstanceUID", "ImageType", "Rows", "Columns", "file_size")

#: Properties of slices on a line in space; the last one is that all others hold.
CHECKS = (
    "single_orientation",
    "orthogonal_orientation",
    "unique_slice_positions",
    "consistent_in_plane_row",
    "consistent_in_plane_col",
    "consistent_pixel_spacing",
    "consistent_image_dimensions",
    "uniform_slice_spacing",
    "regularly_spaced_3d_volume",
)
FACTS = f"""
SELECT key,
  {", ".join(f'arg_min("{name}", n) AS "{name}"' for name in _FIRST)},
  {", ".join(f"string_agg(DISTINCT {name}::VARCHAR, ',' ORDER BY {name}::VARCHAR) AS {name}" for name in _ALL)},
  count(DISTINCT SOPInstanceUID) + count(*) FILTER (WHERE SOPInstanceUID IS NULL) AS "instanceCount",
  count(*) AS files,
  sum(file_size) / 1e6 AS "series_size_MB",
  min(n) AS first
FROM batch GROUP BY key
"""  # noqa: S608  our names

#: Slices on a line in space: those of single-frame CT, MR and PET series without localizers and projections. Distances
#: between neighbours may differ by 1 % of their mean, places beside the line by 0.1 mm, the normal's length by 0.01.
GEOMETRY = f"""
WITH slices AS (
  SELECT key, SOPInstanceUID AS uid, "Rows" AS height, "Columns" AS width, PixelSpacing AS spacing,
    ImagePositionPatient AS p, ImageOrientationPatient AS o,
    [o[2] * o[6] - o[3] * o[5], o[3] * o[4] - o[1] * o[6], o[1] * o[5] - o[2] * o[4]] AS normal
  FROM batch
  WHERE SOPClassUID IN ('1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.1.1.4', '1.2.840.10008.5.1.4.1.1.128')
    AND key NOT IN (
      SELECT key FROM batch
      WHERE len(list_filter(ImageType, lambda word: word = 'LOCALIZER' OR contains(word, 'MIP'))) > 0)
), placed AS (
  SELECT *, sqrt(normal[1] ** 2 + normal[2] ** 2 + normal[3] ** 2) AS length,
    p[1] * normal[1] + p[2] * normal[2] + p[3] * normal[3] AS place,
    p[1] * o[1] + p[2] * o[2] + p[3] * o[3] AS along_row,
    p[1] * o[4] + p[2] * o[5] + p[3] * o[6] AS along_column
  FROM slices
), distances AS (
  SELECT *, lead(place) OVER (PARTITION BY key ORDER BY place) - place AS distance,
    (max(place) OVER (PARTITION BY key) - min(place) OVER (PARTITION BY key))
      / nullif(count(*) OVER (PARTITION BY key) - 1, 0) AS expected
  FROM placed
), checks AS (
  SELECT key,
    count(DISTINCT o) = 1 AS single_orientation,
    min(length) >= 0.99 AND max(length) <= 1.01 AS orthogonal_orientation,
    count(DISTINCT uid) = count(DISTINCT place) AS unique_slice_positions,
    max(along_row) - min(along_row) < 0.1 AS consistent_in_plane_row,
    max(along_column) - min(along_column) < 0.1 AS consistent_in_plane_col,
    count(DISTINCT spacing) = 1 AS consistent_pixel_spacing,
    count(DISTINCT height) = 1 AND count(DISTINCT width) = 1 AS consistent_image_dimensions,
    max(abs(distance - expected)) < 0.01 * abs(any_value(expected)) AS uniform_slice_spacing,
    arg_min(normal, place) AS normal, arg_min(length, place) AS length,
    arg_min(p, place) AS p, arg_min(o, place) AS o, any_value(expected) AS expected
  FROM distances GROUP BY key
), together AS (
  SELECT *, single_orientation AND orthogonal_orientation AND unique_slice_positions AND consistent_in_plane_row
    AND consistent_in_plane_col AND consistent_pixel_spacing AND consistent_image_dimensions AND uniform_slice_spacing
    AS regularly_spaced_3d_volume,
    greatest(abs(normal[1]), abs(normal[2]), abs(normal[3])) / nullif(length, 0) AS steepest
  FROM checks
)
SELECT key, {", ".join(CHECKS)},
  CASE WHEN steepest <= 1 + 1e-9 THEN round(degrees(acos(least(steepest, 1))), 2) END AS obliquity_degrees,
  CASE WHEN regularly_spaced_3d_volume THEN p END AS origin_patient,
  CASE WHEN regularly_spaced_3d_volume THEN o END AS "ImageOrientationPatient",
  CASE WHEN regularly_spaced_3d_volume THEN expected END AS slice_spacing_mm
FROM together
"""  # noqa: S608  our names

#: Studies and patients, from the table of series.
_TOGETHER = """
  min("StudyDate") AS {first}, count(*) AS series, sum("instanceCount")::BIGINT AS "instanceCount",
  sum(files)::BIGINT AS files, sum("series_size_MB") AS "size_MB",
  list_sort(list(DISTINCT "Modality") FILTER ("Modality" IS NOT NULL)) AS modalities,
  sum(volumes)::BIGINT AS volumes, sum(missing_slices)::BIGINT AS missing_slices,
  bool_or(mixed_spacing) AS mixed_spacing,
  sum(duplicates)::BIGINT AS duplicates, sum(conflicts)::BIGINT AS conflicts
"""
STUDIES = f"""
SELECT "StudyInstanceUID", min("PatientID") AS "PatientID", min("PatientSex") AS "PatientSex",
  min("PatientAge") AS "PatientAge", min("StudyDescription") AS "StudyDescription",
  {_TOGETHER.format(first='"StudyDate"')}
FROM series GROUP BY "StudyInstanceUID"
"""  # noqa: S608  our names
PATIENTS = f"""
SELECT "PatientID", min("PatientSex") AS "PatientSex", count(DISTINCT "StudyInstanceUID") AS studies,
  max("StudyDate") AS last_study, {_TOGETHER.format(first="first_study")}
FROM series GROUP BY "PatientID"
"""  # noqa: S608  our names
