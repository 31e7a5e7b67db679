"""Text that leaves: printable everywhere, and no value in a message that might tell who somebody is."""

import csv
import io
import json
import warnings
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.text import json_safe, printable, unit_words

from cli_runner import hu_here
from made import encoded, file_bytes

RAMP = np.arange(64, dtype=np.uint16).reshape(8, 8)
#: A name, the escape that clears a screen, C1's own, and a mark that turns the direction of text.
CANARY = "Doe^Jane"
COMMANDS = ["\x1b", "\x9b", "\x07", "\u202e", "\u2066"]


def test_json_stays_the_same_document():
    text = "a\x9b\u202e\U000e0001 Müller 山田\x1b"
    document = json_safe(json.dumps({"a": text}, ensure_ascii=False))
    assert json.loads(document) == {"a": text}
    assert "Müller 山田" in document
    assert printable(document) == document


@pytest.mark.parametrize("unit", ["HU", "BQML", "ml/100ml/s", "mm2/s", "1", "%", "10*-3.mm2/s", "g/ml"])
def test_units_of_the_standard_may_be_quoted(unit):
    assert unit_words(unit) == unit


@pytest.mark.parametrize("unit", [CANARY, "DOE JANE", "Smith", "1970-01-01", "HU\x1b[2J"])
def test_other_units_may_not(unit):
    assert unit not in unit_words(unit)


def image_with(**attributes):
    return file_bytes(RAMP, RescaleSlope=1, RescaleIntercept=0, **attributes)


def mapping(label):
    from pydicom.dataset import Dataset

    item, code = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = label, "99X", label
    item.LUTLabel, item.LUTExplanation, item.MeasurementUnitsCodeSequence = label[:16], label, [code]
    item.RealWorldValueFirstValueMapped, item.RealWorldValueLastValueMapped = 0, 100
    item.RealWorldValueSlope, item.RealWorldValueIntercept = 1.0, 0.0
    return item


def complaints(text):
    """Everything that reading files with this text in one attribute after another raises or warns of."""
    works = [
        lambda: hu.read(file_bytes(Modality=text[:16])),
        lambda: hu.render(hu.read(image_with(WindowCenter=40, WindowWidth=400, WindowCenterWidthExplanation=text)), "x"),
        lambda: hu.mask(hu.read(image_with(RescaleType=text[:16])), tissue="bone"),
        lambda: hu.read(image_with(RealWorldValueMappingSequence=[mapping(text)]), values="real_world:x"),
        lambda: hu.read(image_with(Modality="PT", Units=text[:16]), values="suvbw"),
        lambda: hu.read(encoded(RAMP, [b"\0" * 64], f"1.2.{text}".ljust(22, "9"))),
        lambda: hu.read(image_with(PhotometricInterpretation=text[:16])),
        lambda: hu.read(
            file_bytes(
                RAMP.astype(np.uint8), SamplesPerPixel=3, PlanarConfiguration=0, PixelData=bytes(192),
                PhotometricInterpretation=text[:16],
            )
        ),
    ]  # fmt: skip
    for work in works:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                work()
            except (hu.HounsfieldError, ValueError) as error:
                yield str(error)
        yield from (str(warning.message) for warning in told if isinstance(warning.message, hu.AssumptionWarning))


@pytest.mark.parametrize("text", [CANARY, "DOE JANE", "DOE\x1b[2J", "DOE\x07"])
def test_no_message_quotes_a_value_that_may_be_a_name(text):
    said = list(complaints(text))
    assert said
    for sentence in said:
        assert "DOE" not in sentence.upper(), sentence
        assert printable(sentence) == sentence


def test_errors_are_printable_whatever_they_quote():
    error = hu.DecodeError("a\x1b[2J\x9b", source="x\u202e.dcm")
    assert str(error) == "x\\u202e.dcm: a\\x1b[2J\\x9b"
    assert hu.Step("a", "b\x1b").detail == "b\\x1b"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_prints_no_command_of_a_terminal(command, tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(
        image_with(
            SpecificCharacterSet="ISO_IR 192", SeriesDescription=f"a{command}b", PatientName=f"a{command}b",
            RescaleType=f"a{command}b", Manufacturer=f"a{command}b",
        )
    )  # fmt: skip
    for call in (["tags", path, "--json"], ["tags", path], ["info", path, "--json"], ["info", path], ["stats", path, "--json"],
                 ["ls", path, "--json"], ["scan", path, "--jsonl"], ["scan", path, "--json"], ["scan", path]):  # fmt: skip
        _, out, err = hu_here(*call)
        assert command not in out + err, call
    table = tmp_path / "a.csv"
    assert hu_here("scan", path, "-o", table)[0] == 0
    text = table.read_text(encoding="utf-8")
    assert command not in text
    # Of ISO 2022 the escape belongs to the character set, and is no text.
    assert list(csv.DictReader(io.StringIO(text)))[0]["Manufacturer"] in (printable(f"a{command}b"), "ab")


@pytest.mark.parametrize("unit", ["a\x07", "a\0b", "a\x1b", "$x", "a\ufffe", "a\u202eb"])
def test_a_figure_of_any_unit_is_a_picture(unit):
    """XML 1.0 2.2: most controls are no characters of XML."""
    figure = hu.figure(hu.Image(RAMP.astype(np.float32), unit=unit))
    svg = io.BytesIO()
    figure.savefig(svg, format="svg")
    ElementTree.fromstring(svg.getvalue())


def test_the_page_of_a_notebook_holds_no_commands():
    image = hu.Image(RAMP.astype(np.float32), unit="a\x1b\u202e<b>")
    page = image._repr_html_()
    assert printable(page.replace("\n", "")) == page.replace("\n", "")
    assert "<b>" not in page


@pytest.mark.parametrize("command", [*COMMANDS, "\0", "\r", "\x08"])
def test_no_cell_of_a_csv_holds_a_command(command):
    import pyarrow as pa

    from hounsfield.exports.tables import flat_batch

    batch = pa.RecordBatch.from_pydict(
        {"PatientName": [f"a{command}b", "c\td\ne", None], "issues": [[f"{command}"], [], []]}
    )
    cells = flat_batch(batch).to_pydict()
    assert not any(command in cell for column in cells.values() for cell in column if cell)
    assert cells["PatientName"][1:] == ["c\td\ne", None]
