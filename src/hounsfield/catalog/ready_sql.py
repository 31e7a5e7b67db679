"""SQL of the ready questions: name, what is asked, columns of the answer, SQL.

A line that ends in ``--? NAME`` is left out where the catalog has no column of this name, as one without what
identifies patients. Every question says in which order its rows come.
"""

from __future__ import annotations

from collections.abc import Sequence

from hounsfield.catalog.uid_counts import SAME

#: What a series is to a person who looks for it.
_SERIES = ("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription")
#: As `hounsfield.catalog.repeated_uids` compares them: a value that is missing is another one.
_DIFFERS = """\
    CASE WHEN min(coalesce("{name}"::VARCHAR, '')) <> max(coalesce("{name}"::VARCHAR, '')) THEN '{name}' END,"""
READY: tuple[tuple[str, str, Sequence[str], str], ...] = (
    (
        "modalities",
        "Studies, series, files and bytes of each modality.",
        "Modality studies series files instanceCount size_MB".split(),
        """
SELECT "Modality", count(DISTINCT "StudyInstanceUID") AS studies, count(*) AS series,
  sum(files)::BIGINT AS files, sum("instanceCount")::BIGINT AS "instanceCount", sum("series_size_MB") AS "size_MB"
FROM series GROUP BY "Modality" ORDER BY files DESC, "Modality"
""",
    ),
    (
        "missing-slices",
        "Series in which slices are missing, those with most first.",
        [*_SERIES, "files", "volumes", "gaps", "missing_slices", "mixed_spacing"],
        """
SELECT "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription",
  files, volumes, gaps, missing_slices, mixed_spacing
FROM series WHERE missing_slices > 0 ORDER BY missing_slices DESC, "SeriesInstanceUID", "StudyInstanceUID"
""",
    ),
    (
        "mixed-spacing",
        "Series whose slices are at several distances, none of which is a multiple of another.",
        [*_SERIES, "files", "volumes", "gaps", "missing_slices", "mixed_spacing"],
        """
SELECT "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription",
  files, volumes, gaps, missing_slices, mixed_spacing
FROM series WHERE mixed_spacing ORDER BY gaps DESC, "SeriesInstanceUID", "StudyInstanceUID"
""",
    ),
    (
        "gaps",
        "Every place at which slices are missing or the distance changes.",
        "SeriesInstanceUID volume_before volume_after distance_mm expected_mm missing message".split(),
        """
SELECT "SeriesInstanceUID", volume_before, volume_after, distance_mm, expected_mm, missing, message
FROM gaps ORDER BY "SeriesInstanceUID", volume_before, volume_after
""",
    ),
    (
        "duplicates",
        "SOP Instance UIDs that are in several files, and which files these are.",
        "SOPInstanceUID files series transfer_syntaxes bytes paths".split(),
        """
WITH repeated AS (
  SELECT "SOPInstanceUID" FROM instances WHERE "SOPInstanceUID" <> '' GROUP BY "SOPInstanceUID" HAVING count(*) > 1
)
SELECT "SOPInstanceUID", count(*) AS files, count(DISTINCT "SeriesInstanceUID") AS series,
  count(DISTINCT "TransferSyntaxUID") AS transfer_syntaxes, sum(file_size)::BIGINT AS bytes,
  list_sort(list(path)) AS paths
FROM instances SEMI JOIN repeated USING ("SOPInstanceUID")
GROUP BY "SOPInstanceUID" ORDER BY files DESC, "SOPInstanceUID"
""",
    ),
    (
        "conflicts",
        "One UID for different things: headers of one SOP Instance UID, or of one series, that contradict each other.",
        "level uid differ files example".split(),
        """
WITH repeated AS (
  SELECT "SOPInstanceUID" FROM instances WHERE "SOPInstanceUID" <> '' GROUP BY "SOPInstanceUID" HAVING count(*) > 1
), all_conflicts AS (
  SELECT 'SOPInstanceUID' AS level, "SOPInstanceUID" AS uid, count(*) AS files, min(path) AS example, list_filter([
{same}
    NULL
  ], lambda name: name IS NOT NULL) AS differ
  FROM instances SEMI JOIN repeated USING ("SOPInstanceUID") GROUP BY "SOPInstanceUID"
  UNION ALL
  SELECT 'SeriesInstanceUID', "SeriesInstanceUID", count(*), min(path), list_filter([
    CASE WHEN min("PatientID") <> max("PatientID") THEN 'PatientID' END, --? PatientID
    CASE WHEN min("StudyInstanceUID") <> max("StudyInstanceUID") THEN 'StudyInstanceUID' END,
    CASE WHEN min("Modality") <> max("Modality") THEN 'Modality' END
  ], lambda name: name IS NOT NULL)
  FROM instances WHERE "SeriesInstanceUID" <> '' GROUP BY "SeriesInstanceUID"
)
SELECT level, uid, differ, files, example FROM all_conflicts WHERE len(differ) > 0 ORDER BY level, uid
""".replace("{same}", "\n".join(f"{_DIFFERS.format(name=name)} --? {name}" for name in SAME)),
    ),
    (
        "unreadable",
        "Why DICOM files could not be read, with an example.",
        "error files bytes example".split(),
        """
SELECT error, count(*) AS files, sum(file_size)::BIGINT AS bytes, min(path) AS example
FROM errors WHERE NOT starts_with(error, 'is not a DICOM file') GROUP BY error ORDER BY files DESC, error
""",
    ),
    (
        "not-dicom",
        "What the files are that are no DICOM, with an example.",
        "error files bytes example".split(),
        """
SELECT error, count(*) AS files, sum(file_size)::BIGINT AS bytes, min(path) AS example
FROM errors WHERE starts_with(error, 'is not a DICOM file') GROUP BY error ORDER BY files DESC, error
""",
    ),
    (
        "transfer-syntaxes",
        "Files and bytes of each transfer syntax.",
        "TransferSyntaxUID transfer_syntax_name files bytes".split(),
        """
SELECT "TransferSyntaxUID", name AS transfer_syntax_name, count(*) AS files, sum(file_size)::BIGINT AS bytes
FROM instances LEFT JOIN uids ON uid = "TransferSyntaxUID" GROUP BY ALL ORDER BY files DESC, "TransferSyntaxUID"
""",
    ),
    (
        "sop-classes",
        "Files and bytes of each SOP class.",
        "SOPClassUID sop_class_name files bytes".split(),
        """
SELECT "SOPClassUID", name AS sop_class_name, count(*) AS files, sum(file_size)::BIGINT AS bytes
FROM instances LEFT JOIN uids ON uid = "SOPClassUID" GROUP BY ALL ORDER BY files DESC, "SOPClassUID"
""",
    ),
    (
        "sizes",
        "Bytes of files by modality: all, the mean, the median, the largest.",
        "Modality files bytes mean_bytes median_bytes largest_bytes".split(),
        """
SELECT "Modality", count(*) AS files, sum(file_size)::BIGINT AS bytes, avg(file_size) AS mean_bytes,
  median(file_size) AS median_bytes, max(file_size) AS largest_bytes
FROM instances GROUP BY "Modality" ORDER BY bytes DESC, "Modality"
""",
    ),
    (
        "largest-series",
        "The hundred largest series.",
        [*_SERIES, "files", "volumes", "series_size_MB"],
        """
SELECT "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", files, volumes, "series_size_MB"
FROM series ORDER BY "series_size_MB" DESC, "SeriesInstanceUID", "StudyInstanceUID" LIMIT 100
""",
    ),
    (
        "series-per-study",
        "How many studies have so many series.",
        "series studies files".split(),
        """
SELECT series, count(*) AS studies, sum(files)::BIGINT AS files FROM studies GROUP BY series ORDER BY series
""",
    ),
    (
        "dates",
        "Studies, series and files of each month.",
        "month studies series files".split(),
        """
SELECT strftime("StudyDate", '%Y-%m') AS month, count(DISTINCT "StudyInstanceUID") AS studies, count(*) AS series,
  sum(files)::BIGINT AS files
FROM series GROUP BY month ORDER BY month
""",
    ),
    (
        "oldest-newest",
        "The first and the last study date of each modality.",
        "Modality oldest newest studies".split(),
        """
SELECT "Modality", min("StudyDate") AS oldest, max("StudyDate") AS newest,
  count(DISTINCT "StudyInstanceUID") AS studies
FROM series GROUP BY "Modality" ORDER BY "Modality"
""",
    ),
    (
        "protocols",
        "Series and files of each protocol.",
        "Modality ProtocolName series files".split(),
        """
SELECT "Modality", "ProtocolName", count(DISTINCT "SeriesInstanceUID") AS series, count(*) AS files
FROM instances GROUP BY "Modality", "ProtocolName" ORDER BY files DESC, "Modality", "ProtocolName"
""",
    ),
    (
        "manufacturers",
        "Series and files of each manufacturer and model.",
        "Manufacturer ManufacturerModelName Modality series files".split(),
        """
SELECT "Manufacturer", "ManufacturerModelName", "Modality", count(*) AS series, sum(files)::BIGINT AS files
FROM series GROUP BY "Manufacturer", "ManufacturerModelName", "Modality"
ORDER BY files DESC, "Manufacturer", "ManufacturerModelName", "Modality"
""",
    ),
    (
        "body-parts",
        "Series and files of each body part.",
        "BodyPartExamined Modality series files".split(),
        """
SELECT "BodyPartExamined", "Modality", count(*) AS series, sum(files)::BIGINT AS files
FROM series GROUP BY "BodyPartExamined", "Modality" ORDER BY files DESC, "BodyPartExamined", "Modality"
""",
    ),
    (
        "patients",
        "How many patients have so many studies; no names.",
        "studies patients series files".split(),
        """
SELECT studies, count(*) AS patients, sum(series)::BIGINT AS series, sum(files)::BIGINT AS files
FROM patients GROUP BY studies ORDER BY studies
""",
    ),
    (
        "matrix-sizes",
        "Files of each number of rows and columns.",
        "Modality Rows Columns series files".split(),
        """
SELECT "Modality", "Rows", "Columns", count(DISTINCT "SeriesInstanceUID") AS series, count(*) AS files
FROM instances GROUP BY "Modality", "Rows", "Columns" ORDER BY files DESC, "Modality", "Rows", "Columns"
""",
    ),
    (
        "slice-thickness",
        "Series and files of each slice thickness.",
        "Modality SliceThickness series files".split(),
        """
SELECT "Modality", "SliceThickness", count(DISTINCT "SeriesInstanceUID") AS series, count(*) AS files
FROM instances GROUP BY "Modality", "SliceThickness" ORDER BY "Modality", "SliceThickness"
""",
    ),
    (
        "spacings",
        "Series and files of each pixel spacing: between rows, between columns.",
        "Modality row_mm column_mm series files".split(),
        """
SELECT "Modality", "PixelSpacing"[1] AS row_mm, "PixelSpacing"[2] AS column_mm,
  count(DISTINCT "SeriesInstanceUID") AS series, count(*) AS files
FROM instances GROUP BY "Modality", row_mm, column_mm ORDER BY files DESC, "Modality", row_mm, column_mm
""",
    ),
    (
        "photometric",
        "Files of each photometric interpretation, and of each number of samples and bits.",
        "PhotometricInterpretation SamplesPerPixel BitsAllocated BitsStored PixelRepresentation files".split(),
        """
SELECT "PhotometricInterpretation", "SamplesPerPixel", "BitsAllocated", "BitsStored", "PixelRepresentation",
  count(*) AS files
FROM instances GROUP BY ALL
ORDER BY files DESC, "PhotometricInterpretation", "SamplesPerPixel", "BitsAllocated", "BitsStored",
  "PixelRepresentation"
""",
    ),
    (
        "geometry",
        "How many series are one regularly spaced volume, by modality; null where that is not asked.",
        "Modality regularly_spaced_3d_volume series files".split(),
        """
SELECT "Modality", regularly_spaced_3d_volume, count(*) AS series, sum(files)::BIGINT AS files
FROM series GROUP BY "Modality", regularly_spaced_3d_volume ORDER BY "Modality", regularly_spaced_3d_volume
""",
    ),
    (
        "oblique",
        "Series whose slices are more than a degree from an axis of the patient.",
        [*_SERIES, "files", "obliquity_degrees"],
        """
SELECT "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", files, obliquity_degrees
FROM series WHERE obliquity_degrees > 1 ORDER BY obliquity_degrees DESC, "SeriesInstanceUID", "StudyInstanceUID"
""",
    ),
    (
        "volumes",
        "Volumes of each modality, and how many slices they have.",
        "Modality volumes slices fewest_slices median_slices most_slices".split(),
        """
SELECT "Modality", count(*) AS volumes, sum(slices)::BIGINT AS slices, min(slices) AS fewest_slices,
  median(slices) AS median_slices, max(slices) AS most_slices
FROM volumes GROUP BY "Modality" ORDER BY volumes DESC, "Modality"
""",
    ),
    (
        "separated",
        "What separates series into several volumes, and how many series.",
        "reason series".split(),
        """
SELECT reason, count(*) AS series FROM (SELECT unnest(split_by) AS reason FROM series)
GROUP BY reason ORDER BY series DESC, reason
""",
    ),
    (
        "no-volume",
        "Why files are in no volume, with an example.",
        "outcome detail files example".split(),
        """
SELECT outcome, detail, count(*) AS files, min(path) AS example
FROM outcomes WHERE outcome NOT IN ('volume', 'duplicate')
GROUP BY outcome, detail ORDER BY files DESC, outcome, detail
""",
    ),
    (
        "multi-frame",
        "Files of several frames, by SOP class.",
        "SOPClassUID sop_class_name files frames most_frames".split(),
        """
SELECT "SOPClassUID", name AS sop_class_name, count(*) AS files, sum("NumberOfFrames")::BIGINT AS frames,
  max("NumberOfFrames") AS most_frames
FROM instances LEFT JOIN uids ON uid = "SOPClassUID" WHERE "NumberOfFrames" > 1
GROUP BY "SOPClassUID", sop_class_name ORDER BY frames DESC, "SOPClassUID"
""",
    ),
    (
        "compressed",
        "Bytes of files beside those of their decoded pixels, by transfer syntax.",
        "TransferSyntaxUID encapsulated files bytes decoded_bytes ratio".split(),
        """
SELECT "TransferSyntaxUID", encapsulated, count(*) AS files, sum(file_size)::BIGINT AS bytes,
  sum("Rows" * "Columns" * coalesce("SamplesPerPixel", 1) * coalesce("NumberOfFrames", 1)
    * "BitsAllocated" // 8)::BIGINT AS decoded_bytes,
  round(decoded_bytes / bytes, 3) AS ratio
FROM instances WHERE encapsulated IS NOT NULL
GROUP BY "TransferSyntaxUID", encapsulated ORDER BY bytes DESC, "TransferSyntaxUID", encapsulated
""",
    ),
    (
        "without-pixels",
        "Files without pixel data, by SOP class and modality.",
        "SOPClassUID sop_class_name Modality files example".split(),
        """
SELECT "SOPClassUID", name AS sop_class_name, "Modality", count(*) AS files, min(path) AS example
FROM instances LEFT JOIN uids ON uid = "SOPClassUID" WHERE encapsulated IS NULL
GROUP BY "SOPClassUID", sop_class_name, "Modality" ORDER BY files DESC, "SOPClassUID", "Modality"
""",
    ),
    (
        "assumed",
        "What was assumed while headers were read, with an example.",
        "assumption files example".split(),
        """
SELECT assumption, count(*) AS files, min(path) AS example
FROM (SELECT path, unnest(issues) AS assumption FROM instances WHERE len(issues) > 0)
GROUP BY assumption ORDER BY files DESC, assumption
""",
    ),
    (
        "vanished",
        "Files that are gone, by the day on which that was seen.",
        "day files bytes example".split(),
        """
SELECT vanished::DATE AS day, count(*) AS files, sum(file_size)::BIGINT AS bytes, min(path) AS example
FROM vanished GROUP BY day ORDER BY day
""",
    ),
)
