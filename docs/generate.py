"""Write what pages take from the code: python docs/generate.py.

These are docs/command.md, docs/reference.md with the pages of docs/reference/, and the table of docs/volumes.md.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import get_args, get_type_hints

import click
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.cli import COMMANDS, cli
from hounsfield.series.grouping import TOGETHER
from hounsfield.series.separators import TABLE, Separator
from hounsfield.web.drawn_measure import DrawnMeasure

DOCS = Path(__file__).parent
PAGE, VOLUMES = DOCS / "command.md", DOCS / "volumes.md"
BEGIN, END = "<!-- from the code: python docs/generate.py -->\n", "<!-- until here -->\n"

#: Each page of the Python reference: its file, its title, and the names on it.
SECTIONS = (
    ("reading", "Reading", "read open_frames Frames Image Step ImagePlane SlidePlane Limits register_decoders"),
    (
        "headers",
        "Headers, overlays, segments, regions, times",
        "info tags Attribute dicom_json overlays Overlay segments Segment Code regions Regions Region frame_times"
        " FrameTimes",
    ),
    ("scan", "Headers of many files", "scan scan_batches Progress Catalog"),
    ("batch", "Many volumes and images", "map"),
    (
        "volumes",
        "Volumes",
        "read_volumes read_grid choose Volumes VolumeFacts Volume Report FileOutcome MissingSlices Conflict Tolerances",
    ),
    (
        "masks",
        "Masks and measures",
        "mask apply_mask components region read_rois intersection union measure Measures profile Profile distance"
        " Distance angle cobb Angle point PointValue scaled calibrated surface Surface",
    ),
    ("notebook", "In a notebook", "DrawnMeasure"),
    ("display", "Display", "figure render windows Window presentation PresentationState"),
    (
        "writing",
        "Writing",
        "write write_nifti write_npz write_zarr write_seg SegmentDescription write_stl Written phantom Phantom"
        " PhantomOptions",
    ),
    (
        "errors",
        "Errors and warnings",
        "HounsfieldError SourceError NotDicomError MissingAttributeError InvalidAttributeError UnitError FormatError"
        " UnsupportedTransferSyntaxError DecodeError LimitExceededError GeometryError MissingDependencyError"
        " OutputError WorkersLostError AssumptionError AssumptionWarning",
    ),
)


#: Classes whose package may not be installed, by the page that has them.
ALSO = {"notebook": "hounsfield.web.notebook_view.NotebookView"}


def page() -> str:
    """Return the page: the help of the command and of each subcommand."""
    context = click.Context(cli, info_name="hu", terminal_width=100, **cli.context_settings)
    parts = ["# Command", "", "`hu` is short for `hounsfield`; `python -m hounsfield` is the same.", ""]
    parts += ["```text", cli.get_help(context).rstrip(), "```", ""]
    parts += [*CHINESE.splitlines(), "", *as_python(), "", *choosing(), "", *geometry(), ""]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None, name
        inner = click.Context(command, parent=context, info_name=name, terminal_width=100)
        parts += [f"## hu {name}", "", "```text", command.get_help(inner).rstrip(), "```", ""]
        for below in getattr(command, "commands", {}).values():
            deeper = click.Context(below, parent=inner, info_name=below.name, terminal_width=100)
            parts += [f"### hu {name} {below.name}", "", "```text", below.get_help(deeper).rstrip(), "```", ""]
    return "\n".join(parts)


#: On the language of the command.
CHINESE = """\
## In Chinese

`hu` speaks Chinese where the environment asks for it, as gettext reads it: `LANGUAGE`, `LC_ALL`, `LC_MESSAGES` or
`LANG` is `zh_CN` (`zh_SG` and `zh`, too).

```console
$ LANG=zh_CN.UTF-8 hu stats --help
$ LANGUAGE=en hu stats --help          # English on a Chinese system
```

