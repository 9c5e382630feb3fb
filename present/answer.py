"""The answer of one reading as a piece of HTML: the same words and bars in every browser face.

Text that comes from a file or a bundle is escaped here; nothing else is taken in.
"""

from collections.abc import Callable, Sequence
from html import escape

from core.estimate import Bmd, Estimate
from core.model_facts import ModelSummary
from core.reading import Reading
from core.reference import CLASS_FROM_AGE
from core.refusal import Notice, NoticeCode
from present.colours import class_colour
from present.overlay import shows
from present.wording import (
    COUNT_AGAIN,
    DISCLAIMER,
    class_title,
    density_sentence,
    difficulty_sentence,
    doubt_sentence,
    film_title,
    headline,
    joined_sentence,
    model_sentence,
    network_title,
    percent,
    reason_sentence,
    reason_title,
    refusal_title,
    region_title,
    score_title,
    set_sentence,
    shared_warnings,
    signed,
    warning_title,
    weights_sentence,
)

MOST_COLUMNS = 4  # of probabilities beside each other; the panel is narrow

STYLE = """<style>
.answer { container-type: inline-size; color: #dbe2e8; font-size: 0.95rem; line-height: 1.5; }
.answer ~ .answer { margin-top: 1.6rem; padding-top: 1.4rem; border-top: 2px solid #3a4650; }
.answer p { margin: 0 0 0.6rem; }
.answer h4 { margin: 1.2rem 0 0.4rem; padding: 0; font-size: 0.78rem; font-weight: 600; letter-spacing: 0.06em;
  text-transform: uppercase; color: #93a1ad; }
.answer .film { color: #93a1ad; font-size: 0.88rem; margin-bottom: 0.15rem; }
.answer .voices { color: #93a1ad; font-size: 0.85rem; margin-top: 0.4rem; }
.answer .together { font-size: 1.05rem; font-weight: 600; margin-bottom: 1rem; }
.answer .label { display: flex; align-items: baseline; gap: 0.7rem; flex-wrap: wrap; font-size: 2rem; font-weight: 600;
  line-height: 1.2; padding-left: 0.75rem; border-left: 5px solid var(--shade); margin: 0 0 0.7rem; }
.answer .label small { font-size: 1.25rem; font-weight: 400; color: #c3ccd4; font-variant-numeric: tabular-nums; }
.answer .bars { display: grid; gap: 0.34rem 0.7rem; align-items: center; margin: 0.2rem 0 0.4rem; overflow-x: auto; }
.answer .bars .head { font-size: 0.8rem; color: #93a1ad; white-space: nowrap;
  overflow: hidden; text-overflow: ellipsis; }
.answer .bars .name { font-size: 0.9rem; }
.answer .bar { display: grid; grid-template-columns: 1fr 2.7rem; gap: 0.4rem; align-items: center; }
.answer .bar i { display: block; height: 0.72rem; border-radius: 2px; background: #232b33; overflow: hidden; }
.answer .bar b { display: block; height: 100%; background: var(--shade); }
.answer .bar span { font-size: 0.84rem; font-variant-numeric: tabular-nums; white-space: nowrap; color: #c3ccd4; }
.answer .density span { font-size: 0.9rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.answer .bar.top span { color: #fff; font-weight: 600; }
@container (max-width: 380px) {
  .answer .bar { grid-template-columns: 1fr; gap: 0.1rem; }
  .answer .bars { row-gap: 0.6rem; }
}
.answer ul { margin: 0; padding: 0; list-style: none; }
.answer li { margin: 0 0 0.45rem; padding: 0; font-size: 0.92rem; }
.answer li b { font-weight: 600; }
.answer .hard { border-left: 3px solid #e69f00; padding-left: 0.75rem; }
.answer .refused { border-left: 5px solid #cc79a7; padding-left: 0.75rem; margin: 0.2rem 0 0.8rem; }
.answer .refused .label { border: 0; padding: 0; font-size: 1.5rem; margin-bottom: 0.3rem; }
.answer .code { color: #93a1ad; font-size: 0.85rem; }
.answer .model { color: #a9b5bf; font-size: 0.88rem; border-top: 1px solid #2b343d; margin-top: 1.1rem;
  padding-top: 0.7rem; overflow-wrap: anywhere; }
.answer .disclaimer { color: #f0d9a8; font-size: 0.88rem; }
</style>"""


