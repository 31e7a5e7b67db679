"""Print a table of the page: how fast `hu view` shows, scrolls and re-windows, and what it takes of memory.

    pip install -e ".[bench]" playwright            # and a Chromium that the path finds
    python benchmarks/view.py                       # --parts first bytes scroll window planes memory, --rounds 5

The server is a new process; the browser is Chromium without graphics hardware, which is running already and takes the
address in a new page of a new, empty profile. What is measured in the page is what it does for real events there, with
the pixels drawn. Medians of the rounds, with goals; nothing here passes or fails.

"first" is the first image of a CT folder of 400 slices, from the command to its pixels, by a new copy of the package as
pip leaves it in an empty home ("first run"), and once more in both ("later run"). Its steps are printed below. "memory"
makes a series of 2,000 slices (1 GB) and walks through all of it; Linux only.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from processes import Bench, Installation
from timing import HERE, Clock, Table, clock, parser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PARTS = ("first", "bytes", "scroll", "window", "planes", "memory")
SLICES, MANY, GIGA = 400, 2000, 1e9
READY = ".pane[data-frame]:not([data-frame=''])"
#: Notes when the first frame was drawn, and the picture of the display after it.
WATCH = """
window.whenPainted = new Promise((done) => new MutationObserver((_, watch) => {
  if (!document.querySelector(".pane[data-frame]:not([data-frame=''])")) return;
  watch.disconnect();
  requestAnimationFrame(() => setTimeout(() => done(performance.timeOrigin + performance.now())));
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-frame"] }));
"""
#: When the page was asked for, and answers came whole, in seconds of the clock on the wall.
STEPS = """
async () => {
  const late = new Promise((_, fail) => setTimeout(fail, 60000, "no image within a minute"));
  const painted = await Promise.race([window.whenPainted, late]);
  const at = (ms) => (performance.timeOrigin + ms) / 1000;
  const all = performance.getEntriesByType("resource");
  const last = (word) => Math.max(...all.filter((one) => one.name.includes(word)).map((one) => at(one.responseEnd)));
  const first = (word, what) => Math.min(...all.filter((one) => one.name.includes(word)).map((one) => at(one[what])));
  return {
    "page asked for": at(0),
    "page came": at(performance.getEntriesByType("navigation")[0].responseEnd),
    "modules came": last("/static/"),
    "session": last("/api/session"),
    "events opened": first("/api/items", "startTime"),
    "frame asked for": first("/frames/", "startTime"),
    "frame came": first("/frames/", "responseEnd"),
    "painted": painted / 1000,
  };
}
"""
BYTES = """
() => {
  const all = [performance.getEntriesByType("navigation")[0], ...performance.getEntriesByType("resource")];
  const page = all.filter((one) => !one.name.includes("/api/"));
  const sum = (what) => page.reduce((sofar, one) => sofar + one[what], 0);
  return [page.length, sum("transferSize"), sum("decodedBodySize")];
}
"""


class Views:
    """Servers of the command, pages of one browser, and the table."""

    def __init__(self, browser: Any, room: Path, table: Table, time: Clock) -> None:
        self.browser, self.room, self.table, self.clock = browser, room, table, time

    def row(self, what: str, found: list[float], unit: str, goal: float | None = None, *, most: bool = True) -> None:
        """Print a median with its goal, which is a bound above or below."""
        middle = statistics.median(found)
        met = "" if goal is None else "met" if (middle <= goal if most else middle >= goal) else "**not met**"
        bound = "-" if goal is None else f"{'at most' if most else 'at least'} {goal:g} {unit}"
        self.table.row(what, f"{middle:.3g} {unit}", f"{min(found):.3g} to {max(found):.3g}", bound, met, len(found))

    def copies(self) -> Bench:
        """Return where the package can be installed anew."""
        room = Path(tempfile.mkdtemp())
        return Bench(room, self.clock, False)

    @contextmanager
    def serving(
        self, *paths: Path, at: Installation | None = None
    ) -> Iterator[tuple[subprocess.Popen[str], str, float]]:
        """Start the command; gives its process, the address that it prints, and when it was started."""
        script = [str(at.folder / "site" / "hu")] if at else ["-m", "hounsfield"]
        command = [sys.executable, *script, "view", "--no-browser", *map(str, paths)]
        environment = at.environment(False) if at else None
        began = time.time()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        try:
            assert process.stdout is not None
            yield process, re.findall(r"http://\S+", process.stdout.readline())[0], began
        finally:
            process.terminate()
            process.wait()

    @contextmanager
    def page(self, address: str, *, whole: bool = True) -> Iterator[Any]:
        """Open an address; `whole`: wait until everything is understood."""
        context = self.browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-US")
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(address)
        page.locator(READY).first.wait_for(timeout=60_000)
        if whole:
            page.locator(".progress", has_text=re.compile(r"^\d+ files?$")).wait_for(timeout=120_000)
            page.wait_for_timeout(500)
            page.evaluate((HERE / "view_probe.js").read_text(encoding="utf-8"))
        yield page
        context.close()


def processor_seconds(process: subprocess.Popen[str]) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def first_images(views: Views, made: Path, rounds: int) -> None:
    """First images by new installations, and by ones where the same ran before."""
    bench = views.copies()
    totals: dict[str, list[float]] = {"first run": [], "later run": [], "numpy": []}
    steps: dict[str, list[float]] = {}
    for _ in range(rounds):
        began = time.time()
        subprocess.run([sys.executable, "-c", "import numpy"], check=True)
        totals["numpy"].append(time.time() - began)
        at = bench.new()
        for state in ("first run", "later run"):
            context = views.browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-US")
            page = context.new_page()
            page.add_init_script(WATCH)
            with views.serving(made, at=at) as (process, address, start):
                printed = time.time()
                page.goto(address, wait_until="commit")
                found = {"address printed": printed} | page.evaluate(STEPS)
                totals[state].append(found["painted"] - start)
                if state == "later run":
                    for step, moment in found.items():
                        steps.setdefault(step, []).append(1000 * (moment - start))
                    steps.setdefault("server's processor time by then", []).append(1000 * processor_seconds(process))
                context.close()
        shutil.rmtree(at.folder)
    for state in ("first run", "later run"):
        views.row(f"first image of {SLICES} CT slices, {state}", totals[state], "s", 1.0)
    for step, found in steps.items():
        views.row(f"- {step}", found, "ms")
    views.row('`python -c "import numpy"`, beside it', totals["numpy"], "s")


def page_bytes(views: Views, made: Path, rounds: int) -> None:
    with views.serving(made) as (_, address, _), views.page(address) as page:
        count, sent, plain = page.evaluate(BYTES)
        views.row(f"bytes that the page loads, {count} files", [sent / 1000], "kB", 200)
        views.row("- the same, decompressed", [plain / 1000], "kB")


def scrolling(views: Views, made: Path, rounds: int) -> None:
    with views.serving(made) as (_, address, _), views.page(address) as page:
        page.wait_for_timeout(3000)  # until the volume is in memory
        uncached = [page.evaluate("probe.scroll(1.5, true)") for _ in range(2)]  # 400 slices: nowhere twice
        page.evaluate("probe.scroll(8, true)")
        cached = [page.evaluate("probe.scroll(2, false)") for _ in range(rounds)]
        views.row("frames scrolled, not in the browser yet", [one["shown"] for one in uncached], "/s", 30, most=False)
        views.row("frames scrolled, in the browser", [one["shown"] for one in cached], "/s", 59, most=False)
        views.row("- pictures of the display meanwhile", [one["display"] for one in cached], "/s")


def windowing(views: Views, made: Path, rounds: int) -> None:
    for name, rows, columns, goal in (
        ("int16", 512, 512, 4),
        ("12 bits in uint16", 4096, 3328, 50),
        ("wide uint16", 4096, 3328, 50),
        ("float32", 4096, 3328, 50),
    ):
        path = views.room / f"{name}.dcm"
        radiograph(path, name, rows, columns)
        with views.serving(path) as (_, address, _), views.page(address) as page:
            for zoom in ("fitted",) if rows < 1000 else ("fitted", "pixel by pixel"):
                page.locator(".pane").focus()
                page.keyboard.press("f" if zoom == "fitted" else "1")
                page.wait_for_timeout(500)
                what = f"new window, {rows} x {columns}, {name}, {zoom}"
                views.row(f"{what}, while dragging", page.evaluate(f"probe.rewindow({3 * rounds}, false)"), "ms", goal)
                if rows > 1000:
                    views.row(f"{what}, at rest", page.evaluate(f"probe.rewindow({rounds}, true)"), "ms", goal)


def radiograph(path: Path, name: str, rows: int, columns: int) -> None:
    """Write a radiograph of noise on a ramp, whose values have the type that is named."""
    import pydicom
    from pydicom.data import get_testdata_file

    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset.Rows, dataset.Columns, dataset.PixelRepresentation = rows, columns, 0
    bits = 12 if name.startswith("12") else 16
    ramp = np.linspace(0, 2**bits - 2**9, columns)[None, :] + np.random.default_rng(0).integers(
        0, 2**9, (rows, columns)
    )
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelData = ramp.astype("<u2").tobytes()
    dataset.RescaleSlope, dataset.RescaleIntercept = ("0.0371" if name == "float32" else "1", "0")
    if name == "int16":
        dataset.PixelData, dataset.PixelRepresentation = (ramp / 16 - 1000).astype("<i2").tobytes(), 1
    low, high = (-1000, 3000) if name == "int16" else (0, 2**bits * float(dataset.RescaleSlope))
    dataset.WindowCenter, dataset.WindowWidth = f"{(low + high) / 2:g}", f"{high - low:g}"
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue"):
        if keyword in dataset:
            del dataset[keyword]
    dataset.save_as(path)


def planes(views: Views, made: Path, rounds: int) -> None:
    with views.serving(made) as (_, address, _), views.page(address) as page:
        page.get_by_role("button", name="Axial, coronal and sagittal planes").click()
        page.locator(f"{READY}:nth-child(3)").wait_for(timeout=60_000)
        page.wait_for_timeout(3000)
        page.locator(".pane").first.focus()
        page.keyboard.press("c")
        found = [page.evaluate("probe.cross(3)") for _ in range(rounds)]
        views.row("two other planes while the crosshair is dragged", found, "/s", 30, most=False)


def memory(views: Views, made: Path, rounds: int) -> None:
    many = views.room / "many"
    if not many.is_dir():
        series_of(many, made, MANY)
    with views.serving(many) as (process, address, _), views.page(address) as page:
        page.locator(".pane").focus()
        page.keyboard.press("Home")
        most = 0.0
        for _ in range(40):
            page.evaluate("probe.scroll(1, true)")
            most = max(most, browser_bytes(views.browser))
        words = Path(f"/proc/{process.pid}/status").read_text()
        peak = int(re.findall(r"VmHWM:\s+(\d+)", words)[0]) * 1024
        views.row(f"{MANY} slices: memory of the browser, all processes", [most / GIGA], "GB", 1)
        volume = MANY * 512 * 512 * 2
        views.row("- the server's at most, beyond the volume of 1.05 GB", [(peak - volume) / GIGA], "GB", 1)


def series_of(folder: Path, made: Path, count: int) -> None:
    """Write a series as long as it is wanted: slices of another with positions of their own."""
    import pydicom

    folder.mkdir()
    files = sorted(made.glob("*.dcm"))
    for number in range(count):
        dataset = pydicom.dcmread(files[number % len(files)])
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = (
            f"1.2.826.0.1.3680043.8.498.{number + 1}"
        )
        dataset.InstanceNumber = number + 1
        dataset.ImagePositionPatient = [*dataset.ImagePositionPatient[:2], f"{number * 0.5:g}"]
        if "SliceLocation" in dataset:
            dataset.SliceLocation = f"{number * 0.5:g}"
        dataset.save_as(folder / f"{number:05}.dcm")


def browser_bytes(browser: Any) -> float:
    """Return the memory of all processes of a browser; what they share is divided among them."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    total = 0.0
    for process in found:
        try:
            words = Path(f"/proc/{process['id']}/smaps_rollup").read_text()
        except OSError:  # it has ended
            continue
        total += int(re.findall(r"^Pss:\s+(\d+)", words, re.MULTILINE)[0]) * 1024
    return total


WORK = {
    "first": first_images,
    "bytes": page_bytes,
    "scroll": scrolling,
    "window": windowing,
    "planes": planes,
    "memory": memory,
}


def run(options: argparse.Namespace, room: Path) -> None:
    from playwright.sync_api import sync_playwright

    import hounsfield as hu

    made = room / "ct"
    if not made.is_dir():
        hu.phantom(made, matrix=512, slices=SLICES, noise=10)
    table = Table("what", "median:", "range:", "goal", "", "rounds:")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        version = f"; Chromium {browser.version}"
        table.begin(("hounsfield", "numpy", "starlette", "uvicorn"), version)
        views = Views(browser, room, table, clock(options, len(options.parts)))
        for part in options.parts:
            WORK[part](views, made, options.rounds)
        browser.close()


def main() -> None:
    asked = parser(__doc__, rounds=5)
    asked.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="which rows (default: all)")
    asked.add_argument("--keep", metavar="FOLDER", help="keep what is made in a folder, and use what is there")
    options = asked.parse_args()
    if CHROMIUM is None:
        sys.exit("there is no Chromium on the path")
    with tempfile.TemporaryDirectory() as folder:
        run(options, Path(options.keep or folder))


if __name__ == "__main__":
    main()
