"""The page docs/verified.md, made of what the comparisons give: python docs/verify.py."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from classes import every_class
from oracles import dcmtk, ffmpeg, modality, stored
from oracles.encodings import encodings
from oracles.outcomes import ALONE, KINDS, REFUSED, Outcome, complaints, rows
from oracles.readable import class_name, not_read, order, read_by, syntax_name
from oracles.roundtrips import verify, write_sources

from conftest import real_files

_INTRO = """\
# Verified

Made by `python docs/verify.py` from the code, from every real file that the tests have (pydicom's wheel, the package
pydicom-data, and a corpus of public files), and from small made ones. Nothing stands here that was not run.

Stored values are compared with {dcmtk}; where it has no decoder or gives up, with {ffmpeg}'s own decoders, then with
pydicom's parser and Pillow. Modality values and colours are compared with {simpleitk}. Stored values must be equal, or differ
by 1 where the encoding is lossy; modality values must be equal after rounding to the type of ours.
"""
_LIMITS = """\
Limits of this: the made files of JPEG 2000 Part 2 have no transforms between components, which Part 2 adds. Those of JPEG XL
were encoded by the library that also decodes them, and no other decoder was at hand. Every lossless encoding of the NEMA
WG-04 samples in the corpus equals its uncompressed original (tests/oracles/test_nema.py).
"""
_CLASSES = """\
Real files: their stored values agree as above. Made files: valid by `dciodvfy`, and their values, unit, frames, spacing and
planes are read as they were written (tests/test_classes.py). Of ophthalmic tomography `dciodvfy` requires three attributes in
one module and forbids them in another.
"""
Key = tuple[str, str]


def page() -> str:
    """The whole page; takes minutes.

    Raises
    ------
    AssertionError
        Something differs: there is nothing to publish.
    """
    on_stored, on_modality = stored.compare_all(real_files()), modality.compare_all(real_files())
    said = [*complaints(on_stored, rows("stored")), *complaints(on_modality, rows("modality"))]
    assert not said, "\n".join(said)
    parts = [
        _INTRO.format(
            dcmtk=f"DCMTK {dcmtk.version()}",
            ffmpeg=f"FFmpeg {ffmpeg.version()}",
            simpleitk=f"SimpleITK {modality.version()}",
        ),
        _real_files(on_stored, on_modality),
        _syntaxes(on_stored),
        _classes(on_stored),
        _differences(),
        _refusals(on_stored, on_modality),
    ]
    return "\n".join(parts)


def _table(head: Iterable[str], body: Iterable[Iterable[object]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def _real_files(on_stored: list[Outcome], on_modality: list[Outcome]) -> str:
    counts = [Counter(outcome.kind for outcome in outcomes) for outcomes in (on_stored, on_modality)]
    body = [(kind, *(count[kind] for count in counts)) for kind in KINDS]
    body.append(("all", *(sum(count.values()) for count in counts)))
    return "## Real files\n\n" + _table(("outcome", "stored values", "modality values"), body)


def _syntaxes(on_stored: list[Outcome]) -> str:
    real, against = Counter[Key](), defaultdict[Key, set[str]](set)
    for outcome in on_stored:
        if outcome.verified:
            real[outcome.syntax, outcome.photometric] += 1
            against[outcome.syntax, outcome.photometric].add(outcome.oracle)
    made = _made(against)
    readers = {"": "numpy", **read_by()}
    body = [
        (
            f"{syntax_name(syntax)}<br>`{syntax}`" if syntax else syntax_name(syntax),
            photometric or "none stated",
            readers[syntax],
            "; ".join(sorted(against[syntax, photometric])),
            real[syntax, photometric],
            made[syntax, photometric],
        )
        for syntax, photometric in sorted(set(real) | set(made), key=lambda key: (order(key[0]), key[1]))
    ]
    head = ("transfer syntax", "photometric interpretation", "read by", "verified against", "real files", "made files")
    seen = {syntax for syntax, _ in (*real, *made)}
    return "\n".join(
        [
            "## Transfer syntaxes\n",
            _table(head, body),
            _LIMITS,
            "### Read, and verified on no file\n",
            _listing(uid for uid in sorted(read_by(), key=order) if uid not in seen),
            "### Not read\n",
            "Refused with an `UnsupportedTransferSyntaxError` that names the transfer syntax:\n",
            _listing(not_read()),
        ]
    )


def _made(against: dict[Key, set[str]]) -> Counter[Key]:
    """Count the made files that agree, and note with what."""
    counts = Counter[Key]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = write_sources(folder)
        for encoding in encodings():
            key = encoding.syntax, encoding.photometric
            against[key].update(verify(encoding, sources, folder))
            counts[key] += 1
    return counts


def _listing(uids: Iterable[str]) -> str:
    return "".join(f"- {syntax_name(uid)} `{uid}`\n" for uid in uids) or "None.\n"


def _classes(on_stored: list[Outcome]) -> str:
    real = Counter(outcome.sop_class for outcome in on_stored if outcome.verified)
    made = Counter(str(build().dataset.SOPClassUID) for build in every_class().values())
    body = [(class_name(uid), real[uid] or "", made[uid] or "") for uid in sorted({*real, *made}, key=class_name)]
    text = _CLASSES
    return "\n".join(["## Classes\n", text, _table(("class", "real files", "made files"), body)])


def _differences() -> str:
    body: list[tuple[object, ...]] = []
    for name in ("stored", "modality"):
        groups = defaultdict[tuple[str, ...], list[str]](list)
        for row in rows(name).values():
            if row.relation:
                groups[row.oracle, row.gives, row.because].append(row.file)
        for (oracle, gives, because), files in groups.items():
            body.append((name, _short(files), f"{oracle} gives {gives}", because))
    head = ("values", "files", "the oracle", "why ours are right")
    text = "How the oracle's values follow from ours is checked for each file (tests/oracles/explained.toml).\n"
    return "\n".join(["## Differences, explained\n", text, _table(head, body)])


def _short(files: list[str]) -> str:
    return "<br>".join(f"`{file}`" for file in files)


def _refusals(on_stored: list[Outcome], on_modality: list[Outcome]) -> str:
    body: list[tuple[object, ...]] = []
    for name, outcomes in (("stored", on_stored), ("modality", on_modality)):
        table = rows(name)
        for outcome in outcomes:
            row = table.get(outcome.label)
            if outcome.kind in (REFUSED, ALONE):
                what = outcome.kind if outcome.kind == ALONE else f"refused: {outcome.detail.split(',')[0]}"
                oracle = f"{row.oracle} gives {row.gives}" if row else "none reads it"
                body.append((name, f"`{outcome.label}`", what.split(";")[0], oracle, row.because if row else ""))
    head = ("values", "file", "outcome", "oracles", "why")
    return "\n".join(["## Files refused, or read by us alone\n", _table(head, body)])