Help, messages, and results for a person are translated. Names of options, `--json`, `--jsonl`, tables and files that
are written are the same in every language, and so are the library's errors and steps in a Python program: they can be
searched for.
"""


def choosing() -> list[str]:
    """Return the section about the options that choose among what folders hold."""
    return [
        "## What is worked on",
        "",
        "`ls`, `stats`, `mask`, `figure` and `convert` take what these options choose among the volumes and files that",
        "are found, by their headers; all that are given have to fit:",
        "",
        "| option | takes |",
        "|---|---|",
        "| `--series` | a Series Number, a Series Instance UID, or a part of the Series Description |",
        "| `--study` | a Study Date (`20200131`, `2020-01-31`), a UID, or a part of the Study Description |",
        "| `--modality` | one or several: `CT,MR` |",
        "| `--min-slices` | volumes of at least so many slices, files of so many frames |",
        "| `--where` | a condition on any attributes, of a volume those of its first slice |",
        "",
        "`--series` and `--study` may be repeated: one of them has to fit; capitals do not matter. A condition",
        "compares attributes by their DICOM keyword with numbers, or with text in single quotes:",
        "",
        "```sh",
        "hu ls folder/ --where \"KVP > 100 and SeriesDescription like '%thin%'\"",
        "hu stats folder/ --where \"Modality in ('CT', 'PT') and StudyDate >= '2020-01-31'\"",
        "hu mask folder/ --where \"ImageType != 'LOCALIZER' and not (SliceThickness > 3 or SliceThickness is null)\"",
        "```",
        "",
        "- Comparisons: `= != <> < <= > >=`, `like` (`%` stands for any characters, `_` for one; capitals do not",
        "  matter), `in (...)`, `is null`, `is not null`; joined by `and`, `or`, `not` and parentheses. A quote within",
        "  text is written twice.",
        "- Of several values of an attribute one has to fit; `!=`, `not like`, `not in` are the opposite: none does.",
        "- An attribute that is absent or empty fits no comparison, nor its opposite; `is null` asks for it.",
        "- Dates are `'20200131'` or `'2020-01-31'`; ages are years, or `'006M'`.",
        "- Of a file that cannot be read, or has no pixels, nothing tells whether it fits: it is left out, is no",
        "  failure and does not stand in the way of one output. How many those are is said; `-v` names them, with",
        "  the reason, and all that is said without a choice. A file that was named itself fails.",
        "",
        'In Python: `hu.choose(volumes, series=3, where="KVP > 100")`.',
    ]


def geometry() -> list[str]:
    """Return the section about the options that change grids, crop and project."""
    return [
        "## Other grids, parts, projections",
        "",
        "`convert`, `mask`, `stats` and `figure` can change the grid of a volume, take a part of it and project",
        "it. That is done after reading and before masking, always in this order, whatever the order of the",
        "options:",
        "",
        "| | option | does |",
        "|---|---|---|",
        "| 1 | `--rectify` | makes the axes of a tilted gantry rectangular |",
        "| 2 | `--plane`, `--spacing` | turn the slices into a plane of the patient, and interpolate to a spacing |",
        "| or | `--like PATH` | puts it on the grid of a NIfTI file, or of the one volume in a folder or archive |",
        "| 3 | `--crop` | takes a box in LPS mm, `X0:X1,Y0:Y1,Z0:Z1`; or `mask`, the smallest that holds the mask |",
        "| 4 | `--mip`, `--minip`, `--mean` | greatest, least or mean values of slabs in mm, or of all slices |",
        "",
        "- Each is a step of the result; `reshaped` in JSON and JSONL says what was asked for, and shape, spacing",
        "  and affine of what came out. `volume` remains the account of the source.",
        "- `--spacing` counts axes as they come out: slices, rows, columns of the plane.",
        "- All but `--crop` are of volumes: files are put together as with `--volumes`, and `--each` is wrong",
        "  usage. Single images are cropped to a mask, and to a box where their place is known.",
        "- With `--crop mask`, `hu mask` masks first and crops the mask, too, and `--margin-mm` leaves something",
        "  around it; what was projected is masked again. `hu convert` masks nothing: its `--above`, `--below`,",
        "  `--tissue` and `--largest` say what is cropped to.",
        "- Pixels of regions (`--circle 60,70,5`) are those of what comes out, in `hu mask` as in `hu stats`. `--crop",
        "  mask` crops to what is selected by value. Where nothing is, `hu mask` crops to the regions, which are in",
        "  LPS mm then: a region in pixels of the cropped picture cannot say where it is cropped, and is wrong usage.",
        "- `hu mask --format seg` puts the mask back on the grid of the source (the nearest voxel) and writes",
        "  that: a SEG lies over its source images. A projection lies over none, and is wrong usage. Other",
        "  formats are written where the mask is.",
        "- `--slice` of `figure`, `stats` and `convert`, and `--montage`, count slices of what came out. A",
        "  projection of everything is one picture.",
        "- Slabs follow one another from the first slice on. What is left at the end and is no whole slab is left",
        "  out, and a step says so. Greatest and least values have an area, and no volume in mL: STL is wrong usage.",
        "- A grid that holds no voxel of the volume is an error. Of one that holds a part of it, a step says how many",
        "  voxels are padding.",
        "- Outputs are called as they are without these options: `-o` and `--name` keep several apart.",
        "",
        "In Python: [Planes, grids and parts](howto/geometry.md).",
    ]


def reference() -> dict[str, str]:
    """Return the pages of the Python reference by their paths in docs/: an index, and a page for each section."""
    returned = returned_classes()
    index = [
        "# Python reference",
        "",
        "Every public name of `import hounsfield as hu`, with a page for each group of them. `help(hu.read)` prints",
        "the same text. Classes with a star are returned by functions; they have no name in `hu`.",
        "",
        'MkDocs fills the linked pages with signatures and docstrings. `pip install -e ".[docs]"` and `mkdocs serve`',
        "show them.",
        "",
    ]
    pages: dict[str, str] = {}
    for slug, title, names in SECTIONS:
        index += [f"## {title}", "", "| name | |", "|---|---|"]
        parts = [f"# {title}", ""]
        for name in names.split():
            one = returned.get(name) or getattr(hu, name)
            mark = r"\*" if name in returned else ""
            index.append(f"| [`{name}`](reference/{slug}.md#hounsfield.{name}){mark} | {_summary(one)} |")
            parts += [f"::: hounsfield.{name}", ""]
        index.append("")
        parts += [f"::: {ALSO[slug]}", ""] if slug in ALSO else []
        pages[f"reference/{slug}.md"] = "\n".join(parts)
    pages["reference.md"] = "\n".join(index)
    return pages


def returned_classes() -> dict[str, type]:
    """Return the classes that have no name in ``hu``, but that functions of ``hu`` return, by their names."""
    (overlay,) = hu.overlays(get_testdata_file("examples_overlay.dcm"))
    (segment,) = hu.segments(get_testdata_file("liver_1frame.dcm"))
    regions = hu.regions(get_testdata_file("examples_palette.dcm"))
    times = hu.frame_times(get_testdata_file("rtdose.dcm"))
    with tempfile.TemporaryDirectory() as folder:
        hu.phantom(folder, matrix=16, slices=4, missing=(2,))
        report = hu.read_volumes(folder).report
    conflict = get_args(get_type_hints(hu.Report)["conflicts"])[0]
    objects = [overlay, segment, segment.type, regions, regions[0], times, report.files[0], report.missing[0]]
    classes = [*map(type, objects), conflict, DrawnMeasure]
    return {one.__name__: one for one in classes}


def _summary(one: object) -> str:
    """Return the first line of a docstring."""
    return (one.__doc__ or "").strip().partition("\n")[0].replace("|", "\\|")


def separators() -> str:
    """Return the table of what separates volumes, in the order in which it is asked."""
    apart = "separates"
    rows: list[tuple[str, ...]] = [(name, apart, apart, apart, note) for name, note in TOGETHER.items()]
    rows.append(("place within the plane", apart, "joins", "joins", "the left and the right side, at the same heights"))
    rows += [(one.keyword, *_where(one), _note(one)) for one in TABLE]
    rows.append(("any other attribute of the header", apart, "joins", "joins", "not the patient, the window, numbers"))
    rows.append(("InstanceNumber, else the files", "splits", "joins", "joins", "an assumption, which is reported"))
    lines = [
        "| | attribute | positions repeat | one set lies between | one set goes on | |",
        "|---:|---|---|---|---|---|",
        *(f"| {index} | {' | '.join(row)} |" for index, row in enumerate(rows, start=1)),
    ]
    return "\n".join(lines) + "\n"


def _where(one: Separator) -> tuple[str, str, str]:
    apart = "separates"
    if one.role in ("unit", "meaning"):
        return apart, apart, apart
    return apart, apart if one.role == "pass" else "joins", "joins"


def _note(one: Separator) -> str:
    notes = [f"within {one.within:.0%}"] if one.within else []
    notes += ["with its date"] if one.date else []
    notes += ["also by its rank at each position"] if one.ranked else []
    notes += ["volumes in the order of acquisition"] if one.acquired else []
    notes += ["reported where it does not separate"] if one.role == "meaning" else []
    notes += ["also a single slice"] if one.role == "unit" else []
    return "; ".join(notes)


def as_python() -> list[str]:
    """Return the passage on `--as-python`, with a program as it is printed."""
    from hounsfield.recipes.job import Job
    from hounsfield.recipes.masking import Masking
    from hounsfield.recipes.program import program
    from hounsfield.recipes.selection import Selection

    job = Job(Masking(selection=Selection(tissue="lung", largest=2)), ("chest.dcm",), output="out")
    return [
        "## The same in Python",
        "",
        "With `--as-python`, `mask`, `stats`, `figure`, `convert`, `info`, `tags`, `explain`, `ls` and `scan` print",
        "the Python program that does the same, and do nothing else: a start for your own, with the public names only.",
        "`hu mask chest.dcm --tissue lung --largest 2 -o out --as-python` prints",
        "",
        "```python",
        program(job).rstrip(),
        "```",
        "",
        "For a folder the program is a loop that goes on after a file that fails. It differs from the command in",
        "this:",
        "",
        "- Where pixels are missing, the command refuses the file (unless `--damaged`); the program warns and goes on.",
        "- Outputs of single files in folders are named as these are. The command replaces unusual characters, and",
        "  tells apart files of equal names in several folders: there the program with `--force` keeps the last one.",
        "- A loop ends with exit code 0, and one file that fails with a traceback.",
        "- `ls` prints the facts of volumes, without UIDs, files and notes.",
        "- Figures in SVG and PDF, and segmentations, have a date and identifiers of their own.",
    ]


def volumes(text: str) -> str:
    """Return docs/volumes.md with the table as the code has it."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + separators() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    VOLUMES.write_text(volumes(VOLUMES.read_text(encoding="utf-8")), encoding="utf-8")
    (DOCS / "reference").mkdir(exist_ok=True)
    for path, text in reference().items():
        (DOCS / path).write_text(text, encoding="utf-8")
