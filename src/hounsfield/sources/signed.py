"""Parts of many objects of S3 by signed addresses: the client of S3 takes four times as long over each request.

It is a short cut and no more. What it does not give, for whatever reason, the client itself is asked for: that one
tries again, knows proxies, certificates and who pays, and says why something failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast
from urllib.request import getproxies

#: Seconds for which an address is good, and after which a store that does not answer is left to the client.
_GOOD, _CONNECT, _ANSWER = 900, 5.0, 15.0


def can_sign(system: Any) -> bool:
    """Return whether a file system makes signed addresses quickly, and nothing stands between it and the store."""
    return type(system).__module__ == "s3fs.core" and hasattr(system, "_url") and not getproxies()


class SignedAddresses:
    """Fetches beginnings of objects by their signed addresses.

    Parameters
    ----------
    system
        Such as `can_sign` says it of.
    connections
        Requests at a time.
    """

    def __init__(self, system: Any, connections: int) -> None:
        self._system, self._connections = system, connections
        self._session: Any = None

    def fetch(self, paths: Sequence[str], ends: Sequence[int], at_once: int) -> list[bytes | None]:
        """Return the first bytes of objects, just so many of each; None of those that cannot be had in this way."""
        from fsspec.asyn import sync

        return cast("list[bytes | None]", sync(self._system.loop, self._fetch, paths, ends, at_once))

    def close(self) -> None:
        """Close the connections."""
        from fsspec.asyn import sync

        if self._session is not None:
            session, self._session = self._session, None
            sync(self._system.loop, session.close)

    async def _fetch(self, paths: Sequence[str], ends: Sequence[int], at_once: int) -> list[bytes | None]:
        await self._system.set_session()
        if self._session is None:
            self._session = _session(self._connections)
        found: list[bytes | None] = [None] * len(paths)
        left = iter(range(len(paths)))

        async def work() -> None:
            for index in left:
                found[index] = await self._get(paths[index], ends[index])

        await asyncio.gather(*(work() for _ in range(min(at_once, len(paths)))))
        return found

    async def _get(self, path: str, end: int) -> bytes | None:
        from yarl import URL

        try:
            address = URL(await self._system._url(path, expires=_GOOD), encoded=True)  # noqa: SLF001
            headers = {"Range": f"bytes=0-{end - 1}"}
            async with self._session.get(address, headers=headers, allow_redirects=False) as answer:
                if answer.status not in (200, 206) or answer.content_length != end:
                    return None
                return await answer.read()
        except Exception:  # whatever it is: the client says why when it is asked itself
            return None


def _session(connections: int) -> Any:
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

    return ClientSession(
        connector=TCPConnector(limit=connections),
        timeout=ClientTimeout(total=None, connect=None, sock_connect=_CONNECT, sock_read=_ANSWER),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
    )
