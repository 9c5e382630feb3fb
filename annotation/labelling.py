"""What the expert sees in Label Studio: the question, as a labelling configuration, and the words around it.

The model's answer, its doubts and the reason why the case was picked stay out: a reader who sees an answer leans
towards it, and one who knows a case for a control reads it differently. Age and sex stay out too, since only pixels
and the opaque name leave the machine.
"""

from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as Xml

from core.labels import CLASSES

FILM: Final = "film"  # names of the controls, under which answers come back
CLASS: Final = "class"
REGIONS: Final = "regions"
SURE: Final = "certainty"
REASON: Final = "reason"
REMARK: Final = "remark"
CANNOT_BE_JUDGED: Final = "cannot be judged"

_REASONS = (
    "other view or site",
    "exposure or sharpness",
    "implant, fracture or cast",
    "bone cut off",
    "something else",
)
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")  # Okabe and Ito
_KEYS = "1234567890qwertyuiop"
_SIDES = {"R": "Right (R)", "L": "Left (L)"}

_INSTRUCTION: Final = """
<p>Judge the bone on each film <b>from the film alone</b>, as you would report it.
The answer of the program is not shown, so that it cannot sway you.</p>
<ul>
<li>Bone density: <b>normal</b> is what you would expect at a T-score of -1.0 or more, <b>osteopenia</b> between
-2.5 and -1.0, <b>osteoporosis</b> at -2.5 or less.</li>
<li>Zoom with the wheel; brightness and contrast are in the tool bar. They change your view only.</li>
<li>Keys: {keys}. Ctrl+Enter submits. The film grows when the panels on the right are folded away.</li>
<li>Outline a region, where regions are asked for, by clicking around it; close it on the first point.</li>
<li>A film that cannot be judged is an answer too. Say so rather than guess.</li>
<li>Write no name, number or date of birth in the remark.</li>
</ul>
"""


@dataclass(frozen=True)
class Question:
    """What is asked about a film: the class, once or for each side, and the outlines of named regions if there are any.

    sides: empty where all limbs of a film share one answer (knees), else the sides that are judged apart (hips).
    """

    recipe: str
    about: str  # which film it is, in a reader's words: "Knee, AP"
    labels: tuple[str, ...] = CLASSES
    regions: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether this is the question of the main project: three classes, one answer a film, nothing to outline."""
        return self.labels == CLASSES and not self.regions and not self.sides

    def project_title(self, title: str) -> str:
        """The project that asks this question: the main one, or one of the recipe's own beside it."""
        return title if self.plain else f"{title} {self.recipe}"[:50]  # Label Studio holds titles to 50 letters

    @property
    def class_controls(self) -> dict[str | None, str]:
        """The name of the control that holds the class, by side."""
        return {side: f"{CLASS}_{side}" for side in self.sides} if self.sides else {None: CLASS}

    @property
    def region_controls(self) -> dict[str | None, str]:
        """The name of the control that holds the outlines, by side."""
        return {side: f"{REGIONS}_{side}" for side in self.sides} if self.sides else {None: REGIONS}

    @staticmethod
    def region_label(region: str, side: str | None) -> str:
        """The name of a region as the expert sees it: `femoral neck R`."""
        return " ".join(filter(None, (region.replace("_", " "), side)))

    @property
    def hotkeys(self) -> dict[str, dict[str, str]]:
        """The key of each choice, by control and choice; no key stands for two of them."""
        free, keys = iter(_KEYS), {}
        for control in self.class_controls.values():
            keys[control] = {label: next(free) for label in (*self.labels, CANNOT_BE_JUDGED)}
        if len(keys) == 1:
            keys[CLASS if None in self.class_controls else next(iter(keys))][CANNOT_BE_JUDGED] = "0"
        return keys

    def instruction(self) -> str:
        """What the expert is told before the first film, with the keys of this very question (HTML)."""
        said = []
        for side, control in self.class_controls.items():
            keys = ", ".join(f"<b>{key}</b> {label}" for label, key in self.hotkeys[control].items())
            said.append(f"{_SIDES[side]}: {keys}" if side else keys)
        return _INSTRUCTION.replace("{keys}", "; ".join(said))

    def config(self) -> str:
        """The labelling configuration (XML): film on the left as large as the window lets, questions on the right."""
        root = Xml.Element("View", style="display: flex; gap: 12px; align-items: flex-start;")
        left = Xml.SubElement(root, "View", style="flex: 1 1 auto; min-width: 0;")
        for side, name in self.region_controls.items() if self.regions else ():
            labels = Xml.SubElement(left, "PolygonLabels", name=name, toName=FILM, strokeWidth="2", opacity="0.2")
            for number, region in enumerate(self.regions):
                colour = _COLOURS[number % len(_COLOURS)]
                Xml.SubElement(labels, "Label", value=self.region_label(region, side), background=colour)
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
        right = Xml.SubElement(
            root, "View", style="flex: 0 0 200px; width: 200px; min-width: 0; overflow-wrap: anywhere;"
        )
        Xml.SubElement(right, "Header", value="$about", size="4")
        for side, name in self.class_controls.items():
            self._ask_class(right, name, _SIDES[side] if side else "Bone density")
        Xml.SubElement(right, "Header", value="How sure are you?", size="5")
        sure = Xml.SubElement(right, "Choices", name=SURE, toName=FILM, choice="single-radio", showInline="true")
        for value in ("sure", "fairly sure", "unsure"):
            Xml.SubElement(sure, "Choice", value=value)
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
        Xml.indent(root)
        return Xml.tostring(root, encoding="unicode")

    def _ask_class(self, parent: Xml.Element, name: str, heading: str) -> None:
        Xml.SubElement(parent, "Header", value=heading, size="5")
        choices = Xml.SubElement(
            parent,
            "Choices",
            name=name,
            toName=FILM,
            choice="single-radio",
            showInline="false",
            required="true",
            requiredMessage=f"{heading}: please choose a class, or say that the film cannot be judged",
        )
        keys = self.hotkeys[name]
        for label in (*self.labels, CANNOT_BE_JUDGED):
            choice = Xml.SubElement(choices, "Choice", value=label)
            choice.set("hotkey", keys[label])
        why = Xml.SubElement(
            parent,
            "Choices",
            name=name.replace(CLASS, REASON, 1),
            toName=FILM,
            choice="multiple",
            visibleWhen="choice-selected",
            whenTagName=name,
            whenChoiceValue=CANNOT_BE_JUDGED,
        )
        for reason in _REASONS:
            Xml.SubElement(why, "Choice", value=reason)


MAIN = Question("", "")  # the question that the main project asks; which film it is stands in each task
