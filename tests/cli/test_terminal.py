from hounsfield.cli.terminal import display_width, printable


def test_printable_keeps_text_of_all_scripts_and_escapes_commands():
    assert printable("Müller 山田 قباني") == "Müller 山田 قباني"
    assert printable("a\x1b[31m\u202eb\x9b\n") == "a\\x1b[31m\\u202eb\\x9b\\n"
    assert printable("\udcff") == "\\udcff"


def test_width_of_east_asian_characters():
    assert display_width("a山") == 3
