"""The command in Chinese: what is translated, and what must not change."""

import json
import os
import re
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import click
import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from click.testing import CliRunner

import hounsfield as hu
from hounsfield.cli import COMMANDS, cli
from hounsfield.cli.help_page import Formatter, translate, wrap
from hounsfield.cli.language import Catalogue, catalogue, is_chinese
from hounsfield.cli.terminal import display_width

from conftest import package_folder

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "hounsfield" / "locale" / "zh_CN" / "LC_MESSAGES"
PLACE = re.compile(r"\{[^}]*\}|%\(\w+\)s")
CHINESE = re.compile("[\u4e00-\u9fff]")


def wheel_files() -> list[Path]:
    folder = package_folder("pydicom")
    assert folder is not None
    return sorted(path for path in (folder / "data" / "test_files").iterdir() if path.suffix == ".dcm")


def held() -> dict[str, str]:
    with (FOLDER / "hounsfield.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: text for name, text in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    command = [sys.executable, "-m", "hounsfield", *arguments]
    settings = plain | {"PYTHONUTF8": "1"} | environment
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=settings, check=False)


def test_the_catalogue_is_in_step_with_the_texts() -> None:
    wanted = runpy.run_path(str(ROOT / "docs" / "messages.py"))["texts"]()
    ours = {text for text, module in wanted.items() if module != "click"}
    assert ours <= set(held()), "run `python docs/messages.py`, and translate what is new"
    with (FOLDER / "hounsfield.po").open("rb") as file:
        of_click = {str(one.id) for one in read_po(file) if one.auto_comments == ["click"]}  # versions differ in them
    assert set(held()) - of_click <= ours, "run `python docs/messages.py`: texts are gone"


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    with (FOLDER / "hounsfield.mo").open("rb") as file:
        compiled = {str(message.id): str(message.string) for message in read_mo(file) if message.id}
    assert compiled == {text: said for text, said in held().items() if said}


def test_what_the_help_says_is_translated_and_of_the_rest_nearly_all() -> None:
    texts = set(runpy.run_path(str(ROOT / "docs" / "messages.py"))["texts_of_the_command"]())
    translations = held()
    assert [text for text in texts if re.search("[a-z]", text) and not translations[text]] == []
    lacking = [text for text, said in translations.items() if not said]
    assert len(lacking) < 0.05 * len(translations), lacking


def test_translations_keep_the_places_of_values() -> None:
    for text, said in held().items():
        assert not said or set(PLACE.findall(said)) <= set(PLACE.findall(text)), text
        lost = set(PLACE.findall(text)) - set(PLACE.findall(said))
        plurals = {place for place in lost if re.search("[a-z]" + re.escape(place), text)}  # an s, or none
        assert not said or lost <= plurals, text


@pytest.mark.parametrize(
    ("environment", "chinese"),
    [
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "zh_CN"}, True),
        ({"LANG": "zh_SG.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.GB18030"}, True),
        ({"LANGUAGE": "zh_CN:en", "LANG": "en_US.UTF-8"}, True),
        ({"LANGUAGE": "zh_CN"}, True),
        ({"LANGUAGE": "fr:zh_CN:en", "LANG": "fr_FR.UTF-8"}, True),
        ({"LANGUAGE": "zh_CN:en", "LANG": "C"}, False),  # gettext: the C locale is translated into no language
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, False),
        ({"LANG": "zh"}, True),
        ({"LANGUAGE": "en:zh_CN", "LANG": "zh_CN.UTF-8"}, False),
        ({"LANG": "zh_TW.UTF-8"}, False),  # other characters: English is read more easily
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "C"}, False),
        ({"LANG": ""}, False),
        ({}, False),
    ],
)
def test_language_of_an_environment(environment: dict[str, str], chinese: bool) -> None:
    assert is_chinese(environment) is chinese


def test_help_in_chinese_keeps_every_option_and_the_width() -> None:
    said = run("mask", "--help", LANG="zh_CN.UTF-8", COLUMNS="80")
    plain = run("mask", "--help", LANG="C", COLUMNS="80")
    options = re.compile(r"--[a-z][a-z0-9-]+")
    assert "用法：" in said.stdout
    assert "选项" in said.stdout
    assert set(options.findall(plain.stdout)) <= set(options.findall(said.stdout))
    head = said.stdout.partition("\n\n  对每个输入")[0]  # what follows is set by hand, like examples
    assert head != said.stdout
    wrapped = [line for line in head.splitlines() if "{" not in line]  # a template cannot be broken
    assert all(display_width(line) <= 80 for line in wrapped)


