"""Take pictures of the page in thirty-five situations: python docs/page_pictures.py [folder [name ...]].

Needs Playwright and Chromium; files are those of pydicom, of pydicom-data, or made. Without a folder, the six pictures
that the documents show are written to docs/images.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / "support")]

import modalities
import shown_folder
from classes import CLASSES, every_class

import made

IMAGES = Path(__file__).parent / "images"
#: Pictures that documents show: situation to file.
SHOWN = {
    "planes": "view",
    "radiograph": "view-radiograph",
    "linked": "view-linked",
    "header": "view-header",
    "masks": "view-masks",
    "measures": "view-measures",
}
OPTIONS = ["--no-sandbox", "--disable-gpu"]


@dataclass
class Situation:
    """One picture: which series, in what window, and what is done before."""

    series: str
    act: Callable[[Any], None] = lambda page: None
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    command: tuple[str, ...] = ()
    folder: str = "study"


def main() -> None:
    """Take them."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as made_in, sync_playwright() as p:
        folder = Path(made_in)
        _study(folder / "study")
        _data(folder / "data")
        (folder / "empty").mkdir()
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=OPTIONS)
        for name, situation in SITUATIONS.items():
            if name not in (SHOWN if target is None else sys.argv[2:] or SITUATIONS):
                continue
            with _served(folder / situation.folder, situation.command) as address:
                picture = folder / f"{name}.png"
                _take(browser, address, situation, picture)
            if target is not None:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(picture, target)
            else:
                _reduce(picture, IMAGES / f"{SHOWN[name]}.png")
        browser.close()


def _study(folder: Path) -> None:
    """What the pictures of the documents show."""
    folder.mkdir()
    shown_folder.series(folder, matrix=256, slices=80)
    _copy(folder, "RG3_UNCR.dcm", "CT_small.dcm", "color3d_jpeg_baseline.dcm")


def _copy(folder: Path, *names: str) -> None:
    for name in names:
        path = modalities.installed(name)
        if path is None:
            sys.exit(f"{name} is missing: pip install pydicom-data")
        shutil.copy(path, folder / name)


def _data(folder: Path) -> None:
    """All that is not so simple."""
    folder.mkdir()
    shown_folder.write(folder, matrix=128, slices=24)
    every_class()
    for name, file in {"SM": "whole slide, all tiles, JPEG"}.items():
        (folder / f"{name}.dcm").write_bytes(made.to_bytes(CLASSES[file]().dataset))
    _copy(folder, "liver.dcm")
    for number in range(12):
        (folder / f"junk {number}.txt").write_text("no image", "utf-8")


