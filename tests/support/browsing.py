"""The page in a real browser, shown by a server in this process: what the page shows can be compared with the library."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.web.access import Door
from hounsfield.web.app import create_app
from hounsfield.web.discovery import Discovery
from hounsfield.web.hiding import Hiding
from hounsfield.web.keys import Keys
from hounsfield.web.sockets import listening
from hounsfield.web.viewing import Viewing
from resting import COUNTING, at_rest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
#: Buttons of what is drawn over the image.
OVER = ("Texts over the image", "Show or hide crosshair")
#: Seconds to wait for what must come: a busy machine may need long, and who waits for what comes loses nothing.
PATIENCE = 30
#: What the list says then, in both languages.
_READ = re.compile(r"^(\d+ files|共 \d+ 个文件)$")
_PIXELS = """canvas => { const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let text = ''; for (let i = 0; i < d.length; i += 32768) text += String.fromCharCode(...d.subarray(i, i + 32768));
    return [canvas.width, canvas.height, btoa(text)]; }"""


class _Server(uvicorn.Server):
    """uvicorn in a thread, where no signal can be heard."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Served:
    """What a running server shows.

    Attributes
    ----------
    viewing
        Its state: items, and the secret.
    address
        What `hu view` would print.
    """

    def __init__(self, viewing: Viewing, port: int) -> None:
        self.viewing = viewing
        self.base = f"http://127.0.0.1:{port}/"
        self.address = f"{self.base}#{viewing.door.keys.token}"

    def item(self, path: Path | str) -> Any:
        """The first item that holds a file."""
        return next(item for item in self.viewing.discovery.items if str(path) in map(str, item.files))


@contextmanager
def serving(*paths: Path | str, no_phi: bool = False, assembled: bool = False) -> Iterator[Served]:
    """Show files to browsers; all has been read by then.

    Parameters
    ----------
    paths
        What to show.
    no_phi
        As the command's option.
    assembled
        Put volumes together before anything is asked for: descriptions do not change any more.
    """
    listener = listening("127.0.0.1", 0)
    port = listener.getsockname()[1]
    discovery = Discovery([str(path) for path in paths], DEFAULT_LIMITS)
    viewing = Viewing(discovery, Door(Keys(), port), Hiding(no_phi, no_phi))
    discovery.run()
    for item in discovery.items:
        if assembled and item.frames.can_be_assembled:
            item.frames.volume()
    config = uvicorn.Config(create_app(viewing), lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = _Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        yield Served(viewing, port)
    finally:
        server.should_exit = True
        viewing.close()
        thread.join(10)
        discovery.files.close()


class Running:
    """The command `hu view`, as it runs.

    Attributes
    ----------
    address
        What it printed.
    said
        All that it has said, once it has ended.
    """

    def __init__(self, first: str) -> None:
        found = re.search(r"http://\S+", first)
        assert found, first
        self.said, self.address = first, found.group()


@contextmanager
def running(*arguments: Path | str) -> Iterator[Running]:
    """Run `hu view` as a process of its own, as people do; end it and wait for its end."""
    command = [sys.executable, "-m", "hounsfield", "view", "--no-browser", "--port", "0", *map(str, arguments)]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as server,
    ):
        assert server.stdout is not None
        try:
            begun = Running(server.stdout.readline().decode())
            yield begun
        finally:
            server.terminate()
            rest = server.stdout.read()
        errors.seek(0)
        begun.said += (rest + errors.read()).decode()


@contextmanager
def browsing() -> Iterator[Any]:
    """A browser without a processor for graphics, of whose pages is known when they are at rest."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        new_context = browser.new_context

        def counted(**options: Any) -> Any:
            context = new_context(**options)
            context.set_default_timeout(1000 * PATIENCE)
            context.add_init_script(COUNTING)
            return context

        browser.new_context = counted
        yield browser
        browser.close()


def all_read(page: Any) -> None:
    """Wait until the list says that every file has been read, and what follows from that is shown."""
    page.locator(".progress", has_text=_READ).wait_for(timeout=60_000)
    at_rest(page)


def let_in(context: Any, address: str) -> None:
    """Open the session of a context, once everything is read: what is shown early goes then, and who asks for it is told."""
    first = context.new_page()
    first.goto(address)
    all_read(first)
    first.close()


def settled(page: Any, pane: int = 0) -> int:
    """The number of the frame that a pane shows, once it is drawn and the page is at rest."""
    drawn = f".pane:nth-child({pane + 1})[data-frame]:not([data-frame='']):not([data-waits])"
    while True:
        page.locator(drawn).wait_for()
        at_rest(page)
        number = page.locator(".pane").nth(pane).get_attribute("data-frame")
        if number:
            return int(number)


def open_page(context: Any, served: Served, path: Path | str | None = None) -> Any:
    """A page of a context that has been let in; it shows a file."""
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    if not context.cookies():
        page.goto(served.address)
        page.locator(".entry, .rest > p").first.wait_for()
    if path is not None:
        page.goto("about:blank")
        page.goto(f"{served.base}#show={served.item(path).id}")
        settled(page)
    return page


def choose(page: Any, served: Served, path: Path | str) -> int:
    """Click a file's entry in the list; return the frame that is shown then."""
    item = served.item(path)
    page.locator(f'.entry[data-id="{item.id}"]').click()
    until(page, lambda: item.id in page.evaluate("location.hash"))
    return settled(page)