def answer_html(
    reading: Reading, card: ModelSummary | None = None, said: Sequence[Notice] = (), alone: bool = True
) -> str:
    """One reading for a person: the class, the set, each network's own answer, how hard it is and why, the model.

    card: of the bundle that answered, for what its sets promise and how good it was found to be. said: remarks that
    stand elsewhere on the page already. alone: whether the other limb's answer stands elsewhere, so that what they say
    together is told here.
    """
    body = _read(reading, card, said) if reading.estimate is not None else _not_read(reading)
    together = _together([reading]) if alone else ""
    return f'{STYLE}<div class="answer" data-status="{reading.status}">{together}{body}</div>'


def film_html(readings: Sequence[Reading], card_of: Callable[[Reading], ModelSummary | None]) -> str:
    """All limbs of one film, one below the other; what holds for the whole film is said once, at the end."""
    shared = shared_warnings(readings)
    together = _together(readings)
    first = f'<div class="answer">{together}</div>' if together else ""
    answers = "".join(answer_html(one, card_of(one), shared, alone=not together) for one in readings)
    return first + answers + (f'<div class="answer">{_warnings(shared)}</div>' if shared else "")


def _together(readings: Sequence[Reading]) -> str:
    """What the limbs of a film say together, where they share one label."""
    sentence = joined_sentence(readings)
    return f'<p class="together">{escape(sentence)}</p>' if sentence else ""


def _read(reading: Reading, card: ModelSummary | None, said_already: Sequence[Notice]) -> str:
    assert reading.estimate is not None
    if reading.estimate.scores:
        return _scored(reading, reading.estimate, card, said_already)
    if reading.estimate.densities:
        return _measured(reading, reading.estimate, card, said_already)
    labels = tuple(reading.estimate.probabilities)
    if not labels:
        return _without_class(reading, card, said_already)
    best = reading.estimate.label or ""
    said = set_sentence(reading.estimate.conformal_set, labels, card.coverage if card else None)
    parts = [
        f'<p class="film">{escape(film_title(reading))}: the likeliest class</p>',
        f'<p class="label" style="--shade: {class_colour(best)}">{escape(headline(reading))} '
        f"<small>{percent(reading.estimate.probabilities[best])}</small></p>",
        f"<p>{escape(said)}</p>",
        f'<p class="disclaimer">{DISCLAIMER}</p>',
        "<h4>Probabilities</h4>",
        _bars(reading, labels),
        f'<p class="voices">{escape(weights_sentence(card.weights))}</p>' if card and card.weights else "",
        _difficulty(reading),
        _warnings((*(one for one in reading.warnings if one not in said_already), *_without_map(reading))),
        f'<p class="model">{escape(model_sentence(reading))} {escape(card.measured) if card else ""}</p>',
    ]
    return "".join(parts)


def _without_class(reading: Reading, card: ModelSummary | None, said_already: Sequence[Notice]) -> str:
    """A limb of a person to whom no class applies, and of whom nothing was measured."""
    parts = [
        f'<p class="film">{escape(film_title(reading))}: no class under {CLASS_FROM_AGE}</p>',
        f'<p class="label" style="--shade: {class_colour("")}">{escape(headline(reading))}</p>',
        f'<p class="disclaimer">{DISCLAIMER}</p>',
        _difficulty(reading),
        _warnings(tuple(one for one in reading.warnings if one not in said_already)),
        f'<p class="model">{escape(model_sentence(reading))} {escape(card.measured) if card else ""}</p>',
    ]
    return "".join(parts)


