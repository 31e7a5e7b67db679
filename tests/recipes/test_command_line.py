"""The command line that a recipe gives, parsed again, gives the same recipe."""

import importlib
import shlex
from dataclasses import replace

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hounsfield.cli import COMMANDS, cli
from hounsfield.exports.write import FORMATS
from hounsfield.recipes.attributes import Attributes
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.choice import Choice
from hounsfield.recipes.command_line import command_line, in_options
from hounsfield.recipes.conversion import Conversion
from hounsfield.recipes.drawing import Drawing
from hounsfield.recipes.explanation import Explanation
from hounsfield.recipes.facts import Facts
from hounsfield.recipes.input_grouping import Grouping
from hounsfield.recipes.job import Job
from hounsfield.recipes.listing import Listing
from hounsfield.recipes.masking import VOLUME_ENDINGS, VOLUMES_ONLY, Masking
from hounsfield.recipes.measured_regions import KINDS, MeasuredRegion
from hounsfield.recipes.measuring import Measuring
from hounsfield.recipes.reading import Reading
from hounsfield.recipes.reshaping import Reshaping
from hounsfield.recipes.selection import Selection
from hounsfield.recipes.styling import FigureStyle
from hounsfield.recipes.tabulation import Tabulation


def parsed(line):
    """The job that the command makes of a command line."""
    hu, name, *words = shlex.split(line)
    assert hu == "hu"
    module = importlib.import_module(COMMANDS[name][0])
    # With its parent: click keeps how the option for help is called.
    parent = click.Context(cli, info_name="hu", **cli.context_settings)
    context = module.command.make_context(name, words, parent)
    options = dict(context.params)
    return module.job_of(options.pop("paths"), options)


def valid(make, **parts):
    """Recipes that can be."""

    @st.composite
    def drawn(draw):
        try:
            return make(**{name: draw(strategy) for name, strategy in parts.items()})
        except RecipeError:
            return make()

    return drawn()


def maybe(strategy):
    return st.none() | strategy


