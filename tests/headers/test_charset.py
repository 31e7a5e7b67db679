"""Text in the character set that it is in, where a file declares another one, or none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

import hounsfield as hu
from damaged import RAMP, named, said
from hounsfield.headers.charset import CharacterSets, character_sets, decode_text, defined_term

from made import dataset, to_bytes

NONE_DECLARED = "PatientName: no character set is declared for text beyond ASCII; read as "
TEXTS = {
    "UTF-8, none declared": ("Müller^Jörg", None, "utf-8", "Müller^Jörg", NONE_DECLARED + "UTF-8"),
    "UTF-8, default": ("王^小東", "ISO_IR 6", "utf-8", "王^小東", NONE_DECLARED + "UTF-8"),
    "Latin-1, none declared": ("Müller", None, "latin-1", "Müller", NONE_DECLARED + "ISO_IR 100, which may be wrong"),
    "GBK, none declared": ("王小东", None, "gbk", "ÍõÐ¡¶«", NONE_DECLARED + "ISO_IR 100, which may be wrong"),
    "UTF-8 as Latin-1": ("Müller", "ISO_IR 100", "utf-8", "Müller", "PatientName: text is not ISO_IR 100, as declared; read as UTF-8"),
    "UTF-8 as Cyrillic": ("Иванов", "ISO_IR 144", "utf-8", "Иванов", "PatientName: text is not ISO_IR 144, as declared; read as UTF-8"),
    "UTF-8 as JIS": ("山田", "ISO_IR 13", "utf-8", "山田", "PatientName: text is not ISO_IR 13, as declared; read as UTF-8"),
    "Shift-JIS as JIS": ("山田", "ISO_IR 13", "shift_jis", "山田", "PatientName: text is not ISO_IR 13, as declared; read as Shift-JIS"),
    "Latin-1 as UTF-8": ("Müller", "ISO_IR 192", "latin-1", "M\ufffdller", "PatientName: text is not wholly ISO_IR 192, as declared; the rest is U+FFFD"),
    "misspelt ISO_IR 100": ("Müller", "ISO-IR 100", "latin-1", "Müller", "PatientName: the name of the declared character set is misspelt; read as ISO_IR 100"),
    "lower case": ("Müller", "iso_ir 100", "latin-1", "Müller", "PatientName: the name of the declared character set is misspelt; read as ISO_IR 100"),
    "misspelt ISO_IR 192": ("Müller", "ISO_IR_192", "utf-8", "Müller", "PatientName: the name of the declared character set is misspelt; read as ISO_IR 192"),
    "called UTF-8": ("Müller", "UTF-8", "utf-8", "Müller", "PatientName: the name of the declared character set is misspelt; read as ISO_IR 192"),
    "called GB2312": ("王", "GB2312", "gbk", "王", "PatientName: the name of the declared character set is misspelt; read as GBK"),
    "called nonsense": ("Müller", "KLINGON", "utf-8", "Müller", "PatientName: the declared character set has no known name; read as UTF-8"),
    "escapes not declared": (b"Yamada=\x1b$B;3ED\x1b(B", None, "", "Yamada=山田", "PatientName: escape sequences of a character set that is not declared; read by them"),
    "escapes not known": (b"A\x1b%/iB", None, "", "A%/iB", "PatientName: escape sequences of no known character set; left out"),
    "no escapes": (b"M\xfcller", "\\ISO 2022 IR 100", "", "Müller", "PatientName: no escape sequence names the character set; read as ISO 2022 IR 100"),
    "groups of a name": ("Wang^XiaoDong=王^小東=", None, "utf-8", "Wang^XiaoDong=王^小東", NONE_DECLARED + "UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXTS)
def test_text_in_another_character_set_is_read_and_it_is_said(case):
    name, declared, codec, expected, sentence = TEXTS[case]
    data = named(name, declared, codec)
    facts, found = said(hu.info, data)
    assert (facts["PatientName"], found) == (expected, [sentence])
    rows, found = said(hu.tags, data)
    assert {row.keyword: row.value for row in rows}["PatientName"] == expected
    assert found == [sentence]
    model, found = said(hu.dicom_json, data)
    assert "=".join(model["00100010"]["Value"][0].values()) == expected
    assert found == [sentence]
    for function in (hu.info, hu.tags, hu.dicom_json):
        with pytest.raises(hu.AssumptionError):
            function(data, strict=True)
    np.testing.assert_array_equal(hu.read(data, strict=True).values, RAMP)  # the pixels do not rest on it


WELL_DECLARED = [
    ("Müller", "ISO_IR 100", "latin-1"), ("王^小東", "ISO_IR 192", "utf-8"), ("王^小东", "GB18030", "gb18030"),
    ("联通", "GBK", "gbk"), ("Иванов", "ISO_IR 144", "iso8859_5"), ("ŽÍŽKA", "ISO_IR 101", "iso8859_2"),
    ("ﾔﾏﾀﾞ", "ISO_IR 13", "shift_jis"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "declared", "codec"), WELL_DECLARED)
def test_text_as_it_is_declared_is_no_damage(name, declared, codec):
    assert hu.info(named(name, declared, codec), strict=True)["PatientName"] == name


def test_no_real_file_has_text_in_another_character_set(real_file):
    """Each of them declares what it holds: a doubt would be a false alarm, and pydicom's text is right."""
    try:
        _, found = said(hu.tags, real_file)
    except hu.HounsfieldError:
        return
    assert not [sentence for sentence in found if "character set" in sentence or "text is" in sentence]


