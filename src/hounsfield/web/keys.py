"""The secrets of one run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


@dataclass
class Keys:
    """The secrets of one run.

    Attributes
    ----------
    token
        Stands in the address that is printed; opens sessions, and serves in the place of one.
    session
        The value of the cookie.
    once
        Tokens that open one session: of addresses that other users of the machine can see, as arguments of a browser.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    once: list[str] = field(default_factory=list[str])

    def for_one_session(self) -> str:
        """Return a new token that opens one session."""
        self.once.append(secrets.token_urlsafe(32))
        return self.once[-1]

    def opens(self, token: str) -> bool:
        """Return whether a token opens a session; one that does so once is used up."""
        if same(token, self.token):
            return True
        for known in self.once:
            if same(token, known):
                self.once.remove(known)
                return True
        return False


def same(given: str, known: str) -> bool:
    """Return whether a secret is the one that is known, in a time that tells nothing of it."""
    return secrets.compare_digest(given.encode("utf-8", "replace"), known.encode())
