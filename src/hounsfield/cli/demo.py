"""`hu demo`: the main job, on a real slice and on a phantom of which the truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hounsfield.batch.attempt import Outcome, attempt
from hounsfield.batch.inputs import Input
from hounsfield.cli.language import translated
from hounsfield.cli.terminal import say, words_table, write_json, write_line, write_words

#: Noise of the second phantom in HU. Its regions lie at least 7 standard deviations from their bounds.
_NOISE = 10.0
_EPILOG = """\b
Examples:
  hu demo
  hu demo -o pictures --json
"""


@click.command("demo", epilog=_EPILOG)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("hu-demo"),
    show_default=True,
    help="Folder for pictures and phantom.",
)
@click.option("--force", is_flag=True, help="Replace the results of an earlier demo.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(output: Path, force: bool, as_json: bool) -> int:
    """Read, describe, mask, measure and draw a real CT slice and a synthetic thorax.

    Needs no download: the slice comes with pydicom, the thorax is drawn. Prints measured beside true values and
    leaves the pictures in a folder.
    """
    outcome = attempt(lambda _: _demo(output, force), Input(str(output)))
    if outcome.failure:
        say(outcome.error)
        return 5 if outcome.failure == "output" else 4 if outcome.failure == "dependency" else 1
    return _report(outcome, as_json)


def _report(outcome: Outcome, as_json: bool) -> int:
    result = outcome.result
    wrong = [row["region"] for row in result["phantom"] if not row["exact"]]
    if as_json:
        write_json(result, compact=False)
    else:
        _show(result)
    if wrong:
        say(f"measured and true values differ: {', '.join(wrong)}")
    return 1 if wrong else 0


def _demo(folder: Path, force: bool) -> dict[str, Any]:
    import hounsfield as hu
    from hounsfield.exports.pictures import png_bytes
    from hounsfield.figures.figure import figure_bytes
    from hounsfield.outputs import write_whole
    from hounsfield.phantoms.samples import sample_ct

    source = sample_ct()
    image = hu.read(source)
    mask = hu.mask(image)
    quiet = hu.phantom(folder / "phantom", force=force)
    noisy = hu.phantom(folder / "phantom-noise", noise=_NOISE, slices=1, force=force)
    middle = len(quiet.files) // 2
    thorax = hu.read(quiet.files[middle])
    lung = hu.mask(hu.read(noisy.files[0]), tissue="lung", fill=False, opening=3)
    pictures = {
        "ct.figure.png": figure_bytes(hu.figure(image, mask, outline=True), "png"),
        "ct.mask.png": png_bytes(mask.values),
        "phantom.figure.png": figure_bytes(hu.figure(thorax, hu.mask(thorax, opening=3), outline=True), "png"),
        "phantom-lung.figure.png": figure_bytes(
            hu.figure(hu.read(noisy.files[0]), lung, window="lung", outline=True), "png"
        ),
    }
    for name, data in pictures.items():
        write_whole(folder / name, data, force=force)
    return {
        "source": str(source),
        "facts": dict(list(hu.info(source).items())[:9]),
        "steps": [step.to_dict() for step in mask.steps],
        "measures": hu.measure(image, mask).to_dict(),
        "phantom": _compare(quiet, middle, "") + _compare(noisy, 0, f", noise {_NOISE:g} HU"),
        "pictures": [str(folder / name) for name in pictures],
    }


def _compare(phantom: Any, index: int, note: str) -> list[dict[str, Any]]:
    """Measure every region of one slice, each with the bounds that only it lies between."""
    import hounsfield as hu

    image = hu.read(phantom.files[index])
    rows: list[dict[str, Any]] = []
    for region in phantom.regions.values():
        mask = hu.mask(image, region.above, region.below, fill=False, opening=0)
        found = hu.measure(image, mask)
        noise = phantom.options.noise
        # The mean of n noisy, rounded values: five standard errors; without noise it must be exact.
        tolerance = 5 * noise / max(found.pixels, 1) ** 0.5
        mean = found.mean if found.mean is not None else float("nan")
        # White noise that reached below -1024 HU was cut off there, which lifts the mean of air.
        clipped = noise > 0 and region.hu - 5 * noise < -1024
        tolerance += noise if clipped else 0
        exact = found.pixels == region.pixels[index] and abs(mean - region.hu) <= tolerance
        rows.append(
            {
                "region": region.name + note,
                "true_hu": region.hu,
                "measured_hu": found.mean,
                "true_mm2": region.area_mm2[index],
                "measured_mm2": found.area_mm2,
                "tolerance_hu": tolerance,
                "exact": exact,
            }
        )
    return rows


def _show(result: dict[str, Any]) -> None:
    write_words("A real CT slice, from the files that come with pydicom:")
    words_table([[f"  {key}", value or "-"] for key, value in result["facts"].items()])
    write_line("")
    write_words("What was done to get from the file to the mask:")
    for step in result["steps"]:
        flag = "" if step["outcome"] == "done" else f" [{translated(step['outcome'])}]"
        source = f" ({step['reference']})" if step["reference"] else ""
        write_line(f"  {translated(step['name'])}{flag}: {translated(step['detail'])}{source}")
    part = result["measures"]
    write_line("")
    write_words(f"Inside the mask: {part['pixels']} pixels, {part['area_mm2']:.1f} mm2, mean {part['mean']:.1f} HU")
    write_line("")
    write_words("A synthetic thorax with known true values:")
    rows = [["  region", "HU true", "measured", "mm2 true", "measured", ""]]
    for row in result["phantom"]:
        measured = "-" if row["measured_hu"] is None else f"{row['measured_hu']:.2f}"
        areas = [f"{row['true_mm2']:.2f}", f"{row['measured_mm2']:.2f}"]
        verdict = "ok" if row["exact"] else "DIFFERS"
        rows.append([f"  {row['region']}", str(row["true_hu"]), measured, *areas, verdict])
    words_table(rows)
    write_line("")
    write_words("Pictures:")
    for path in result["pictures"]:
        write_line(f"  {path}")
