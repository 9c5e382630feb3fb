"""Codes, classes, reasons and sets of classes as sentences. Every face takes its words from here."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from core.estimate import Bmd, Estimate, Score
from core.reading import Reading
from core.reference import below_expected
from core.refusal import Code, Notice
from core.titles import (
    CLASS_TITLES as CLASS_TITLES,
    REGIONS as REGIONS,
    SITES,
    VIEWS,
    class_title,
    lower_first,
    network_title as network_title,
    plain,
    region_title,
    score_title,
    view_title as view_title,
    weights_sentence as weights_sentence,
)

DISCLAIMER = "Research tool, not a medical device. Not for diagnosis or treatment."

COUNT_AGAIN = "Levels are counted from the sacrum and can be one off: count again."

REFUSAL_TITLES = {
    Code.UNREADABLE: "The file cannot be read",
    Code.UNSUPPORTED_ENCODING: "The file's encoding is not supported",
    Code.NOT_A_RADIOGRAPH: "Not a radiograph",
    Code.TOO_SMALL: "Too small to read",
    Code.TOO_LARGE: "Too large to open",
    Code.WRONG_SITE: "Another part of the body",
    Code.WRONG_VIEW: "Another view",
    Code.IMPLANT: "An implant hides the bone",
    Code.EXPOSURE: "Not readably exposed",
    Code.BURNED_IN_TEXT: "Text burnt into the film",
    Code.MISSING_SPACING: "The size of a pixel is not known",
    Code.MISSING_CLINICAL: "A clinical value is missing",
    Code.TOO_YOUNG: "A growing skeleton",
    Code.REGION_NOT_FOUND: "The bone was not found",
}

REASON_TITLES = {
    "near_threshold": "Close call",
    "candidates_disagree": "The networks disagree",
    "region_uncertain": "Uncertain outline",
    "out_of_distribution": "Unfamiliar film",
    "low_quality": "Poor film quality",
    "recipes_disagree": "Two models disagree",
    "hardest": "Among the hardest",
    "diverse": "Unlike the others",
    "random": "Drawn at random",
    "control": "Random check",
    "requested": "Requested",
}

REASONS = {
    "near_threshold": "The two most likely classes are almost equally likely; a small change in the image could change "
    "the result.",
    "candidates_disagree": "The networks that read this film come to different answers.",
    "region_uncertain": "The outline of a region moves when the film is shown slightly changed, or is missing; look at "
    "the outlines before believing the answer.",
    "out_of_distribution": "The film looks unlike the films the networks were trained on.",
    "low_quality": "Exposure, sharpness or compression make this film hard to read.",
    "recipes_disagree": "Another model that reads such films comes to a different answer.",
    "hardest": "Of the films offered with it, few were more likely to be read wrongly.",
    "diverse": "The networks see in it what no film chosen before shows, so that every kind of film is learned from.",
    "random": "Drawn at random to learn from.",
    "control": "Drawn at random among plain and hard cases alike, so that the true error rate can be estimated.",
    "requested": "A person asked for an expert's answer.",
}

# Remarks of the road that need more room, or a plainer word, than the road gives them; others are shown as they come.
WARNING_TITLES = {
    "side_by_convention": "Sides are assumed",
    "side_uncertain": "The side is uncertain",
    "side_contradicted": "The side does not fit its marker",
    "view_not_stated": "The view is assumed",
    "under_50": "Under 50",
    "age_not_known": "Age not known",
    "below_expected": "Low for age",
}

AUTO = "auto"
AUTO_TITLE = "Automatic"

STATES = {
    "held": "Held",
    "waiting": "Waiting",
    "pushing": "Being sent",
    "pushed": "With the expert",
    "failed": "Not accepted",
    "answered": "Answered",
    "dropped": "Taken out",
}

_BOTH = {"hip": "Both hips", "knee": "Both knees"}
_SIDES = {"R": "right", "L": "left", "both": "both sides"}
_STEPS = {
    "decode": "Decode",
    "check": "Check",
    "find": "Find the limbs",
    "load": "Load the networks",
    "outline": "Outline the regions",
    "preprocess": "Preprocess",
    "network": "Networks",
    "calibrate": "Calibrate",
    "explain": "Explain",
}


def recipe_title(name: str, titles: Mapping[str, str]) -> str:
    """A recipe as a person chooses it. titles: of the recipes at hand."""
    return AUTO_TITLE if name == AUTO else titles.get(name, plain(name))


def limb_title(reading: Reading) -> str:
    """One limb of a film, such as `Right hip`; `Film` where nothing says which."""
    site, side = _site_of(reading), {"R": "right", "L": "left"}.get(reading.side or "", "")
    part = SITES.get(site, "").lower() or ("side" if side else "")
    return f"{side} {part}".strip().capitalize() or "Film"


def _site_of(reading: Reading) -> str:
    return reading.view.name.partition("_")[0] if reading.view else ""


def shared_warnings(readings: Sequence[Reading]) -> tuple[Notice, ...]:
    """Remarks that hold for the whole film, each once: those that every limb carries."""
    if len(readings) < 2:
        return ()
    return tuple(notice for notice in readings[0].warnings if all(notice in one.warnings for one in readings[1:]))


def warning_title(code: str) -> str:
    """A remark's heading; empty where its sentence says all."""
    return WARNING_TITLES.get(code, "")


