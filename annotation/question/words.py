"""What the expert is told before the first film, as HTML, with the keys of the very question."""

from html import escape
from typing import TYPE_CHECKING

from annotation.question.names import BRUSH, GRADE, POINTS, REASON, REGIONS, SIDES, SURE
from core.titles import score_title

if TYPE_CHECKING:
    from annotation.question.question import Question

_BLIND = (
    "Judge the bone on each film <b>from the film alone</b>, as you would report it.\n"
    "The answer of the program is not shown, so that it cannot sway you."
)
_RELABEL = (
    "The answer of the program is <b>filled in</b>: its class, its outlines and its points. Look at the film first, "
    "then correct\nwhatever is wrong, and submit what you would report. What you leave as it stands counts as yours."
)
_CLASSES = (
    "Bone density: <b>normal</b> is what you would expect at a T-score of -1.0 or more, <b>osteopenia</b> between\n"
    "-2.5 and -1.0, <b>osteoporosis</b> at -2.5 or less."
)
_FINDINGS = {
    "vertebral_fracture": "Vertebral fracture: <b>yes</b> where any body on the film is fractured, of Genant grade 1 "
    "or more.",
    "osteoporosis": "Osteoporosis: <b>yes</b> where you would expect a T-score of -2.5 or less at hip or spine.",
}
_GRADES = (
    "Genant grade of a body: <b>0</b> not fractured, <b>1</b> mild (20 to 25 % of a height lost), <b>2</b> moderate "
    "(25 to 40 %),\n<b>3</b> severe (over 40 %). Leave a body that you do not see without one."
)
_REGIONS = (
    "Outline each region with the brush, or by clicking around it as a polygon, closed on the first point. A region in "
    "several\npieces may be drawn piece by piece; one that you do not draw counts as unknown, never as absent."
)
_POINTS = "Put each point on the corner or the middle of the endplate that its label names; front is the belly's side."
_VIEW = "Zoom with the wheel; brightness and contrast are in the tool bar. They change your view only."
_TOOLS = (
    "Tools: <b>b</b> brush, <b>e</b> eraser, <b>p</b> polygon, <b>k</b> key point, <b>v</b> select, <b>h</b> hand; "
    "<b>[</b> and <b>]</b>\nfor the size of the brush. Tools that this film does not ask for are not there."
)
_END = (
    "Ctrl+Enter submits. The film grows when the panels on the right are folded away.",
    "A film that cannot be judged is an answer too. Say so, and why, rather than guess.",
    "Write no name, number or date of birth in the remark.",
)


def instruction(question: "Question") -> str:
    """What the question asks, how the tools work, and the key of each choice (HTML)."""
    asked = [
        *([_CLASSES] if question.labels else []),
        *(_FINDINGS[finding] for finding in question.findings if finding in _FINDINGS),
        *([_GRADES] if question.grades else []),
        *([_REGIONS] if question.regions else []),
        *([_POINTS] if question.points else []),
        _VIEW,
        *([_TOOLS] if question.regions or question.points else []),
        *_END,
    ]
    points = "\n".join(f"<li>{said}</li>" for said in asked)
    rows = "\n".join(
        f"<li>{_heading(control)}: {', '.join(f'<b>{key}</b> {escape(choice)}' for choice, key in keys.items())}</li>"
        for control, keys in question.hotkeys.items()
    )
    return (
        f"<p>{_BLIND if question.blind else _RELABEL}</p>\n<ul>\n{points}\n</ul>\n"
        f"<p>Keys, each beside its choice on the form:</p>\n<ul>\n{rows}\n</ul>\n"
    )


def _heading(control: str) -> str:
    """A control as its heading on the form calls it."""
    kind, _, rest = control.partition("_")
    side = SIDES.get(rest, "")
    if kind == GRADE:
        return f"Genant grade of {rest}"
    called = {
        BRUSH: "Regions with the brush",
        REGIONS: "Regions as polygons",
        POINTS: "Points",
        SURE: "How sure you are",
        REASON: "Why it cannot be judged",
        "class": "Class",
    }
    return f"{side}: {called[kind].lower()}" if side else called.get(kind) or score_title(control)
