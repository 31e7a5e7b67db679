"""The pages say what is: commands, exit codes, figures in the text."""

import re
import runpy
from pathlib import Path

import hounsfield as hu
from hounsfield.display.voi import PRESETS
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.masks.tissues import TISSUES

ROOT = Path(__file__).parent.parent


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_command_page_is_generated_from_the_commands():
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert read("docs/command.md") == generate["page"](), "run python docs/generate.py"


def test_the_table_of_what_separates_volumes_is_generated_from_the_code():
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert read("docs/volumes.md") == generate["volumes"](read("docs/volumes.md")), "run python docs/generate.py"
    assert read("docs/volumes.md").count("| DiffusionBValue |") == 1


def test_both_readmes_have_the_same_commands_and_code():
    def blocks(text: str) -> list[str]:
        found = re.findall(r"```(?:sh|pycon)\n(.*?)```", text, re.DOTALL)
        return [re.sub(r"\s*#.*", "", block) for block in found]

    assert blocks(read("README.md")) == blocks(read("README.zh-CN.md"))


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
    assert (DEFAULT_LIMITS.frame_pixels, DEFAULT_LIMITS.inflated_bytes) == (2**28, 512 * 2**20)


def test_every_link_between_pages_leads_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_version_is_one():
    assert hu.__version__ in read("src/hounsfield/_version.py")