def refusal_title(code: str) -> str:
    return REFUSAL_TITLES[Code(code)] if code in set(Code) else plain(code)


def reason_title(reason: str) -> str:
    return REASON_TITLES.get(reason, plain(reason))


def reason_sentence(reason: str) -> str:
    return REASONS.get(reason, plain(reason) + ".")


def state_title(state: str) -> str:
    return STATES.get(state, plain(state))


def step_title(step: str) -> str:
    return _STEPS.get(step, plain(step))


def percent(probability: float) -> str:
    """A probability for people. The ends are not rounded to certainty: 0.997 is "> 99 %", 0.003 is "< 1 %"."""
    if probability > 0.99:
        return "> 99 %"
    if probability < 0.01:
        return "< 1 %"
    return f"{probability:.0%}".replace("%", " %")


def headline(reading: Reading) -> str:
    """The answer in two or three words."""
    if reading.estimate is not None:
        if reading.estimate.scores:
            return scores_headline({one: (s.positive, s.undecided) for one, s in reading.estimate.scores.items()})
        label = reading.estimate.label
        return class_title(label) if label is not None else _score(reading.estimate) or "No class"
    return "Refused" if reading.status == "refused" else "Not read"


def scores_headline(answers: Mapping[str, tuple[bool, bool]]) -> str:
    """Questions of yes or no in a few words; answers: by score, whether it is yes, and whether that is undecided."""
    named = [f"{score_title(name)}{', undecided' * undecided}" for name, (yes, undecided) in answers.items() if yes]
    said = " and ".join([*named[:1], *(lower_first(one) for one in named[1:])])
    return said or ("Undecided" if any(undecided for _, undecided in answers.values()) else "Neither")


def said_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """What a model said of each limb, from lines of readings.jsonl, on one line."""
    said = []
    for row in rows:
        side = f"{row['side']}: " if len(rows) > 1 and row.get("side") else ""
        if row.get("label"):
            said.append(f"{side}{class_title(row['label'])}, {percent(row['probabilities'][row['label']])}")
        elif row.get("scores"):
            said.append(scores_headline({one: (s["positive"], s["undecided"]) for one, s in row["scores"].items()}))
    return "; ".join(said)


def verdict(reading: Reading) -> str:
    """The answer on one short line, for lists."""
    if reading.estimate is not None:
        estimate, label = reading.estimate, reading.estimate.label
        if label is None:
            return headline(reading)
        return f"{class_title(label)}, {_score(estimate) or percent(estimate.probabilities[label])}"
    if reading.refusal is not None:
        return f"{headline(reading)}: {lower_first(refusal_title(reading.refusal.code))}"
    return headline(reading)


def density_sentence(bmd: Bmd) -> str:
    """One region's density with what it means; a T- or Z-score names its region and reference."""
    low, high = bmd.interval
    text = f"{region_title(bmd.region)} {bmd.abmd_g_cm2:.3f} g/cm² (90 % interval {low:.3f} to {high:.3f})"
    if bmd.z_score is not None:
        return f"{text}; Z-score {signed(bmd.z_score)}, {range_for_age(bmd.z_score)}, against {bmd.z_reference}."
    if bmd.t_score is not None and bmd.t_interval is not None:
        ends = f"{signed(bmd.t_interval[0])} to {signed(bmd.t_interval[1])}"
        return f"{text}; T-score {signed(bmd.t_score)} ({ends}) against {bmd.reference}."
    return f"{text}."


def range_for_age(z: float) -> str:
    """What a Z-score is called (ISCD)."""
    return f"{'below' if below_expected(z) else 'within'} the expected range for age"


def signed(value: float) -> str:
    """A score as it is reported, with its sign and one decimal: `-1.6`, `+0.3`."""
    return f"{value:+.1f}"


def _score(estimate: Estimate) -> str:
    """The score of the region that decides, on a few words; empty where nothing was measured."""
    bmd = estimate.bmd
    if bmd is None:
        return ""
    region = lower_first(region_title(bmd.region))
    if estimate.label is None:
        return f"Z-score {signed(bmd.z_score)}, {region}" if bmd.z_score is not None else "No class, no Z-score"
    return f"T-score {signed(bmd.t_score)}, {region}" if bmd.t_score is not None else ""