def _scored(reading: Reading, estimate: Estimate, card: ModelSummary | None, said_already: Sequence[Notice]) -> str:
    """Questions of yes or no with their lines, each network's own answers, and the vertebral bodies measured."""
    head = ["Question", *(network_title(name) for name in reading.candidates), "Threshold", "Answer"]
    rows = [
        [
            score_title(name),
            *(percent(answer[name]) for answer in reading.candidates.values()),
            percent(one.threshold),
            "yes" if one.positive else "no",
        ]
        for name, one in estimate.scores.items()
    ]
    bodies = [
        [
            body.level,
            *(f"{height:.1f}" for height in body.heights),
            "not graded" if body.grade is None else f"{body.grade} {body.kind if body.grade else ''}".strip(),
        ]
        for body in reversed(reading.vertebrae)
    ]
    unit = reading.vertebrae[0].unit if reading.vertebrae else ""
    measured = _table(["Body", "Front", "Middle", "Back", "Genant grade"], bodies) if bodies else ""
    parts = [
        f'<p class="film">{escape(film_title(reading))}: by scores</p>',
        f'<p class="label" style="--shade: {class_colour("")}">{escape(headline(reading))}</p>',
        f'<p class="disclaimer">{DISCLAIMER}</p>',
        "<h4>Scores</h4>",
        _table(head, rows),
        f"<p>{escape(doubt_sentence(estimate.scores, card.coverage if card else None))}</p>",
        f"<h4>Heights of vertebral bodies, {unit}</h4>{measured}<p>{COUNT_AGAIN}</p>" if bodies else "",
        _difficulty(reading),
        _warnings((*(one for one in reading.warnings if one not in said_already), *_without_map(reading))),
        f'<p class="model">{escape(model_sentence(reading))} {escape(card.measured) if card else ""}</p>',
    ]
    return "".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [f'<span class="head">{escape(one)}</span>' for one in head]
    cells += [f'<span class="name">{escape(one)}</span>' for row in rows for one in row]
    return f'<div class="bars" style="grid-template-columns: repeat({len(head)}, auto)">{"".join(cells)}</div>'


def _measured(reading: Reading, estimate: Estimate, card: ModelSummary | None, said_already: Sequence[Notice]) -> str:
    """The class by its T-score, or a Z-score without one; then the density of every region."""
    bmd, label = estimate.bmd, estimate.label
    assert bmd is not None
    labels = tuple(estimate.probabilities)
    by = "class by the lower T-score" if label is not None else f"no class under {CLASS_FROM_AGE}"
    score = bmd.t_score if label is not None else bmd.z_score
    named = f"{'T' if label is not None else 'Z'}-score {signed(score)}" if score is not None else ""
    title = class_title(label) if label is not None else (named or "No Z-score")
    coverage = card.coverage if card else None
    parts = [
        f'<p class="film">{escape(film_title(reading))}: {by}</p>',
        f'<p class="label" style="--shade: {class_colour(label or "")}">{escape(title)} '
        f"<small>{escape(named if label is not None else region_title(bmd.region).lower())}</small></p>",
        f"<p>{escape(density_sentence(bmd))}</p>",
        f"<p>{escape(set_sentence(estimate.conformal_set, labels, coverage))}</p>" if labels else "",
        f'<p class="disclaimer">{DISCLAIMER}</p>',
        "<h4>Bone density, g/cm²</h4>",
        _densities(estimate.densities),
        f"<h4>Probabilities</h4>{_bars(reading, labels)}" if labels else "",
        _difficulty(reading),
        _warnings(tuple(one for one in reading.warnings if one not in said_already)),
        f'<p class="model">{escape(model_sentence(reading))} {escape(card.measured) if card else ""}</p>',
    ]
    return "".join(parts)


