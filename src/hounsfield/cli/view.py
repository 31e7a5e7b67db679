"""`hu view`: look at images in the browser, by a server on this machine."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from hounsfield.catalog.catalog_paths import has_catalog
from hounsfield.cli.catalog_inputs import asking_catalogs
from hounsfield.cli.terminal import say, write_text
from hounsfield.interrupt import is_interrupted

if TYPE_CHECKING:
    from socket import socket

    from hounsfield.catalog.catalogs_and_paths import Gathered
    from hounsfield.errors import MissingDependencyError
    from hounsfield.web.access import Door
    from hounsfield.web.discovery import Discovery
    from hounsfield.web.keys import Keys
    from hounsfield.web.loaded_later import Loading
    from hounsfield.web.proxies import ProxyAddress
    from hounsfield.web.viewing import Viewing

#: Seconds that threads have to end; that the first image has for itself.
_PATIENCE, _FIRST = 1.0, 1.0

_EPILOG = """\b
Examples:
  hu view folder/                         series of a folder, in the browser
  hu view slice.dcm other.zip             files and archives
  hu view 'catalog?FROM series WHERE missing_slices > 0'   what a question finds in a catalog
  hu view folder/ --no-phi                never send what identifies the patient
  hu view folder/ --no-browser --port 8123   only print the address, say for a tunnel
  hu view folder/ --proxy https://hub.example.org/user/me/proxy/{port}/   as Jupyter's proxy shows it
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Port; by default any that is free."
)
@click.option("--no-browser", is_flag=True, help="Only print the address; do not open a browser.")
@click.option("--no-phi", is_flag=True, help="Hide the patient for the whole run: names, dates, descriptions, numbers.")
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Listen on another address of this machine, for other machines; what is sent is not encrypted.",
)
@click.option(
    "--proxy",
    metavar="URL",
    help="The address under which a proxy shows the page, as Jupyter's or VS Code's; {port} in it stands for the port. "
    "By default what VSCODE_PROXY_URI says.",
)
@click.option("--exit-with-page", is_flag=True, help="End when the last page is closed.")
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Show images in the browser: files, folders, archives, DICOMDIRs, URLs, catalogs.

    A server on this machine reads them; its address, with a secret, is printed. It serves until Ctrl-C, which is the
    way to end it: the exit code is 0 then. More can be opened, or dropped, on the page.
    """
    from hounsfield.web.keys import Keys
    from hounsfield.web.sockets import is_loopback, listening

    host = options["host"]
    _check(paths, host)
    if (needed := _missing(paths)) is not None:
        say(needed.message)
        return 4
    found = _in_catalogs(paths)
    try:
        listener = listening(host, options["port"])
    except OSError as error:
        raise click.UsageError(f"cannot listen on {host}, port {options['port']}: {error.strerror or error}") from None
    port, keys = int(listener.getsockname()[1]), Keys()
    options["proxy"] = proxy = _proxy(options["proxy"], port)
    name = f"[{host}]" if ":" in host else host
    if not is_loopback(host):
        say(f"other machines can reach {name}: whoever knows the address sees the images, and nothing is encrypted")
    try:
        address = f"http://{name}:{port}/" if proxy is None else proxy.address
        _announce(address, keys, browser=not options["no_browser"])
        _serve(lambda: _discovery(paths, found), listener, keys, options)
    except (KeyboardInterrupt, Exception):
        # Before the server hears signals itself they ask for the same end; in an import they come as anything.
        if not is_interrupted():
            raise
        _leave()  # Python may end by the signal itself, where an import was interrupted
    return 0


def _proxy(url: str | None, port: int) -> ProxyAddress | None:
    """Return the address under which a proxy shows the page; None where nothing tells of one."""
    from hounsfield.web.proxies import proxy_address, proxy_of_environment

    if url is None:
        return proxy_of_environment(os.environ, port)
    try:
        return proxy_address(url, port) if url else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--proxy") from None


def _announce(address: str, keys: Keys, *, browser: bool) -> None:
    """Print the address; who asks now waits for the little that is left: browsers start no faster than the server."""
    write_text(f"{address}#{keys.token}\n")
    sys.stdout.flush()
    say("press Ctrl-C to end")
    if browser:
        _open(f"{address}#{keys.for_one_session()}")


def _serve(discover: Callable[[], Discovery], listener: socket, keys: Keys, options: dict[str, Any]) -> None:
    """Serve until the end: the page first, while what it shows is loaded and read."""
    from hounsfield.errors import AssumptionWarning
    from hounsfield.web.access import Door
    from hounsfield.web.loaded_later import Loading
    from hounsfield.web.serving import serve
    from hounsfield.web.sockets import LOOPBACK

    port = int(listener.getsockname()[1])
    door = Door(keys, port, tuple(dict.fromkeys((*LOOPBACK, options["host"]))), options["proxy"])
    loading = Loading(lambda: _load(discover, door, hidden=options["no_phi"]))
    with warnings.catch_warnings():
        # They are steps as well, which the page shows; as warnings they would name files on a terminal nobody reads.
        warnings.simplefilter("ignore", AssumptionWarning)
        serve(loading, door, listener, exit_with_page=options["exit_with_page"])
    _end(loading)


def _in_catalogs(paths: tuple[str, ...]) -> Gathered | None:
    """Return the files of paths among which there are catalogs: what is wrong with one is said before a page opens."""
    if not has_catalog(paths):
        return None
    from hounsfield.catalog.catalogs_and_paths import gathered
    from hounsfield.limits import DEFAULT_LIMITS

    with asking_catalogs(paths):
        return gathered(paths, DEFAULT_LIMITS)


def _discovery(paths: tuple[str, ...], found: Gathered | None) -> Discovery:
    from hounsfield.limits import DEFAULT_LIMITS
    from hounsfield.web.discovery import Discovery

    if found is None:
        return Discovery(paths, DEFAULT_LIMITS)
    from hounsfield.web.catalog_discovery import CatalogDiscovery

    return CatalogDiscovery(found, paths, DEFAULT_LIMITS)


def _load(discover: Callable[[], Discovery], door: Door, *, hidden: bool) -> Viewing:
    """Begin to read, in a thread of its own, before all that answers requests is loaded."""
    discovery = discover()
    discovery.patience = _FIRST
    discovery.start()
    from hounsfield.web.hiding import Hiding
    from hounsfield.web.viewing import Viewing

    return Viewing(discovery, door, Hiding(hidden, hidden))


def _check(paths: tuple[str, ...], host: str) -> None:
    """Refuse what can never be shown before a page is opened for it."""
    from glob import has_magic

    from hounsfield.sources.kinds import is_url

    if host in ("", "0.0.0.0", "::"):  # noqa: S104  that is what is refused
        raise click.BadParameter("name one address of this machine: requests are for that one", param_hint="--host")
    for path in paths:
        if path != "-" and not is_url(path) and not has_magic(path) and not os.path.lexists(path):
            raise click.BadParameter(f"there is no {path}", param_hint="PATH")


def _missing(paths: tuple[str, ...]) -> MissingDependencyError | None:
    """Return what has to be installed for a URL among the paths; None where nothing has to."""
    from hounsfield.errors import MissingDependencyError
    from hounsfield.sources.kinds import is_url, local_path

    for path in paths:
        if is_url(path) and local_path(path) is None:
            from hounsfield.sources.remote import check_installed

            try:
                check_installed(path)
            except MissingDependencyError as error:
                return error
    return None


def _open(address: str) -> None:
    """Open the browser; some do not return before they are closed."""
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), name="hounsfield-view-browser", daemon=True).start()


def _end(loading: Loading) -> None:
    """Wait for threads a moment; one that decodes, or waits for a network, does not keep the command."""
    until = monotonic() + _PATIENCE
    if loading.viewing is not None and loading.viewing.discovery.join(_PATIENCE):
        for thread in threading.enumerate():
            if thread.name.startswith("hounsfield"):
                thread.join(max(0.0, until - monotonic()))
        if not any(thread.name.startswith("hounsfield") for thread in threading.enumerate()):
            return
    _leave()


def _leave() -> None:
    """End now, with 0."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