def test_text_inside_sequences_has_the_character_set_around_it():
    item = Dataset()
    item.CodeMeaning = "PLACE"
    made = dataset(RAMP)
    made.ProcedureCodeSequence = [item]
    data = to_bytes(made).replace(b"PLACE ", "Röhre".encode())
    for declared, count in ((None, 1), ("ISO_IR 192", 0)):
        at = data.index(b"\x08\0\x16\0UI")
        term = b"" if declared is None else b"\x08\0\x05\0CS\x0a\0ISO_IR 192"
        rows, found = said(hu.tags, data[:at] + term + data[at:], "CodeMeaning")
        assert (rows[0].value, len(found)) == ("Röhre", count)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=24),
    st.sampled_from(["", "ISO_IR 100", "ISO_IR 192", "GB18030", "\\ISO 2022 IR 87", "x\\y", "ISO_IR 13"]),
)
def test_any_bytes_are_some_text(name, declared):
    data = named(name, declared)
    for function in (hu.info, hu.tags, hu.dicom_json):
        assert said(function, data)[0]


# The sets by themselves, against Python's own codecs


@pytest.mark.parametrize(
    ("written", "term"),
    [
        ("ISO_IR 100", "ISO_IR 100"), ("ISO 2022 IR 87", "ISO 2022 IR 87"), ("iso-ir-100", "ISO_IR 100"),
        ("ISO2022IR87", "ISO 2022 IR 87"), ("ISO_IR 87", "ISO 2022 IR 87"), ("utf8", "ISO_IR 192"), ("GB2312", "GBK"),
        ("KLINGON", None), ("ISO_IR 999", None),
    ],
)  # fmt: skip
def test_names_of_sets_are_the_defined_terms_that_they_mean(written, term):
    assert defined_term(written) == term


def test_several_terms_are_those_of_escape_sequences_and_the_first_of_what_is_before_them():
    sets = character_sets(b"\\ISO 2022 IR 87 ")
    assert sets.terms == ("", "ISO 2022 IR 87")
    assert sets.doubt == ""
    assert character_sets(b"ISO_IR 100\\nonsense").doubt


def test_ascii_is_ascii_whatever_is_declared():
    for term in ("", "ISO_IR 100", "ISO_IR 192", "GB18030", "ISO_IR 13"):
        assert decode_text(b"Doe^John", CharacterSets((term,))) == ("Doe^John", "")


@pytest.mark.parametrize(("number", "codec"), [(100, "latin-1"), (101, "iso8859_2"), (109, "iso8859_3"),
    (110, "iso8859_4"), (144, "iso8859_5"), (127, "iso8859_6"), (126, "iso8859_7"), (138, "iso8859_8"),
    (148, "iso8859_9"), (166, "tis_620"), (203, "iso8859_15")])  # fmt: skip
def test_single_bytes_are_those_of_the_set(number, codec):
    """PS3.3 C.12.1.1.2: every letter of the upper half, each beside an ASCII letter."""
    letters = []
    for byte in range(0xA0, 0x100):
        try:
            letters.append(bytes([byte]).decode(codec))
        except UnicodeDecodeError:
            continue
    for letter in letters:
        assert decode_text(b"A" + letter.encode(codec), CharacterSets((f"ISO_IR {number}",))) == ("A" + letter, "")


#: PS3.5 H.3.1, H.3.2, I.2, J.3, K.2: the standard's own examples of names.
EXAMPLES = [
    (b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
     ("", "ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    (b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
     ("ISO 2022 IR 13", "ISO 2022 IR 87"), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
    (b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
     ("", "ISO 2022 IR 149"), "Hong^Gildong=洪^吉洞=홍^길동"),
    (b"Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=", ("ISO_IR 192",), "Wang^XiaoDong=王^小東="),
    (b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", ("GB18030",), "Wang^XiaoDong=王^小东="),
    (b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", ("", "ISO 2022 IR 58"), "Zhang^XiaoDong=张^小东="),
]  # fmt: skip


@pytest.mark.parametrize(("data", "terms", "text"), EXAMPLES)
def test_the_names_of_the_standard_are_read_as_it_shows_them(data, terms, text):
    name = hu.info(named(data, "\\".join(terms)), strict=True)["PatientName"]
    assert name == text.rstrip("=")


def test_bytes_that_are_no_character_are_the_replacement_and_told():
    text, doubt = decode_text(b"M\xfcller", CharacterSets(("ISO_IR 192",)))
    assert text == "M\ufffdller"
    assert doubt
