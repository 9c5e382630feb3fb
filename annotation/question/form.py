"""The form of a question: Label Studio's labelling configuration."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from annotation.question.names import (
    CANNOT_BE_JUDGED,
    CERTAINTIES,
    CLASS,
    FILM,
    GRADES,
    POINTS,
    REASON,
    REASONS,
    REMARK,
    SIDES,
    SURE,
)
from core.titles import score_title

if TYPE_CHECKING:
    from annotation.question.question import Question

_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")  # Okabe and Ito
_SMALL = "margin: 0; font-size: 13px; min-width: 56px;"


def form(question: "Question") -> str:
    """The configuration (XML): film on the left as large as the window lets, questions on the right."""
    root = Xml.Element("View", style="display: flex; gap: 12px; align-items: flex-start;")
    left = Xml.SubElement(root, "View", style="flex: 1 1 auto; min-width: 0;")
    _draw(left, question)
    Xml.SubElement(
        left,
        "Image",
        name=FILM,
        value="$image",
        maxWidth="100%",
        zoom="true",
        negativeZoom="true",
        zoomControl="true",
        brightnessControl="true",
        contrastControl="true",
        rotateControl="false",
        defaultZoom="fit",
    )
    right = Xml.SubElement(root, "View", style="flex: 0 0 200px; width: 200px; min-width: 0; overflow-wrap: anywhere;")
    Xml.SubElement(right, "Header", value="$about", size="4")
    _ask(right, question)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode")


def _draw(left: Xml.Element, question: "Question") -> None:
    """What is drawn on the film: regions with the brush or as polygons, and landmarks. They scroll; the film stays."""
    keys = question.hotkeys
    if question.regions or question.points:
        left = Xml.SubElement(left, "View", style="max-height: 190px; overflow-y: auto;")
    for side, brush in question.brush_controls.items() if question.regions else ():
        names = [question.region_label(region, side) for region in question.regions]
        polygons = question.region_controls[side]
        _labels(left, "BrushLabels", brush, "Brush:", dict.fromkeys(names), keys[brush], opacity="0.4")
        _labels(
            left, "PolygonLabels", polygons, "Polygon:", dict.fromkeys(names), keys[polygons], strokeWidth="2",
            opacity="0.2",
        )  # fmt: skip
    if question.points:
        labels = {question.point_label(point): point.partition("_")[0] for point in question.points}
        _labels(left, "KeyPointLabels", POINTS, "Points:", labels, keys[POINTS], strokeWidth="3", maxUsages="1")


def _labels(
    parent: Xml.Element,
    tag: str,
    name: str,
    said: str,
    labels: Mapping[str, str | None],
    keys: Mapping[str, str],
    **attributes: str,
) -> None:
    """A row of labels under a word for the tool. labels: each with what shares its colour; None, a colour alone."""
    row = Xml.SubElement(parent, "View", style="display: flex; gap: 6px; align-items: baseline;")
    Xml.SubElement(row, "Header", value=said, size="6", style=_SMALL)
    drawn = Xml.SubElement(row, tag, {"name": name, "toName": FILM, **attributes})
    groups = list(dict.fromkeys(group or label for label, group in labels.items()))
    for label, group in labels.items():
        colour = _COLOURS[groups.index(group or label) % len(_COLOURS)]
        Xml.SubElement(drawn, "Label", value=label, background=colour, hotkey=keys[label])


def _ask(right: Xml.Element, question: "Question") -> None:
    keys = question.hotkeys
    for side, name in question.class_controls.items():
        _choices(right, name, SIDES[side] if side else "Bone density", question.offered[name], keys[name])
        _ask_why(right, name.replace(CLASS, REASON, 1), keys, name)
    for finding in question.findings:
        _choices(right, finding, score_title(finding), question.offered[finding], keys[finding], inline=True)
    if question.findings:
        _ask_why(right, REASON, keys)
    if question.grades:
        Xml.SubElement(right, "Header", value="Genant grade", size="5")
    for structure, name in question.grade_controls.items():
        row = Xml.SubElement(right, "View", style="display: flex; gap: 6px; align-items: baseline;")
        Xml.SubElement(row, "Header", value=structure, size="6", style=_SMALL)
        graded = Xml.SubElement(row, "Choices", name=name, toName=FILM, choice="single-radio", showInline="true")
        _offer(graded, GRADES, keys[name])
    Xml.SubElement(right, "Header", value="How sure are you?", size="5")
    sure = Xml.SubElement(right, "Choices", name=SURE, toName=FILM, choice="single-radio", showInline="true")
    _offer(sure, CERTAINTIES, keys[SURE])
    Xml.SubElement(
        right,
        "TextArea",
        name=REMARK,
        toName=FILM,
        placeholder="Remark (no names, no dates of birth)",
        rows="3",
        maxSubmissions="1",
        editable="true",
        showSubmitButton="false",  # what is written goes with the answer
    )


def _choices(
    parent: Xml.Element,
    name: str,
    heading: str,
    offered: tuple[str, ...],
    keys: Mapping[str, str],
    inline: bool = False,
) -> None:
    Xml.SubElement(parent, "Header", value=heading, size="5")
    choices = Xml.SubElement(
        parent,
        "Choices",
        name=name,
        toName=FILM,
        choice="single-radio",
        showInline=str(inline).lower(),
        required="true",
        requiredMessage=f"{heading}: please choose an answer, or say that the film cannot be judged",
    )
    _offer(choices, offered, keys)


def _ask_why(parent: Xml.Element, name: str, keys: Mapping[str, Mapping[str, str]], of: str | None = None) -> None:
    """Why the film cannot be judged, asked once that was said: in the control `of`, or in any where there is none."""
    why = Xml.SubElement(parent, "Choices", name=name, toName=FILM, choice="multiple", whenChoiceValue=CANNOT_BE_JUDGED)
    if of:
        why.set("visibleWhen", "choice-selected")
        why.set("whenTagName", of)
    _offer(why, REASONS, keys[name])


def _offer(parent: Xml.Element, offered: tuple[str, ...], keys: Mapping[str, str]) -> None:
    for choice in offered:
        Xml.SubElement(parent, "Choice", value=choice, hotkey=keys[choice])