def _densities(told: Sequence[Bmd]) -> str:
    """A row a region: density, its interval, and the score where there is a reference."""
    zed = all(one.t_score is None for one in told)
    heads = ("", "aBMD", "90 % interval", "Z-score" if zed else "T-score")
    cells = [f'<span class="head">{escape(head)}</span>' for head in heads]
    for one in told:
        score = one.z_score if zed else one.t_score
        cells += [
            f'<span class="name">{escape(region_title(one.region))}</span>',
            f"<span><b>{one.abmd_g_cm2:.3f}</b></span>",
            f"<span>{one.interval[0]:.3f} to {one.interval[1]:.3f}</span>",
            f"<span>{signed(score) if score is not None else 'none'}</span>",
        ]
    references = dict.fromkeys(
        reference for one in told if (reference := one.z_reference if zed else one.reference) is not None
    )
    note = f'<p class="film">Reference: {escape("; ".join(references))}.</p>' if references else ""
    tracks = "minmax(6rem, 1.4fr) max-content max-content max-content"
    return f'<div class="bars density" style="grid-template-columns: {tracks}">{"".join(cells)}</div>{note}'


def _bars(reading: Reading, labels: tuple[str, ...]) -> str:
    """A column a network, and a row a class; the other way round where there are too many networks for columns."""
    assert reading.estimate is not None
    best = reading.estimate.label or ""
    judges = [("Ensemble", reading.estimate.probabilities)]
    judges += [(network_title(name), answer) for name, answer in reading.candidates.items()]
    names = [name for name, _ in judges]
    titles = [class_title(label) for label in labels]
    table = [[_bar(answer[label], label, at == 0, best) for at, (_, answer) in enumerate(judges)] for label in labels]
    across, down = (names, titles) if len(judges) <= MOST_COLUMNS else (titles, names)
    rows = table if across is names else [list(row) for row in zip(*table, strict=True)]
    cells = ['<span class="head"></span>', *(f'<span class="head">{escape(name)}</span>' for name in across)]
    for name, row in zip(down, rows, strict=True):
        cells += [f'<span class="name">{escape(name)}</span>', *row]
    first, least = ("max-content", "3.4rem") if across is names else ("minmax(5rem, 9.5rem)", "max-content")
    tracks = f"{first} repeat({len(across)}, minmax({least}, 1fr))"
    return f'<div class="bars" style="grid-template-columns: {tracks}">{"".join(cells)}</div>'


def _bar(share: float, label: str, joint: bool, best: str) -> str:
    shade = class_colour(label) if joint else "#8796a3"
    top = " top" if joint and label == best else ""
    return (
        f'<span class="bar{top}" style="--shade: {shade}"><i><b style="width: {share:.1%}"></b></i>'
        f"<span>{percent(share)}</span></span>"
    )


def _difficulty(reading: Reading) -> str:
    if reading.difficulty is None:
        return ""
    reasons = "".join(
        f"<li><b>{escape(reason_title(reason))}.</b> {escape(reason_sentence(reason))}</li>"
        for reason in reading.difficulty.reasons
    )
    kind = "hard" if reading.difficulty.hard else "plain"
    sentence = f"<p>{difficulty_sentence(reading)}</p>"
    return f'<h4>How hard it is</h4><div class="{kind}">{sentence}<ul>{reasons}</ul></div>'


def _warnings(notices: tuple[Notice, ...]) -> str:
    if not notices:
        return ""
    titled = [(warning_title(notice.code), notice.message) for notice in notices]
    items = "".join(f"<li>{f'<b>{title}.</b> ' if title else ''}{escape(said)}</li>" for title, said in titled)
    return f"<h4>Remarks on the film</h4><ul>{items}</ul>"


def _without_map(reading: Reading) -> tuple[Notice, ...]:
    if reading.explanation is None or shows(reading.explanation):
        return ()
    message = "There is no explanation map: no image region contributed more than others to this result."
    return (Notice(NoticeCode.NO_EXPLANATION, message),)


def _not_read(reading: Reading) -> str:
    if reading.refusal is None:
        return (
            '<div class="refused"><p class="label">Not read</p>'
            "<p>Something failed inside Osteolens while reading this film; the log of the workbench says what. "
            "Other films are not affected.</p></div>"
        )
    code = str(reading.refusal.code)
    return (
        f'<div class="refused"><p class="label">{escape(refusal_title(code))}</p>'
        f"<p>{escape(reading.refusal.message)}</p>"
        f'<p class="code">Refused ({escape(code)}). Nothing of this file is kept.</p></div>'
        f"{_warnings(reading.warnings)}"
    )
