"""Items of images and volumes that Python holds already: nothing is copied, and nothing is read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from hounsfield.errors import FormatError, HounsfieldError
from hounsfield.header import text_of
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.series.notes import notes_of
from hounsfield.series.volumes import Volumes
from hounsfield.volume import Volume
from hounsfield.web.item_frames import FramePlace, ItemFrames, KeptVolumes, OpenFiles, slice_at
from hounsfield.web.item_making import facts_of, is_color
from hounsfield.web.items import Item
from hounsfield.web.phase_sets import with_phases
from hounsfield.web.slide_items import shows_label


class HeldFrames(ItemFrames):
    """The frames of an image or a volume that Python holds.

    Parameters
    ----------
    shape
        (frame, row, column).
    limits, files
        As of `ItemFrames`.
    one
        Gives a frame.
    """

    def __init__(
        self, shape: tuple[int, int, int], limits: Limits, files: OpenFiles, one: Callable[[int], Image]
    ) -> None:
        super().__init__(None, shape, limits, files)
        self._one = one

    def preview(self) -> Image:
        """Return the frame in the middle; a volume is not read for it."""
        return self.frame(self.shape[0] // 2)

    def from_file(self, index: int, values: str = "modality") -> Image:
        """Return a frame; only the values that Python holds are there."""
        if values != "modality":
            raise FormatError("the image comes from Python: its stored values are not known")
        return self.frame(index)

    def indices(self, index: int) -> Image | None:
        """Return None: what is held has its colours already."""
        return None

    def _alone(self, index: int) -> Image:
        return self._one(index)

    @property
    def _are_apart(self) -> bool:
        return True


class ItemHolder:
    """Makes items of what Python holds.

    Parameters
    ----------
    limits, files, kept
        As of `ItemMaker`.
    """

    def __init__(self, limits: Limits, files: OpenFiles, kept: KeptVolumes) -> None:
        self._limits, self._files, self._kept = limits, files, kept

    def items(self, shown: Image | Volume | Volumes) -> list[Item]:
        """Return the items of an image, a volume, or volumes that are read when they are looked at.

        Volumes that are phases of one place are one item.
        """
        if isinstance(shown, Image):
            return [self._image(shown)]
        if isinstance(shown, Volume):
            return [self._volume(shown)]
        return with_phases([self._one_of(shown, index) for index in range(len(shown))], shown, self._kept.most)

    def _image(self, image: Image) -> Item:
        shape = (image.frames, *image.size)
        frames = HeldFrames(shape, self._limits, self._files, image.frame)
        files = (image.name,) if image.name else ()
        facts = facts_of(image.header, shape, 0)
        return Item("image", facts, frames, image.color, files=files, shows_label=shows_label(image.header))

    def _volume(self, volume: Volume) -> Item:
        shape = (len(volume), *volume.size)
        frames = HeldFrames(shape, self._limits, self._files, lambda index: slice_at(volume, index))
        facts = replace(
            facts_of(volume.header, shape, 0),
            affine=volume.affine,
            spacing=volume.spacing,
            separated_by=volume.separated_by,
            steps=volume.steps,
        )
        files = tuple(dict.fromkeys(source.path for source in volume.sources)) or (
            (volume.name,) if volume.name else ()
        )
        item = self._with_volume(Item("image", facts, frames, volume.color, files=files), lambda: volume)
        item.shows_label = shows_label(volume.header)
        if frames.can_be_assembled:
            frames.volume()  # it is there
        return item

    def _one_of(self, volumes: Volumes, index: int) -> Item:
        facts = replace(volumes.facts[index], index=index)
        alone = HeldFrames(facts.shape, self._limits, self._files, lambda n: volumes.load(index, n, n + 1)[0])
        # Attributes, overlays and code are of files: known where what is shown is as these are.
        alone.origins = [FramePlace(entry, frame) for entry, frame in volumes.opened_by(index)]
        sources: Sequence[str] = [source.path for source in volumes.slices(index)]
        notes = list(notes_of(facts, volumes, False)), list(notes_of(facts, volumes, True))
        color = label = False
        try:
            header = volumes.header(index)
            color = is_color(header.get("SamplesPerPixel"), text_of(header, "PhotometricInterpretation"))
            label = shows_label(header)
        except HounsfieldError:  # its frames say why
            pass
        item = Item("image", facts, alone, color, files=tuple(dict.fromkeys(sources)), notes=notes, shows_label=label)
        return self._with_volume(item, lambda: volumes[index])

    def _with_volume(self, item: Item, volume: Callable[[], Volume]) -> Item:
        """Take the frames of an item from a volume, and its planes where its place is known."""
        item.frames.with_volume(self._kept, volume)
        item.kind = "volume" if item.facts.affine is not None and item.facts.shape[0] > 1 else "image"
        return item