def test_every_page_of_help_can_be_written_in_chinese() -> None:
    context = click.Context(cli, **cli.context_settings)  # commands keep the help option of who asks first
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        page = Formatter(width=78)
        with click.Context(command, parent=context, info_name=name) as inner:
            command.format_help(inner, page)
        assert f"{name} [OPTIONS]" in page.getvalue()
    assert translate(click.Command("none")).help is None


def test_errors_usage_and_suggestions_are_chinese(tmp_path: Path) -> None:
    junk = tmp_path / "mask"  # a name that is a word of the catalogue
    junk.write_text("not an image\n" * 20)
    failed = run("stats", str(junk), LANG="zh_CN.UTF-8")
    assert failed.returncode == run("stats", str(junk), LANG="C").returncode == 3
    assert failed.stderr.strip() == f"hu: {junk}: 不是 DICOM 文件，而是文字"
    unknown = run("stats", "--abov", "1", str(junk), LANG="zh_CN.UTF-8")
    assert "没有选项 '--abov'" in unknown.stderr
    assert "'--above'" in unknown.stderr
    assert "Did you mean" not in unknown.stderr


def test_json_is_the_same_in_every_language() -> None:
    source = str(wheel_files()[0].parent / "CT_small.dcm")
    assert run("explain", source, "--json", LANG="zh_CN.UTF-8").stdout == run("explain", source, "--json").stdout
    assert json.loads(run("stats", source, "--json", LANG="zh_CN.UTF-8").stdout)["measures"]["unit"] == "HU"


def test_english_is_left_alone() -> None:
    assert CHINESE.search(run("--help", LANG="zh_TW.UTF-8").stdout) is None
    assert CliRunner().invoke(cli, ["--help"]).output.startswith("Usage:")


def test_sentences_of_real_files_are_translated_and_keep_their_numbers() -> None:
    said = catalogue()
    numbers = re.compile(r"\d+(?:\.\d+)*")
    sentences = {step.detail for path in wheel_files() for step in steps_of(path)}
    assert len(sentences) > 20
    for sentence in sentences:
        chinese = said.sentence(sentence)
        assert sorted(numbers.findall(chinese)) == sorted(numbers.findall(sentence))
    untold = [s for s in sentences if not CHINESE.search(said.sentence(s))]
    assert len(untold) <= 0.05 * len(sentences), untold


def steps_of(path: Path) -> tuple[hu.Step, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hu.AssumptionWarning)  # the same sentences
        try:
            return hu.read(path).steps
        except hu.HounsfieldError:
            return ()


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("16 of 16 bits", "[16/16]"),
        ("a.dcm: 16 of 16 bits", "a.dcm: [16/16]"),  # not the file's name in the place of a number
        ("no bits; 3 of 4 bits", "没有位; [3/4]"),
        ("read: no bits", "read: 没有位"),
        ("  no bits", "  没有位"),
        ("something else", "something else"),
        ("bits", "位"),
        ("no bits, no bits", "没有位，没有位"),
        ("no bits (no bits)", "没有位（没有位）"),
        ("a.dcm (no bits)", "a.dcm (没有位)"),
        ("; no bits", "; 没有位"),
        ("a; b; c: d, e (f)", "a; b; c: d, e (f)"),
        ("bits: no bits", "bits: 没有位"),  # a single word before a colon may be a file
        ("", ""),
    ],
)
def test_sentences_are_found_by_their_template(english: str, chinese: str) -> None:
    texts = {"{held} of {total} bits": "[{held}/{total}]", "no bits": "没有位", "bits": "位"}
    assert Catalogue(texts).sentence(english) == chinese


def test_wrapping_keeps_the_text_and_the_width() -> None:
    text = "把许多文件的文件头列成表：Parquet、CSV、JSON，每个文件一行。"
    for width in range(10, 40):
        lines = wrap(text, width)
        assert "".join(lines) == text.replace(" ", "")
        assert all(display_width(line) <= width + 2 for line in lines)  # a closing mark may hang
        assert not any(line.startswith(("，", "。", "、")) for line in lines)


def test_the_facts_of_a_catalog_are_labelled_in_chinese(tmp_path: Path) -> None:
    from hounsfield.catalog.checking import facts
    from hounsfield.catalog.writing import scan_into

    scan_into(tmp_path / "c", [wheel_files()[0]], phi=False)
    said = held()
    labels = {"catalog: scanned"} | {f"catalog: {name.replace('_', ' ')}" for name in facts(tmp_path / "c")}
    assert [label for label in labels - {"catalog: roots"} if not CHINESE.search(said.get(label, ""))] == []
