"""What fsspec's object stores want and say: how many connections they may have, and why something failed."""

from __future__ import annotations

from typing import Any

#: Requests to one store at a time.
CONNECTIONS = 128
#: Protocols in whose URLs everything behind the host is the name of a file: ``?`` and ``#`` are letters like others.
_KEYS = {"s3", "s3a", "gs", "gcs", "memory"}
#: Causes of an exception that are looked at.
_CAUSES = 4
_KNOWN = {
    FileNotFoundError: "no such file",
    PermissionError: "permission denied",
    IsADirectoryError: "is a folder",
    TimeoutError: "no answer in time",
}
_NAMED = {
    "NoCredentialsError": "the store wants credentials, and none are set up",
    "PartialCredentialsError": "the store wants credentials, and those that are set up lack a part",
    "EndpointConnectionError": "cannot be read (the server cannot be reached)",
    "ClientConnectorError": "cannot be read (the server cannot be reached)",
    "ConnectTimeoutError": "no answer in time",
    "ReadTimeoutError": "no answer in time",
}


def protocols_of(system: Any) -> set[str]:
    """Return the names by which URLs call a file system."""
    return {system.protocol} if isinstance(system.protocol, str) else set(system.protocol)


def is_web(system: Any) -> bool:
    """Return whether a file system is a web server."""
    return not protocols_of(system).isdisjoint({"http", "https"})


def has_keys(system: Any) -> bool:
    """Return whether URLs of a file system have no queries, so that nothing behind ``?`` can be a secret."""
    return not protocols_of(system).isdisjoint(_KEYS)


def options(url: str) -> dict[str, Any]:
    """Return what `fsspec.core.url_to_fs` is to be told beside a URL; what the user has set up for fsspec stays.

    The client of S3 has 10 connections, however many files are asked for at a time.
    """
    from fsspec.config import conf

    found: dict[str, Any] = {}
    for protocol in ("s3", "s3a"):
        if any(link.startswith(f"{protocol}://") for link in url.split("::")):
            own = (conf.get("s3", {}) | conf.get("s3a", {})).get("config_kwargs", {})
            found[protocol] = {"config_kwargs": {"max_pool_connections": CONNECTIONS, **own}}
    return found


def why(error: BaseException) -> str:
    """Return why a store refused, in words that hold nothing of its own message: that may tell a secret."""
    causes = [error]
    while len(causes) < _CAUSES and (before := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(before)
    for one in causes:
        text = next((text for kind, text in _KNOWN.items() if isinstance(one, kind)), _NAMED.get(type(one).__name__))
        if text:
            return text
        if (status := _status(one)) is not None:
            return f"the server answers {status}"
    return f"cannot be read ({type(error).__name__})"


def _status(error: BaseException) -> int | None:
    """Return the number with which a server answered."""
    status = getattr(error, "status", None)
    if status is None:
        answer = getattr(error, "response", None)
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(answer, dict) else None
    return status if isinstance(status, int) else None