# No argument of a process has a NUL in it.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
numbers = st.floats(allow_nan=False, width=64)
windows = maybe(
    st.integers(0, 99)
    | st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
    | st.sampled_from(["lung", "soft tissue", "it's", "-x", "WINDOW 1", "中文"])
)
readings = valid(
    Reading,
    space=st.sampled_from(["modality", "stored", "suv", "real_world", "real_world:it's -x", "suvlbm"]),
    strict=st.booleans(),
    verify=st.booleans(),
    damaged=st.booleans(),
)
selections = valid(
    Selection,
    above=maybe(numbers),
    below=maybe(numbers),
    tissue=st.sampled_from([None, None, "bone", "soft tissue"]),
    method=st.sampled_from([None, None, "otsu"]),
    fill=maybe(st.booleans()),
    fill_3d=st.booleans(),
    opening=maybe(st.integers(0, 999)),
    largest=maybe(st.integers(1, 10**6)),
    min_mm2=maybe(st.floats(0, 1e9)),
    min_ml=maybe(st.floats(0, 1e9)),
)
millimetres = st.floats(1e-3, 1e5)
sides = maybe(st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5)).map(sorted).map(tuple))
boxes = st.tuples(sides, sides, sides).filter(any)
slabs = maybe(st.just("all") | millimetres)
reshapings = valid(
    Reshaping,
    rectify=st.booleans(),
    like=maybe(texts),
    plane=maybe(st.sampled_from(["axial", "coronal", "sagittal"])),
    spacing=maybe(millimetres | st.tuples(millimetres, millimetres, millimetres)),
    crop=maybe(st.just("mask") | boxes),
    margin_mm=maybe(st.floats(0, 1e6)),
    mip=slabs,
    minip=slabs,
    mean=slabs,
)
formats = st.sampled_from(["png", "svg", "pdf"])
regions = st.lists(
    st.sampled_from(
        [
            MeasuredRegion("circle", "-3,4.5,6"),
            MeasuredRegion("circle", "it's a=1,2,3mm"),
            MeasuredRegion("circle", "-1.5,-2,3,4mm"),
            MeasuredRegion("rect", "1,2,3,4px,-30deg"),
            MeasuredRegion("ellipse", "中文 x=1,2,3,4,5mm"),
            MeasuredRegion("sphere", "1,2,3,4mm"),
            MeasuredRegion("polygon", "-x y.json"),
            MeasuredRegion("roi", "it's.zip"),
        ]
    ),
    unique=True,
    max_size=3,
).map(lambda found: tuple(sorted(found, key=lambda region: KINDS.index(region.kind))))
bounds = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))
maskings = valid(
    Masking,
    reading=readings,
    selection=selections,
    reshaping=reshapings,
    regions=regions,
    format=maybe(st.sampled_from(["png", "npz", "nifti", "seg", "stl"])),
    figure=st.booleans(),
    figure_format=formats,
    outline=st.booleans(),
    window=windows,
    style=st.deferred(lambda: styles),
    label=st.none() | texts,
)
styles = valid(
    FigureStyle,
    title=st.sampled_from(["", "-x", "it's $x$", "{SeriesDescription} {KVP}", "胸部"]),
    language=st.sampled_from(["en", "zh"]),
    dpi=maybe(st.integers(10, 2400)),
)
measurings = valid(
    Measuring,
    reading=readings,
    selection=selections,
    regions=regions,
    reshaping=reshapings,
    frames=st.booleans(),
    frame=maybe(st.integers(-99, 99)),
    slice_index=maybe(st.integers(-99, 99)),
)
drawings = valid(
    Drawing,
    reading=readings,
    selection=selections,
    reshaping=reshapings,
    mask=st.booleans(),
    outline=st.booleans(),
    frame=maybe(st.integers(-99, 99)),
    slice_index=maybe(st.integers(-99, 99)),
    montage=maybe(st.integers(1, 400)),
    style=styles,
    format=formats,
    window=windows,
)
conversions = valid(
    Conversion,
    reading=readings,
    reshaping=reshapings,
    selection=valid(
        Selection,
        above=maybe(numbers),
        below=maybe(numbers),
        tissue=st.sampled_from([None, None, "bone", "soft tissue"]),
        largest=maybe(st.integers(1, 10**6)),
    ),
    to=st.sampled_from(sorted(FORMATS)),
    values=maybe(st.booleans()),
    window=windows,
    square=maybe(st.booleans()),
    icc=st.booleans(),
    presentation=maybe(texts),
    frame=maybe(st.integers(0, 10**6)),
    slice_index=maybe(st.integers(-99, 99)),
    region=maybe(st.tuples(bounds, bounds)),
    quality=maybe(st.integers(1, 100)),
    fps=maybe(st.floats(0.01, 1000)),
)
columns = st.lists(st.sampled_from(["PatientID", "00280030", "ImageType"]), min_size=1, max_size=3)
questions = st.one_of(
    st.builds(
        Tabulation,
        maybe(columns.map(tuple)),
        st.booleans(),
        maybe(st.integers(1, 256)),
        st.sampled_from([None, "KVP > 100 and Modality = 'CT'"]),
    ),
    st.builds(Facts, st.booleans(), st.booleans(), st.sampled_from([(), ("KVP",), ("0018,0060", "PatientName")])),
    valid(Attributes, search=texts, dicom_json=st.booleans(), strict=st.booleans(), phi=st.booleans()),
    st.builds(Explanation, readings.map(lambda reading: replace(reading, damaged=True))),
    st.builds(Listing, st.sampled_from(["split", "resample", "refuse"]), st.booleans(), st.booleans()),
)
groupings = st.builds(Grouping, maybe(st.booleans()), st.sampled_from(["split", "resample", "refuse"]))
# A text of blanks only is no choice.
words = st.lists(texts.filter(str.strip), max_size=2).map(tuple)
choices = valid(
    Choice,
    series=words,
    study=words,
    modality=st.sampled_from([(), ("CT",), ("CT", "MR")]),
    min_slices=maybe(st.integers(1, 10**6)),
    where=st.sampled_from([None, "KVP > 100", "SeriesDescription like '%it''s 5,0%' or not (KVP is null)"]),
)


@st.composite
def jobs(draw):
    recipe = draw(st.one_of(maskings, measurings, drawings, conversions, questions))
    paths = tuple(draw(st.lists(texts | st.just("-"), min_size=1, max_size=3)))
    job = Job(recipe, paths)
    if hasattr(recipe, "reading") and not isinstance(recipe, Explanation) or isinstance(recipe, Listing):
        job = replace(job, choice=draw(choices))
    if isinstance(recipe, Conversion) and recipe.parts:
        job = replace(job, grouping=Grouping(False))  # of files
    elif job.reads_volumes:
        grouping = draw(groupings)
        alone = isinstance(recipe, Conversion) and FORMATS[recipe.to].frames == "volume"
        alone = alone and grouping.together is None
        if alone or (hasattr(recipe, "reshaping") and recipe.reshaping.of_volumes):
            grouping = replace(grouping, together=True)
        job = replace(job, grouping=grouping)
    if isinstance(recipe, Tabulation):
        return replace(job, output=draw(st.none() | st.just("x y.parquet")), force=draw(st.booleans()))
    if isinstance(recipe, Measuring) or not job.reads_volumes and not isinstance(recipe, Conversion):
        return job
    output, force = draw(maybe(st.sampled_from(["out", "o u't", "-x", "a.b/c"]))), draw(st.booleans())
    if draw(st.integers(0, 4)) == 0:
        return to_standard_output(job)
    if isinstance(recipe, Masking) and output is not None and recipe.format and draw(st.booleans()):
        job = as_of_files(job, recipe.format)
        return replace(job, output=output + {"png": ".png", **VOLUME_ENDINGS}[recipe.format], to_file=True, force=force)
    ending = (
        recipe.format
        if isinstance(recipe, Drawing)
        else isinstance(recipe, Conversion) and FORMATS[recipe.to].endings[0][1:]
    )
    if output is not None and ending and draw(st.booleans()):
        return replace(job, output=f"{output}.{ending}", to_file=True, force=force)
    if output is None and isinstance(recipe, Masking):
        output = "hu-mask"
    return replace(job, output=output, force=force)


