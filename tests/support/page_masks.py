"""Masks as a page asks for them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from viewing import Page


class Masks:
    """The masks of the only item of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        (item,) = page.state()["items"]
        self.base = f"items/{item['id']}"

    def ask(self, path: str, document: Any = None) -> Any:
        return self.page.post(f"{self.base}/{path}", content=json.dumps(document or {}))

    def make(self, recipe: Any = None, scope: str = "volume", **more: Any) -> Any:
        answer = self.ask("masks", {"scope": scope, "recipe": recipe or {}, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()["mask"]

    def did(self, path: str, document: Any = None) -> Any:
        answer = self.ask(path, document)
        assert answer.status_code == 200, answer.text
        return answer.json()["mask"]

    def bits(self, mask: Any, where: str) -> Any:
        answer = self.page.get(f"{self.base}/masks/{mask['id']}/{where}")
        if answer.status_code == 204:
            return None
        assert answer.status_code == 200, answer.text
        shape = tuple(map(int, answer.headers["X-Shape"].split(",")))
        bits = np.unpackbits(np.frombuffer(answer.content, np.uint8), bitorder="little", count=shape[0] * shape[1])
        return bits.reshape(shape).astype(bool)

    def all_bits(self, mask: Any, count: int, view: str = "frames") -> Any:
        return np.stack([self.bits(mask, f"{view}/{number}") for number in range(count)])
