"""Write docs/verified.md from what comparing with others gives: python docs/verify.py.

It needs DCMTK's commands, the packages of the extra "test", and the corpus (HOUNSFIELD_CORPUS, or ../shared/corpus).
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "verified.md"


def main() -> int:
    """Compare everything, and write the page where all agrees."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "support")]
    from oracles import dcmtk

    from conftest import corpus_folder

    if not dcmtk.installed() or corpus_folder() is None:
        sys.stderr.write("DCMTK's commands or the corpus are missing: the page would not tell all\n")
        return 4
    from oracles.page import page

    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