@contextmanager
def _served(folder: Path, options: tuple[str, ...]) -> Iterator[str]:
    command = [sys.executable, "-m", "hounsfield", "view", "--no-browser", "--port", "0", *options, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None
        try:
            yield found.group()
        finally:
            server.terminate()


def _take(browser: Any, address: str, situation: Situation, picture: Path) -> None:
    chosen = {"viewport": {"width": 1400, "height": 875}, "locale": "en-US", "color_scheme": "dark"}
    context = browser.new_context(**chosen | situation.options)
    page = context.new_page()
    page.goto(address)
    page.locator(".progress", has_text=re.compile(r"^(\d+ files?|共 \d+ 个文件)$")).wait_for(timeout=90_000)
    page.wait_for_timeout(500)
    if situation.series:
        _open(page, situation.series)
    situation.act(page)
    page.wait_for_timeout(700)
    page.screenshot(path=picture)
    context.close()


def _open(page: Any, series: str) -> None:
    page.locator(".entry", has_text=series).first.click()
    page.locator(".pane[data-frame]:not([data-frame=''])").first.wait_for(timeout=20_000)
    page.wait_for_timeout(300)


def _button(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def _window(page: Any, center: float, width: float) -> None:
    for name, value in (("Center", center), ("Width", width)):
        page.get_by_role("spinbutton", name=name).fill(str(value))
        page.keyboard.press("Enter")


def _planes(page: Any) -> None:
    _button(page, "Axial, coronal and sagittal planes")
    page.wait_for_timeout(1500)
    page.locator(".pane").first.focus()
    page.keyboard.press("c")
    box = page.locator(".pane").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.56, box["y"] + box["height"] * 0.54)
    page.wait_for_timeout(500)


def _slab(page: Any) -> None:
    _planes(page)
    page.get_by_role("combobox", name="How a slab is projected").select_option("max")
    page.get_by_role("spinbutton", name="Slab in mm").fill("30")
    page.keyboard.press("Enter")
    page.wait_for_timeout(1500)


def _linked(page: Any) -> None:
    _button(page, "Two panes")
    page.locator(".pane").nth(1).click()
    page.locator(".entry", has_text="Coronal").first.click()
    page.wait_for_timeout(800)
    page.locator(".pane").first.hover(position={"x": 200, "y": 250})


def _play(page: Any) -> None:
    _button(page, "Play or stop")
    page.wait_for_timeout(2500)


def _first_window(page: Any) -> None:
    page.locator(".choices").first.get_by_role("button").first.click()


def _hot(page: Any) -> None:
    page.locator("[data-map='hot iron']").click()
    _button(page, "Invert")


def _search(page: Any) -> None:
    page.get_by_role("tab", name="Header").click()
    page.get_by_role("searchbox", name="Search the header").fill("window")
    page.wait_for_timeout(500)


def _tab(name: str) -> Callable[[Any], None]:
    return lambda page: page.get_by_role("tab", name=name).click()


def _report(page: Any) -> None:
    page.locator("summary").first.click()
    page.locator("summary").first.scroll_into_view_if_needed()
    page.locator(".list").evaluate("e => e.scrollTo(0, e.scrollHeight)")


def _damaged(page: Any) -> None:
    page.locator(".pane").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")


def _help(page: Any) -> None:
    page.locator(".pane").first.focus()
    page.keyboard.press("?")


def _probe(page: Any) -> None:
    page.locator(".pane").first.hover(position={"x": 300, "y": 320})


def _drag(page: Any, *points: tuple[float, float]) -> None:
    """Press at the first point, parts of the first pane, over the others, up at the last."""
    box = page.locator(".pane").first.bounding_box()
    (x, y), *rest = [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in points]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    page.wait_for_timeout(300)


def _draw(page: Any, key: str, *lines: tuple[tuple[float, float], ...]) -> None:
    page.locator(".pane").first.focus()
    page.keyboard.press(key)
    page.wait_for_timeout(300)
    for line in lines:
        _drag(page, *line)


def _measures(page: Any) -> None:
    _tab("Measures")(page)
    _draw(page, "d", ((0.40, 0.30), (0.62, 0.30)))
    _draw(page, "b", ((0.37, 0.46), (0.47, 0.60)), ((0.37, 0.57), (0.47, 0.49)))
    _draw(page, "q", ((0.30, 0.66), (0.42, 0.76)))
    _draw(page, "u", ((0.60, 0.64), (0.66, 0.62), (0.70, 0.68), (0.66, 0.74), (0.60, 0.71)))
    _draw(page, "j", ((0.30, 0.40), (0.70, 0.40)))
    _draw(page, "t", ((0.54, 0.45), (0.66, 0.58)))


def _one_measure(page: Any) -> None:
    _tab("Measures")(page)
    _draw(page, "d", ((0.45, 0.40), (0.55, 0.60)))


def _mask_by(page: Any, by: str) -> None:
    page.get_by_label("Selected by").select_option(by)
    _button(page, "Make mask")
    page.wait_for_timeout(1500)


def _mask(page: Any) -> None:
    _tab("Mask")(page)
    page.wait_for_timeout(700)
    _mask_by(page, "range")


def _look(name: str) -> Callable[[Any], None]:
    def act(page: Any) -> None:
        _mask(page)
        _button(page, name)

    return act


def _masks(page: Any) -> None:
    _planes(page)
    _tab("Mask")(page)
    page.wait_for_timeout(700)
    _mask_by(page, "lung")
    for tissue in ("bone", "soft tissue"):
        _button(page, "Add mask")
        page.wait_for_timeout(1500)
        page.get_by_label("Selected by").select_option(tissue)
        page.wait_for_timeout(1500)
    page.locator(".pane").first.focus()


def _brush(page: Any) -> None:
    _mask(page)
    _draw(page, "3", ((0.42, 0.45), (0.50, 0.42), (0.58, 0.46)))
    page.wait_for_timeout(800)


def _by_region(page: Any) -> None:
    _measures(page)
    _tab("Mask")(page)
    page.wait_for_timeout(700)
    _button(page, "Threshold from region")
    page.wait_for_timeout(1500)


SITUATIONS = {
    "ct": Situation("Axial 3 mm", _probe),
    "planes": Situation("Axial 3 mm", _planes),
    "slab": Situation("Axial 3 mm", _slab),
    "linked": Situation("Axial 3 mm", _linked),
    "mammogram": Situation("L CC", _first_window, folder="data"),
    "radiograph": Situation("1760 × 1760", _probe),
    "ultrasound": Situation("640 × 480 · 120", _probe),
    "cine": Situation("Run 1", _play, folder="data"),
    "pet": Situation("Whole body", _hot, folder="data"),
    "slide": Situation("40 × 24", _probe, folder="data"),
    "segments": Situation("SEG", folder="data"),
    "measures": Situation("Axial 3 mm", _measures),
    "measured mammogram": Situation("L CC", _one_measure, folder="data"),
    "measured ultrasound": Situation("640 × 480 · 120", _one_measure),
    "measured slide": Situation("40 × 24", _one_measure, folder="data"),
    "measures, light": Situation("Axial 3 mm", _measures, {"color_scheme": "light"}),
    "mask": Situation("Axial 3 mm", _mask),
    "mask, outline": Situation("Axial 3 mm", _look("Outline")),
    "mask, result": Situation("Axial 3 mm", _look("Result")),
    "masks": Situation("Axial 3 mm", _masks),
    "masks, light": Situation("Axial 3 mm", _masks, {"color_scheme": "light"}),
    "mask, Chinese": Situation("Axial 3 mm", _measures, {"locale": "zh-CN"}),
    "brush": Situation("Axial 3 mm", _brush),
    "mask by region": Situation("Axial 3 mm", _by_region),
    "header": Situation("Axial 3 mm", _search),
    "steps": Situation("Axial 3 mm", _tab("Steps")),
    "report": Situation("Axial 3 mm", _report, folder="data"),
    "hidden": Situation("256 × 256 · 80", _tab("Header"), command=("--no-phi",)),
    "light": Situation("Axial 3 mm", _probe, {"color_scheme": "light"}),
    "chinese": Situation("Axial 3 mm", _probe, {"locale": "zh-CN"}),
    "phone": Situation(
        "Axial 3 mm",
        options={
            "viewport": {"width": 390, "height": 844},
            "has_touch": True,
            "is_mobile": True,
            "device_scale_factor": 2,
        },
    ),
    "wide": Situation("Axial 3 mm", _planes, {"viewport": {"width": 3840, "height": 2160}}),
    "damaged": Situation("One frame is damaged", _damaged, folder="data"),
    "empty": Situation("", folder="empty"),
    "help": Situation("Axial 3 mm", _help),
}


def _reduce(picture: Path, target: Path) -> None:
    """Write a picture of 1200 columns in 240 colours, of which 112 are grey: such a file is small."""
    with Image.open(picture) as opened:
        small = opened.convert("RGB").resize(
            (1200, round(opened.height * 1200 / opened.width)), Image.Resampling.LANCZOS
        )
    pixels = np.asarray(small).reshape(-1, 3)
    coloured = pixels[np.ptp(pixels, axis=1) > 8]
    chosen = Image.fromarray(coloured[None]).quantize(128, Image.Quantize.MAXCOVERAGE).getpalette() or []
    greys = np.repeat(np.rint(np.linspace(0, 255, 112)).astype(int), 3).tolist()
    palette = Image.new("P", (1, 1))
    palette.putpalette([*greys, *chosen[: 3 * 128]])
    small.quantize(palette=palette, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main()
