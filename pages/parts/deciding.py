"""One side of a case: the answers side by side, and the buttons that settle it."""

from datetime import UTC, datetime

import streamlit as st

from annotation.question.names import CANNOT_BE_JUDGED, NO, REASONS, YES
from annotation.readers.decisions import as_said_by, consensus_of, own
from annotation.readers.opened import Opened
from annotation.readers.votes import Vote
from annotation.worklist import bounds, ledger
from core.case import LabeledCase
from core.identity import machine_key, pseudonym
from core.labels import CLASSES
from core.settings import settings
from core.titles import capital, score_title
from present.colours import MODEL, READERS
from present.reviewing import Look, answer_title, answers_html, truth_sentence
from present.wording import markdown_safe

LEAVE, CONSENSUS = "Leave as they are", "Consensus"
CONSENSUS_HELP = "Outlines by STAPLE, points by their mean, and whatever else more than half of them say"
KEYS = {"A": "a", "B": "b"}


def adjudicator() -> str:
    """Whoever sits here, under a pseudonym as readers are."""
    named = st.session_state.get("adjudicator", "").strip().casefold()
    return pseudonym("annotator", f"adjudicator {named}" if named else "workbench", machine_key(settings().home))


def show_side(opened: Opened, side: str | None) -> None:
    """The answers to one side, what is settled of it, and the ways to settle it."""
    truth, votes = opened.truth(side), opened.votes.get(side, ())
    columns: list[tuple[str, str, Look, LabeledCase]] = [
        (f"Reader {vote.letter}", _about(vote), READERS[place % len(READERS)], vote.answer)
        for place, vote in enumerate(votes)
    ]
    model = opened.model.get(side) or LabeledCase("", None, "", opened.entry.entered_at, opened.entry.recipe)
    columns.append(("Model", model.annotator, MODEL, model))
    st.html(answers_html(columns, truth.differs, opened.probabilities.get(side, {})))
    if truth.is_settled:
        st.success(markdown_safe(truth_sentence(truth)), icon=":material/check:")
    else:
        st.warning(markdown_safe(truth_sentence(truth)))
    _quick(opened, side)
    _own(opened, side)


def _about(vote: Vote) -> str:
    seen = ", saw the model's answer" if vote.blind is False else ""
    return f"{vote.annotator[:6]}{seen}{', asked to settle' if vote.late else ''}"


def _quick(opened: Opened, side: str | None) -> None:
    """One click or key each: a reader's whole answer, the consensus, or back."""
    votes, by, name = opened.votes.get(side, ()), adjudicator(), f"{opened.entry.id}-{side}"
    joint = _consensus(opened, side, by)
    with st.container(horizontal=True, gap="small"):
        for vote in votes:
            title, said = f"Take {vote.letter}", f"All that reader {vote.letter} says and drew"
            if st.button(title, key=f"take-{vote.letter}-{name}", help=said, shortcut=KEYS.get(vote.letter)):
                decide(opened, side, as_said_by(vote, by), f"Reader {vote.letter}'s answer")
        if joint is not None and st.button("Consensus", key=f"consensus-{name}", help=CONSENSUS_HELP, shortcut="s"):
            decide(opened, side, joint, "What the readers say together")
        decided = any(how == "adjudicated" for how in opened.truth(side).how.values())
        if decided and st.button("Undo the decision", key=f"undo-{name}"):
            undo(opened.entry.id, side)


def undo(entry: int, side: str | None) -> None:
    """Take back what was decided of a side; it is as open as it was before."""
    ledger().reopen(entry, side)
    st.session_state.pop("review_last", None)
    st.session_state.review_told = "The decision was taken back; the history keeps it."
    st.rerun()


def show_last() -> None:
    """A way back from the decision made last, wherever one has gone since."""
    last: tuple[int, str, str | None] | None = st.session_state.get("review_last")
    if last is not None:
        entry, case, side = last
        if st.button("Undo the last decision", shortcut="u", help=f"On case {case[:8]}"):
            undo(entry, side)


def _consensus(opened: Opened, side: str | None, by: str) -> LabeledCase | None:
    votes = opened.votes.get(side, ())
    if len(votes) < 2:
        return None
    mine = LabeledCase(opened.entry.case_id, None, by, datetime.now(UTC), opened.entry.recipe, side)
    return consensus_of(votes, opened.film, bounds(), mine)


def _own(opened: Opened, side: str | None) -> None:
    """An answer of one's own, with outlines of whoever drew them best."""
    key, votes = f"{opened.entry.id}-{side}", opened.votes.get(side, ())
    answers = [*(vote.answer for vote in votes), *([opened.model[side]] if side in opened.model else [])]
    findings = list(dict.fromkeys(n for one in answers for n in one.findings if not n.startswith("genant_")))
    drawn = {
        f"Reader {vote.letter}": vote.answer
        for vote in votes
        if vote.answer.masks or vote.answer.outlines or vote.answer.points
    }
    with st.expander("Decide otherwise", expanded=not votes), st.form(f"own-{key}", border=False):
        said: dict[str, str | None] = {}
        for name in findings or ["class"]:
            offered = [*((YES, NO) if findings else CLASSES), CANNOT_BE_JUDGED]
            title = score_title(name) if findings else "Class"
            said[name] = st.segmented_control(title, offered, format_func=_offered, key=f"own-{name}-{key}")
        ways = [LEAVE, *drawn, *([CONSENSUS] if len(drawn) > 1 else [])]
        way = st.selectbox("Outlines and points", ways, key=f"way-{key}") if drawn else LEAVE
        reason = st.selectbox("If it cannot be judged, why", REASONS, None, placeholder="choose", key=f"reason-{key}")
        because = st.text_input("Why you decide so", key=f"because-{key}", placeholder="no names, no numbers")
        sent = st.form_submit_button("Decide", type="primary")
    if not sent:
        return
    if any(value is None for value in said.values()):
        st.error("Choose an answer to each question first.")
        return
    by = adjudicator()
    source = _consensus(opened, side, by) if way == CONSENSUS else drawn.get(str(way))
    judged = {name: value for name, value in said.items() if value is not None and value != CANNOT_BE_JUDGED}
    whole = len(judged) == len(said)
    label = (next(iter(judged.values())) if not findings else "") if whole else None
    answer = own(
        opened, side, by, label, judged if findings else {}, source, [reason] if reason and not whole else [], because
    )
    decide(opened, side, answer, because.strip() or "Decided on the film")


def _offered(one: str) -> str:
    return capital(one) if one in (YES, NO) else answer_title(None if one == CANNOT_BE_JUDGED else one)


def decide(opened: Opened, side: str | None, answer: LabeledCase, because: str) -> None:
    """Put it down; it is the case's truth from this moment on."""
    ledger().adjudicate(opened.entry.id, answer, because)
    st.session_state.review_told = f"Decided: {because}."
    st.session_state.review_last = (opened.entry.id, opened.entry.case_id, side)
    st.rerun()