def as_of_files(job, form):
    """What else holds where one file is the output of a mask."""
    alone = form in VOLUMES_ONLY and job.grouping.together is None
    return replace(job, grouping=replace(job.grouping, together=True)) if alone else job


def to_standard_output(job):
    recipe = job.recipe
    if isinstance(recipe, Conversion) and recipe.to == "zarr":  # a folder
        return job
    if isinstance(recipe, Masking):
        recipe = replace(recipe, format=recipe.format or "png", figure=False)
        job = as_of_files(replace(job, recipe=recipe), recipe.format)
    return replace(job, output="-", to_file=True)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(jobs())
def test_a_command_line_parsed_again_is_the_same_job(job):
    assert parsed(command_line(job)) == job


@pytest.mark.parametrize(
    ("line", "again"),
    [
        ("hu mask a.dcm", "hu mask a.dcm"),
        ("hu mask a.dcm -o hu-mask --window 40.0,400 --fill", "hu mask --fill --window 40,400 a.dcm"),
        ("hu mask --above -200 a", "hu mask --above=-200 a"),
        ("hu figure a.dcm -o x.svg", "hu figure -o x.svg a.dcm"),
        ("hu figure a.dcm --format svg", "hu figure --format svg a.dcm"),
        ("hu convert ct --to nifti -o out", "hu convert --to nifti -o out ct"),
        (
            "hu convert ct --no-phi --force --name '{Modality}/{SeriesNumber:03}' -o out",
            "hu convert -o out --name '{Modality}/{SeriesNumber:03}' --force --no-phi ct",
        ),
        ("hu convert a.dcm -o a.tif --render", "hu convert --render -o a.tif a.dcm"),
        ("hu convert a.dcm --region 0:5,1:7", "hu convert --region 0:5,1:7 a.dcm"),
        ("hu stats ct --each --gaps refuse -- -x", "hu stats --each --gaps refuse -- ct -x"),
        ("hu convert ct --spacing 1 --mip -o out", "hu convert --spacing 1 --mip all -o out ct"),
        ("hu convert ct --mip 20.0 --plane coronal", "hu convert --plane coronal --mip 20 ct"),
        ("hu stats --mean . --volumes", "hu stats --mean all ."),
        ("hu figure ct --crop -90:90.5,,0:10", "hu figure --crop=-90:90.5,,0:10 ct"),
        ("hu stats ct --spacing 3,1,1 -- --mip", "hu stats --spacing 3,1,1 -- ct --mip"),
        ("hu mask ct --crop mask --margin-mm 5", "hu mask --crop mask --margin-mm 5 ct"),
        ("hu info a.dcm --no-phi --json", "hu info --no-phi a.dcm"),
        ("hu explain a.dcm", "hu explain a.dcm"),
        ("hu ls 'a b' --files", "hu ls --files 'a b'"),
        ("hu stats --where 'KVP > 1' ct --series 3 --series x", "hu stats --series 3 --series x --where 'KVP > 1' ct"),
        ("hu convert a b --to nifti --localizers", "hu convert --to nifti --localizers a b"),
        ("hu convert . --to nifti --modality CT,MR", "hu convert --to nifti --modality CT,MR ."),
    ],
)
def test_only_what_is_not_default_is_said(line, again):
    assert command_line(parsed(line)) == again
    assert parsed(again) == parsed(line)


def test_every_option_that_a_message_may_name_exists():
    known = {
        option
        for name in COMMANDS
        for parameter in cli.get_command(click.Context(cli), name).params
        for option in parameter.opts
    }
    for argument in (
        "above",
        "below",
        "tissue",
        "method",
        "fill_3d",
        "min_ml",
        "min_mm2",
        "damaged",
        "together",
        "format",
        "slice_index",
        "montage",
        "frame",
        "region",
        "to",
        "values",
        "dicom_json",
        "rectify",
        "like",
        "plane",
        "spacing",
        "crop",
        "margin_mm",
        "mip",
        "minip",
        "mean",
    ):
        assert in_options(f"`{argument}`") in known, argument


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            'the image has no unit; give above=, below= or method="otsu"',
            "the image has no unit; give --above, --below or --method otsu",
        ),
        ('values="real_world" reads them', "--space real_world reads them"),
        ('tissue="soft tissue"', "--tissue 'soft tissue'"),
        ('fill="3d" is for volumes', "--fill-3d is for volumes"),
        ("it is kept (use --force, or force=True, to replace it)", "it is kept (use --force to replace it)"),
        ("name them with source=", "name them with source="),
        ("hu.Image(array, unit=...) makes one", "hu.Image(array, unit=...) makes one"),
    ],
)
def test_arguments_of_the_library_become_options(message: str, said: str):
    assert in_options(message) == said


def test_what_is_no_argument_stays_in_a_message():
    assert in_options("`a file`.dcm: `nonsense` and `above`") == "`a file`.dcm: `nonsense` and --above"