def film_verdict(readings: Sequence[Reading]) -> str:
    """The answer for a film on one short line: each limb's, where there are several; the joined one, where they share
    one label."""
    if len(readings) == 1:
        return verdict(readings[0])
    joined = joined_sentence(readings)
    if joined:
        return joined.removesuffix(".")
    return "; ".join(f"{_SIDES.get(one.side or '', 'film')}: {headline(one).lower()}" for one in readings)


def joined_sentence(readings: Sequence[Reading]) -> str:
    """The answer that a film's limbs share; empty where each limb has an answer of its own, or only one was read."""
    film = next((one.film for one in readings if one.film), None)
    if film is None or len(film["sides"]) < 2:
        return ""
    site, label = next((_site_of(one) for one in readings if one.view), ""), film["label"]
    share = percent(film["probabilities"][label])
    return f"{_BOTH.get(site, 'Both')} together: {class_title(label).lower()}, {share}."


def film_title(reading: Reading) -> str:
    """What the film shows: site, view and side, as far as they are known."""
    site, _, view = reading.view.name.partition("_") if reading.view else ("", "", "")
    if not site and reading.radiograph is not None:
        site, view = reading.radiograph.site or "", reading.radiograph.view or ""
    named = view_title(f"{site}_{view}") if site in SITES else VIEWS.get(view, "")
    return ", ".join(part for part in (named, _SIDES.get(reading.side or "", "")) if part) or "Film"


def set_sentence(conformal_set: tuple[str, ...], labels: tuple[str, ...], coverage: float | None = None) -> str:
    """The conformal set in words. coverage: the rate at which such sets hold the truth, where the bundle states it."""
    if not conformal_set:
        return "No class fits this film well: it is unlike the validation films."
    tail = ""
    if coverage is not None:
        tail = f" On validation films, sets like this contain the true class in {coverage * 100:.0f} % of cases."
    if len(conformal_set) == len(labels):
        return f"No class can be ruled out: this film alone does not decide.{tail}"
    names = [class_title(label).lower() for label in labels if label in conformal_set]
    if len(names) == 1:
        return f"Only {names[0]} remains; the other classes are ruled out.{tail}"
    return f"It is {', '.join(names[:-1])} or {names[-1]}: the film does not decide between these.{tail}"


def doubt_sentence(scores: Mapping[str, Score], coverage: float | None = None) -> str:
    """Which questions a film does not decide. coverage: the rate at which a true answer is kept, where it is stated."""
    undecided = [score_title(name) for name, one in scores.items() if one.undecided]
    if not undecided:
        return "One answer to each question is ruled out."
    named = " and ".join([undecided[0], *(lower_first(one) for one in undecided[1:])])
    tail = (
        "" if coverage is None else f" On validation films, the true answer is kept in {coverage * 100:.0f} % of cases."
    )
    return f"{named}: neither yes nor no can be ruled out, this film alone does not decide.{tail}"


def difficulty_sentence(reading: Reading) -> str:
    """Whether the case is hard, in words; empty for a film that was not read."""
    if reading.difficulty is None:
        return ""
    if not reading.difficulty.hard:
        if reading.difficulty.reasons:
            return "Not among the hardest cases, with a remark all the same:"
        return "A plain case: nothing in it asks for an expert."
    return "A hard case: an expert should look at it."


def model_sentence(reading: Reading) -> str:
    """Which weights answered, and what they learned from."""
    if reading.model is None:
        return ""
    learned = f" Learned from {lower_first(reading.model.learned_from)}" if reading.model.learned_from else ""
    return f"{reading.model.name}, version {reading.model.version}.{learned}".rstrip(".") + "."


def shown_name(name: str, longest: int = 48) -> str:
    """An uploaded file's name for the eyes of the person who uploaded it: no folders, no control characters, short."""
    base = PurePosixPath(name.replace("\\", "/")).name or "film"
    base = re.sub(r"[^\w .,()+\-]", "_", base)
    if len(base) <= longest:
        return base
    return f"{base[: longest - 13]}...{base[-10:]}"


def distinct(names: Sequence[str]) -> list[str]:
    """The names in their order, those that stand twice told apart: `knee.png`, `knee.png (2)`."""
    given: list[str] = []
    for name in names:
        title, number = name, 1
        while title in given:
            number += 1
            title = f"{name} ({number})"
        given.append(title)
    return given


def markdown_safe(text: str) -> str:
    """Text that Markdown shows as it is written."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~$:])", r"\\\1", text)
