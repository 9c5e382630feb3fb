"""What a project's labelling interface offers: its controls, in whatever words it was written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NOTE = "osteolens"  # a TextArea of this name is told what was left out, and why
_KINDS = ("choices", "brushlabels", "polygonlabels", "rectanglelabels", "keypointlabels", "textarea")
_SIDES = {"r": "R", "right": "R", "l": "L", "left": "L"}

Words = frozenset[str]


@dataclass(frozen=True)
class Control:
    """One control on the film. labels: what it offers, as annotations name it. shown: as a reader sees each."""

    name: str
    kind: str
    film: str
    labels: tuple[str, ...]
    shown: tuple[str, ...]
    several: bool  # of its choices may be chosen at once

    def named(self, words: Words) -> bool:
        """Whether the control itself has this name, a side aside."""
        return words_of(self.name) == words

    def labels_saying(self, words: Words) -> Iterator[tuple[str, str | None]]:
        """The labels that say this, each with its side: its own, or the control's."""
        for label, shown in zip(self.labels, self.shown, strict=True):
            if words in (words_of(label), words_of(shown)):
                yield label, side_of(shown) or side_of(label) or side_of(self.name)


@dataclass(frozen=True)
class Interface:
    """The controls on a project's film. image: the name under which a task's data hold the film; empty without one."""

    controls: tuple[Control, ...]
    image: str

    @classmethod
    def of(cls, config: str) -> "Interface":
        """From Label Studio's labelling configuration (XML). Raises ValueError, in one sentence, for what is none."""
        from label_studio_sdk.label_interface import LabelInterface  # takes seconds to load

        try:
            read = LabelInterface(config)
            images = {one.name: str(one.value_name or "") for one in read.objects if one.tag.lower() == "image"}
            written = list(read.controls)
        except Exception as error:
            raise ValueError(f"The labelling interface cannot be read ({type(error).__name__})") from error
        controls = [
            _control(one, film)
            for one in written
            for film in [next((name for name in one.to_name if name in images), None)]
            if film is not None and one.tag.lower() in _KINDS
        ]
        film = controls[0].film if controls else next(iter(images), "")
        return cls(tuple(one for one in controls if one.film == film), images.get(film, ""))

    def of_kind(self, *kinds: str) -> Iterator[Control]:
        """The controls of these kinds, those of the first kind first."""
        for kind in kinds:
            yield from (one for one in self.controls if one.kind == kind)

    @property
    def note(self) -> Control | None:
        return next((one for one in self.of_kind("textarea") if one.name == NOTE), None)

    def offers(self, names: Sequence[str]) -> bool:
        """Whether anything of this can be said: a label, a choice or a control has one of these names."""
        wanted = [words_of(name) for name in names]
        return any(one.named(words) or any(one.labels_saying(words)) for one in self.controls for words in wanted)


def _control(one: object, film: str) -> Control:
    labels = tuple(str(label) for label in getattr(one, "labels", None) or ())
    told = getattr(one, "labels_attrs", None) or {}
    shown = tuple(str(told[label].attr.get("value") or label) if label in told else label for label in labels)
    attributes = getattr(one, "attr", {})
    several = str(attributes.get("choice", "")).startswith("multiple")
    return Control(str(attributes.get("name", "")), str(getattr(one, "tag", "")).lower(), film, labels, shown, several)


def words_of(text: str) -> Words:
    """The words of a name, without side, case and punctuation: `Femoral neck (R)` and `femoral_neck_R` are one."""
    return frozenset(word for word in _split(text) if word not in _SIDES)


def side_of(text: str) -> str | None:
    """The side that a name gives; None where it gives none, or both."""
    sides = {_SIDES[word] for word in _split(text) if word in _SIDES}
    return sides.pop() if len(sides) == 1 else None


def _split(text: str) -> list[str]:
    return re.findall(r"[a-z]+\d*|\d+", text.lower().replace("'", ""))
