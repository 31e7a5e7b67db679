"""The pages say what is: commands, exit codes, figures in the text."""

import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.cli import COMMANDS, cli
from hounsfield.display.voi import PRESETS
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.masks.tissues import TISSUES

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
#: Where a link leads that readers on PyPI can follow, too.
BLOB = "https://github.com/hounsfield/hounsfield/blob/main/"
RAW = "https://raw.githubusercontent.com/hounsfield/hounsfield/main/"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_command_page_is_generated_from_the_commands():
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert read("docs/command.md") == generate["page"](), "run python docs/generate.py"


def test_the_table_of_what_separates_volumes_is_generated_from_the_code():
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert read("docs/volumes.md") == generate["volumes"](read("docs/volumes.md")), "run python docs/generate.py"
    assert read("docs/volumes.md").count("| DiffusionBValue |") == 1


def test_the_python_reference_is_generated_from_the_public_names():
    pages = runpy.run_path(str(ROOT / "docs" / "generate.py"))["reference"]()
    for path, text in pages.items():
        assert read(f"docs/{path}") == text, "run python docs/generate.py"
    assert sorted(f"reference/{page.name}" for page in (ROOT / "docs" / "reference").iterdir()) == sorted(
        path for path in pages if "/" in path
    )
    names = re.findall(r"^::: hounsfield\.(\w+)$", "".join(pages.values()), re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(hu.__all__) - {"__version__"} <= set(names)


def test_every_page_is_in_the_navigation():
    nav = re.findall(r"^ +- .*: (\S+\.md)$", read("mkdocs.yml"), re.MULTILINE)
    docs = ROOT / "docs"
    records = sorted((docs / "decisions").glob("0*.md"))  # these are in an index of their own
    pages = set(docs.rglob("*.md")) - set(records)
    assert sorted(nav) == sorted(str(page.relative_to(docs)) for page in pages)
    assert re.findall(r"\]\((\S+\.md)\)", read("docs/decisions/index.md")) == [record.name for record in records]


def test_both_readmes_have_the_same_commands_and_code():
    def blocks(text: str) -> list[str]:
        found = re.findall(r"```(?:sh|pycon)\n(.*?)```", text, re.DOTALL)
        return [re.sub(r"\s*#.*", "", block) for block in found]

    assert blocks(read("README.md")) == blocks(read("README.zh-CN.md"))
    assert blocks(read("docs/tutorial.md")) == blocks(read("docs/tutorial.zh-CN.md"))


def test_ci_calls_the_readmes_test_command():
    command = re.search(r"^python3 -m venv .*pytest$", read("README.md"), re.MULTILINE)
    assert command is not None
    assert command.group() in read(".ci/run")


def test_tables_of_tissues_presets_and_limits_are_the_codes():
    masks, display, safety = (read(f"docs/{name}.md") for name in ("masks", "display", "safety"))
    for tissue in TISSUES.values():
        assert f"| {tissue.name} |" in masks
        assert tissue.source in masks
    for name, (center, width) in PRESETS.items():
        assert f"| {name} | {center} | {width} |" in display
    assert f"| levels of nested sequences | {DEFAULT_LIMITS.sequence_depth} |" in safety
    assert f"| attributes of one dataset | {DEFAULT_LIMITS.elements:,} |" in safety
    assert (DEFAULT_LIMITS.frame_pixels, DEFAULT_LIMITS.inflated_bytes) == (2**28, 512 * 2**20)


def test_every_link_between_pages_leads_somewhere():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
        for target in re.findall(rf"(?:{re.escape(BLOB)}|{re.escape(RAW)})([^)\s\"#]+)", text):
            assert (ROOT / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_a_readme_is_short_and_its_links_work_on_pypi(name):
    text = read(name)
    assert text.count("\n") < 120
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target.startswith((BLOB, RAW)), target
    assert RAW + "docs/images/figure.png" in text
    assert RAW + "docs/images/view.png" in text


def test_pictures_are_small_and_each_is_shown():
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < 150_000, picture.name
        assert f"images/{picture.name}" in shown, picture.name


def commands(page: Path) -> list[str]:
    """The calls of hu in the shell blocks of a page, without pipes and redirections."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    # What stands in quotes may have any sign in it: --where "KVP > 100".
    call = r"""(?:^|[ /])hu ([a-z]+ (?:"[^"\n]*"|[^"|>\n])*|demo|doctor)"""
    return re.findall(call, "".join(blocks), re.MULTILINE)


def test_commands_in_the_pages_have_options_that_exist():
    checked = 0
    for page in PAGES:
        for line in commands(page):
            name, *arguments = shlex.split(line, comments=True)
            assert name in COMMANDS, f"{page.name}: {line}"
            command = cli.get_command(None, name)
            with command.make_context(name, arguments):
                checked += 1
    assert checked > 50


def test_the_script_that_a_page_replaces_gives_what_the_page_says(tmp_path, monkeypatch):
    script, ours = re.findall(r"```python\n(.*?)```", read("docs/howto/script.md"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    Path("slice.dcm").write_bytes(Path(get_testdata_file("CT_small.dcm")).read_bytes())
    theirs, new = {}, {}
    exec(script, theirs)
    assert Path("figure.png").exists()
    Path("figure.png").unlink()
    exec(ours, new)
    assert Path("figure.png").exists()
    assert np.array_equal(theirs["mask"] > 0, new["mask"].values)
    assert np.array_equal(theirs["result"], new["result"].values)
    assert theirs["facts"](theirs["dataset"]).items() <= {**new["facts"], "PatientBirthDate": ""}.items()


def test_the_version_is_one():
    assert hu.__version__ in read("src/hounsfield/_version.py")
