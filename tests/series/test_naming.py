"""Names of outputs: unique, stable, inside the folder, valid on every system, without the patient on request."""

import random
import re
from pathlib import PureWindowsPath

import pytest

from hounsfield.series.naming import Subject, Template, names_of, parse_template, same_name

_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in "0123456789¹²³")}
_TEXTS = [
    "thorax 1mm", "Thorax 1MM", "", " ", ".", "..", "../../etc/passwd", "..\\..\\windows", "/absolute", "C:\\x", "C:x",
    "CON", "nul", "com1", "LPT¹", "aux.txt", "a" * 300, "名" * 300, "e\u0301" * 90, "é" * 90, "head🧠🩻", "🧠", "\u202egpj.exe",
    "a\x00b", "a\nb\tc", "a\x1b[31mred", "x*?<>|\"y", "trail.", "trail ", "-rf", "~", "$HOME", "%PATH%", "`id`", "ß", "ss", "SS",
    "ﬁne", "fine", "İ", "i̇", "K", "K", "x.mask", "x.frame0001", "1.5mm", "a\ud800b", "{PatientName}", "\u200b", "\ufeffz",
    "Müller^Hans", "Mu\u0308ller^Hans", "desktop.ini", ".hidden", "thorax-1mm", "none",
]  # fmt: skip


@pytest.fixture(scope="module")
def hostile():
    """2,000 series: hostile descriptions and numbers, many of them the same."""
    made = random.Random(13)
    return [
        Subject(
            {
                "PatientName": "Rumpelstilz^Kunigunde",
                "StudyDate": made.choice(["2020-01-01", "2020-01-01", None, "../..", "Rumpelstilz"]),
                "Modality": made.choice(["CT", "CT", "MR", None, "Rumpelstilz", "ct", "CT/.."]),
                "SeriesNumber": made.choice([1, 3, -7, None, 10**12, "Rumpelstilz", 3.0]),
                "SeriesDescription": made.choice(_TEXTS + ["Rumpelstilz Kunigunde 1970"]),
            },
            ((f"1.2.{index % 300}", f"1.2.3.{index // 2}"), ("EchoTime", index % 2)),
        )
        for index in range(2000)
    ]


TEMPLATES = [
    Template(),
    parse_template("{StudyDate}/{SeriesNumber}-{SeriesDescription}"),
    parse_template("{SeriesDescription}/{Modality}"),
    parse_template("{SeriesDescription}"),
    parse_template(phi=False),
    parse_template("{Modality}/{SeriesNumber:04}", phi=False),
]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.text)
def test_names_of_2000_hostile_series(hostile, template):
    stems = [named.stem for named in names_of(hostile, template)]
    assert len({same_name(stem) for stem in stems}) == len({stem.upper() for stem in stems}) == 2000
    for stem in stems:
        parts = stem.split("/")
        assert len(parts) == template.text.count("/") + 1
        for part in parts:
            assert part not in ("", ".", "..")
            assert part[0] not in " .-"
            assert part[-1] not in " ."
            assert part.split(".")[0].upper() not in _DEVICES
            assert not re.search(r'[\x00-\x1f\x7f<>:"/\\|?*]', part)
            assert part.isprintable()
            assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\U0001f000-\U0001ffff]", part)
            assert len(part) <= 100
            assert len(part.encode()) <= 200  # leaves room for endings in the 255 of most systems
        assert not PureWindowsPath(stem).is_absolute()
        assert not PureWindowsPath(stem).drive


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.text)
def test_names_do_not_depend_on_the_order(hostile, template):
    expected = {
        subject.identity: named.stem for subject, named in zip(hostile, names_of(hostile, template), strict=True)
    }
    shuffled = random.Random(7).sample(hostile, len(hostile))
    got = {subject.identity: named.stem for subject, named in zip(shuffled, names_of(shuffled, template), strict=True)}
    assert got == expected


