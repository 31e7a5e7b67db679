"""The address under which a proxy shows the page: Jupyter's, VS Code's, or any other that strips its own prefix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

#: code-server, and VS Code where it is set up so, tell by this how their proxy shows a port.
VARIABLE = "VSCODE_PROXY_URI"
_PORT = re.compile(r"\{\{\s*port\s*\}\}|\{port\}")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?", re.ASCII | re.IGNORECASE)
_DEFAULTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True)
class ProxyAddress:
    """The address under which a proxy shows the page.

    Attributes
    ----------
    scheme
        ``"http"`` or ``"https"``.
    host
        Its name, with its port where that is not the usual one.
    path
        What stands before the page's own addresses; begins and ends with a stroke.
    """

    scheme: str
    host: str
    path: str

    @property
    def origin(self) -> str:
        """The origin of a page there, as a browser names it."""
        return f"{self.scheme}://{self.host}"

    @property
    def address(self) -> str:
        """The whole address."""
        return self.origin + self.path

    def is_host(self, text: str) -> bool:
        """Return whether a Host header names the proxy, with its port or, where that is the usual one, without."""
        return _HOST.fullmatch(text) is not None and _plain(text, self.scheme) == self.host

    def is_origin(self, text: str) -> bool:
        """Return whether an Origin header names the proxy."""
        scheme, between, host = text.partition("://")
        return scheme == self.scheme and between == "://" and self.is_host(host)


def proxy_address(url: str, port: int) -> ProxyAddress:
    """Take a URL apart; ``{{port}}`` in it stands for the port that is listened on.

    Raises
    ------
    ValueError
        It is no address of a page.

    Examples
    --------
    >>> proxy_address("https://hub.example.org:443/user/me/proxy/{{port}}", 8123).address
    'https://hub.example.org/user/me/proxy/8123/'
    """
    parts = urlsplit(_PORT.sub(str(port), url.strip()))
    if parts.scheme not in _DEFAULTS or _HOST.fullmatch(parts.netloc) is None:
        raise ValueError("give the whole address, as https://host/path/")
    if parts.query or parts.fragment or not re.fullmatch(r"[\w/.~%@:+-]*", parts.path, re.ASCII):
        raise ValueError("give the address without ? and #")
    return ProxyAddress(parts.scheme, _plain(parts.netloc, parts.scheme), parts.path.rstrip("/") + "/")


def proxy_of_environment(environment: Mapping[str, str], port: int) -> ProxyAddress | None:
    """Return the address that VS Code's proxy gives a port, where the environment tells; None otherwise."""
    url = environment.get(VARIABLE, "")
    if not _PORT.search(url):
        return None
    try:
        return proxy_address(url, port)
    except ValueError:
        return None


def _plain(host: str, scheme: str) -> str:
    return host.lower().removesuffix(_DEFAULTS[scheme])