def until(page: Any, so: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait: the page's policy forbids a browser to evaluate what Playwright would wait for."""
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "it did not come"
        page.wait_for_timeout(50)


def switched(button: Any, on: bool = True) -> None:
    """Wait until a switch is in a position."""
    from playwright.sync_api import expect

    expect(button).to_have_attribute("aria-pressed", str(on).lower())


def hide_patient(page: Any, hidden: bool = True) -> None:
    """Hide the patient, or do so no more; the server says it to all pages."""
    button = page.get_by_role("button", name="Hide patient")
    button.click()
    switched(button, hidden)
    at_rest(page)


def played_rate(page: Any) -> tuple[float, float]:
    """Frames a second that a pane plays, and that it should; once the one is near the other, which no start is."""
    found = (0.0, 0.0)

    def at_speed() -> bool:
        nonlocal found
        told = re.search(r"(\S+)/s of (\S+)/s", page.locator(".bottomRight").first.inner_text())
        found = (float(told[1]), float(told[2])) if told else found
        return found[1] > 0 and found[1] / 2 <= found[0] <= found[1] * 1.1

    until(page, at_speed)
    return found


def press(page: Any, label: str, *, on: bool) -> None:
    """Bring a switch of the bar to a position."""
    button = page.get_by_role("button", name=label, exact=True)
    if (button.get_attribute("aria-pressed") == "true") is not on:
        button.click()


def planes_of(page: Any) -> list[int]:
    """Cut the shown volume along three planes; return the numbers of what the panes show."""
    page.locator("button[data-label='Axial, coronal and sagittal planes']").click()
    settled(page, 2)  # all three come at once: before that the first pane shows what it did
    return [settled(page, pane) for pane in range(3)]


def save_view(page: Any) -> Any:
    """Choose "Whole frame as PNG" of the menu "Save"; return the download."""
    page.get_by_role("button", name="Save", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Whole frame as PNG", exact=True).click()
    return download.value


def saved_view(page: Any) -> np.ndarray:
    """The colours of the picture that is saved of the view."""
    from PIL import Image

    with Image.open(save_view(page).path()) as picture:
        return np.asarray(picture.convert("RGB"))


def uncovered(page: Any) -> None:
    """One image pixel to one of the screen, nothing drawn over it."""
    page.locator(".pane").first.focus()
    page.keyboard.press("1")
    for label in OVER:
        press(page, label, on=False)
    page.locator(".pane").first.focus()
    at_rest(page)


def pixels(page: Any, pane: int = 0) -> np.ndarray:
    """What is on the canvas of a pane, once it is drawn as well as can be."""
    at_rest(page)
    shown = page.locator(".pane").nth(pane)
    width, height, data = shown.locator(":scope > canvas").first.evaluate(_PIXELS)
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3]


def corner(screen: tuple[int, int], picture: tuple[int, int], scale: tuple[float, float] = (1, 1)) -> tuple[int, int]:
    """Where the first pixel of a picture is, that stands in the middle of a screen."""
    sides = zip(screen, picture, scale, strict=True)
    top, left = (int(np.floor(outer / 2 - inner * each / 2 + 0.5)) for outer, inner, each in sides)
    return top, left


def _samples(count: int, first: int, scale: float, of: int) -> tuple[np.ndarray, np.ndarray]:
    """Which pixels of a screen show a picture, and which of its pixels; none where two are equally near."""
    at = (np.arange(count) + 0.5 - first) / scale
    here = (at > 0) & (at < of) & ((np.abs(at - np.round(at)) > 1e-3) | (scale == 1))
    return np.flatnonzero(here), np.floor(at[here]).astype(int)


def differing(screen: np.ndarray, picture: np.ndarray, within: int = 0, scale: tuple[float, float] = (1, 1)) -> int:
    """Count pixels of the screen that are not those of a picture in its middle; there is at least one to compare.

    Parameters
    ----------
    screen, picture
        What is seen, what should be.
    within
        By how much colours may differ.
    scale
        Height and width on the screen of a pixel of the picture, which is not smoothed.
    """
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, -1)
    first = corner(screen.shape[:2], picture.shape[:2], scale)
    (rows, from_rows), (columns, from_columns) = (
        _samples(screen.shape[axis], first[axis], scale[axis], picture.shape[axis]) for axis in (0, 1)
    )
    seen, expected = screen[np.ix_(rows, columns)], picture[np.ix_(from_rows, from_columns)]
    assert seen.size
    return int((np.abs(seen.astype(int) - expected) > within).any(-1).sum())


def point(
    page: Any, shape: tuple[int, int], row: int, column: int, pane: int = 0, scale: tuple[float, float] = (1, 1)
) -> bool:
    """Move the mouse to a pixel of an image that is shown one to one; return whether it is within the pane."""
    box = page.locator(".pane").nth(pane).locator(":scope > canvas").first.bounding_box()
    top, left = corner((round(box["height"]), round(box["width"])), shape, scale)
    x, y = left + (column + 0.5) * scale[1], top + (row + 0.5) * scale[0]
    page.mouse.move(box["x"] + x, box["y"] + y)
    at_rest(page)
    return 0 <= x < box["width"] - 14 and 0 <= y < box["height"]


def probed(page: Any, pane: int = 0) -> str:
    """What stands under the image of the pixel at the cursor."""
    return page.locator(".pane").nth(pane).locator(".probe").inner_text().replace("\u2212", "-")