@pytest.mark.parametrize("template", [t for t in TEMPLATES if not t.phi], ids=lambda template: template.text)
def test_names_without_the_patient_identify_nobody(hostile, template):
    for named in names_of(hostile, template):
        assert re.fullmatch(
            r"(((CT|MR|none)/(0001|0003|-?7|none))|(CT|MR)?-?(001|003|7)?|none)-[0-9a-f]{8,64}", named.stem
        )


def test_a_series_alone_is_called_by_what_a_person_knows():
    ct = {"StudyDate": "2020-01-01", "Modality": "CT", "SeriesNumber": 3, "SeriesDescription": "thorax 1mm"}

    def stem(template=Template(), **values):  # noqa: B008  it is frozen
        return names_of([Subject(ct | values, ("1.2",))], template)[0].stem

    assert stem() == "20200101-CT-003-thorax-1mm"
    assert stem(SeriesDescription=None) == "20200101-CT-003"
    assert stem(StudyDate=None, Modality="", SeriesNumber=None, SeriesDescription=None) == "none"
    assert stem(parse_template("{StudyDate}/{SeriesNumber}-{SeriesDescription}")) == "20200101/3-thorax-1mm"
    assert stem(parse_template("{StudyDate}/{KVP}")) == "20200101/none"
    assert stem(parse_template("{KVP}_{EchoTime}"), KVP=120.0, EchoTime=2.5) == "120_2.5"
    assert stem(SeriesDescription="肺部 薄层") == "20200101-CT-003-肺部-薄层"


def test_volumes_of_one_series_are_told_apart_by_what_separates_them():
    values = {"Modality": "MR", "SeriesNumber": 2}
    pair = [Subject(values, (("s",), ("EchoTime", echo), ("place", 1))) for echo in (4.6, 2.3)]
    one, two = (named.stem for named in names_of(pair, Template()))
    assert one != two
    assert one.startswith("MR-002-")
    # The same ones beside another series, and placed elsewhere: what is not needed is not in the hash.
    more = [Subject(values, (("t",), (), ())), *(Subject(s.values, (*s.identity[:2], "moved")) for s in pair)]
    assert [named.stem for named in names_of(more, Template())][1:] == [one, two]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{SeriesDescripton}", "did you mean {SeriesDescription}"),
        ("{seriesdescription}", "did you mean {SeriesDescription}"),
        ("{Foo}", "is no attribute"),
        ("{SeriesNumber.__class__}", "braces hold a keyword"),
        ("{SeriesNumber!r}", "braces hold a keyword"),
        ("{SeriesNumber:>99999999}", "braces hold a keyword"),
        ("{SeriesNumber[0]}", "braces hold a keyword"),
        ("{{SeriesNumber}}", "braces hold a keyword"),
        ("{__class__}", "braces hold a keyword"),
        ("{}", "braces hold a keyword"),
        ("{0}", "braces hold a keyword"),
        ("../{SeriesNumber}", "below the output folder"),
        ("a/../../{SeriesNumber}", "below the output folder"),
        ("/{SeriesNumber}", "below the output folder"),
        ("a\\..\\{SeriesNumber}", "below the output folder"),
        ("{SeriesNumber}/", "below the output folder"),
        ("", "below the output folder"),
        ("name", "names no attribute"),
        ("{PixelData}", "is no attribute"),
        ("{SourceImageSequence}", "is no attribute"),
        ("/".join(["{Modality}"] * 9), "folders"),
    ],
)
def test_templates_that_are_refused(text, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_template(text)


@pytest.mark.parametrize("keyword", ["PatientID", "PatientName", "StudyDate", "SeriesDescription", "SeriesInstanceUID"])
def test_templates_that_identify_are_refused_without_the_patient(keyword):
    parse_template(f"{{{keyword}}}")
    with pytest.raises(ValueError, match="may identify the patient"):
        parse_template(f"{{{keyword}}}", phi=False)
