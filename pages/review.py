"""Review: what readers disagree on, what the model doubts, and all else that was answered; adjudicated in place."""

from collections.abc import Sequence

import streamlit as st

import learning
from annotation.ledger import LedgerFault
from annotation.readers.opened import Opened, opened
from annotation.readers.overview import Listed, overview
from annotation.worklist import agreement, ask_another, bounds, ledger
from core.settings import settings
from pages.parts.compared import show_film
from pages.parts.deciding import show_last, show_side
from pages.parts.entrance import stay_inside
from pages.parts.truths import truths_now
from present.readers import agreement_rows, cases, left_out_sentence
from present.reviewing import KINDS, REVIEW_STYLE, event_row, listed_caption, listed_title, side_title
from present.wording import markdown_safe
from recipes import by_name

ROWS = 200  # listed at once


@st.cache_data(max_entries=4, show_spinner="Comparing the readers")
def listed(ledger_url: str, stamp: object) -> list[Listed]:
    """All cases that anybody answered, in order. ledger_url, stamp: which ledger, as it stood."""
    found = truths_now()
    return overview(found, learning.doubts(found))


def choose(found: Sequence[Listed]) -> Listed | None:
    """The case to look at: by kind, in order, with how far one has come."""
    counts = {
        "differs": sum(one.kind == "differs" for one in found),
        "doubt": sum(one.kind == "doubt" for one in found),
    }
    counts["all"] = len(found)
    first = next(kind for kind in ("differs", "doubt", "all") if counts[kind] or kind == "all")
    kind = st.segmented_control(
        "Which cases", list(KINDS), default=first, required=True, label_visibility="collapsed", key="review_kind",
        format_func=lambda one: f"{KINDS[one]} {counts[one]}",
    )  # fmt: skip
    settled = sum(one.is_settled for one in found)
    st.progress(settled / len(found), f"{settled} of {cases(len(found))} settled")
    shown = [one for one in found if kind in ("all", one.kind)][:ROWS]
    if not shown:
        st.caption("Readers agree on every case." if kind == "differs" else "No answer is in doubt.")
        return None
    numbers = [one.entry for one in shown]
    if st.session_state.get("review_case") not in numbers:
        st.session_state.review_case = _after(found, numbers)
    place = numbers.index(st.session_state.review_case)
    with st.container(horizontal=True, gap="small"):
        st.button("Previous", shortcut="p", disabled=place == 0, on_click=_go, args=[numbers[max(0, place - 1)]])
        last = place == len(numbers) - 1
        st.button("Next", shortcut="n", disabled=last, on_click=_go, args=[numbers[place if last else place + 1]])
    by_number = {one.entry: one for one in shown}
    with st.container(height=min(520, 90 + 62 * len(shown)), border=False, key="cases"):
        st.radio(
            "Cases", numbers, key="review_case", label_visibility="collapsed",
            format_func=lambda number: listed_title(by_number[number]),
            captions=[markdown_safe(listed_caption(one)) for one in shown],
        )  # fmt: skip
    st.session_state.review_order = numbers
    return by_number[st.session_state.review_case]


def _go(number: int) -> None:
    st.session_state.review_case = number


def _after(found: Sequence[Listed], numbers: Sequence[int]) -> int:
    """A case that was just decided leaves its list: on to the one that came after it there."""
    before: list[int] = st.session_state.get("review_order", [])
    left = st.session_state.get("review_left")
    place = before.index(left) if left in before else 0
    return next((number for number in before[place:] if number in numbers), numbers[0])


def show_case(case: Opened) -> None:
    site = by_name(case.entry.recipe).site
    sides = list(case.sides)
    first = next((side for side in sides if case.truth(side).differs), None) or next(iter(case.votes), sides[0])
    side = sides[0]
    if len(sides) == 1 and side is not None:
        st.markdown(f"**{side_title(side, site)}**")
    if len(sides) > 1:
        side = st.segmented_control(
            "Side", sides, default=first if first in sides else sides[0], required=True, label_visibility="collapsed",
            key=f"side-{case.entry.id}", format_func=lambda one: side_title(one, site),
        )  # fmt: skip
    show_side(case, side)
    st.text_input("You, by initials (kept as a pseudonym)", key="adjudicator", max_chars=40)


def show_history(case: Opened) -> None:
    site = by_name(case.entry.recipe).site
    letters = {vote.annotator: vote.letter for votes in case.votes.values() for vote in reversed(votes)}
    st.markdown("**History**")
    st.dataframe(
        [event_row(event, letters, site) for event in case.history],
        hide_index=True,
        column_config={"When, UTC": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss", timezone="UTC")},
    )


def show_third(found: Sequence[Listed]) -> None:
    """What readers disagree on, to one more reader."""
    sides = [side for one in found for side in one.sides]
    fresh = {side.entry for side in sides if side.differs and not side.asked}
    if fresh and st.button(
        f"Send {cases(len(fresh))} to one more reader",
        help="They wait in the worklist; the next push asks about them in a project of their own.",
    ):
        asked = ask_another(sides)
        st.session_state.review_told = f"{cases(asked)} in the worklist for one more reader; the next push sends them."
        st.rerun()


def show_agreement() -> None:
    with st.expander("How well readers agree"):
        if not st.toggle("Work it out", help="Takes some seconds on a large worklist"):
            st.caption("Kappas, Dice and distances with 95 % intervals by patient, from answers given blind and apart.")
            return
        figures, left = agreement()
        rows = agreement_rows(figures, {})
        if rows:
            st.dataframe(rows, hide_index=True)
        else:
            st.caption("No film has blind answers of two readers yet. `queue push --readers 2` asks two.")
        if said := left_out_sentence(left):
            st.caption(said)


stay_inside("pages/review.py")
st.html(REVIEW_STYLE)
st.title("Review")
try:
    found = listed(settings().ledger, ledger().stamp())
    told = st.session_state.pop("review_told", None)
    if told:
        st.toast(markdown_safe(told))
    if not found:
        st.html(
            '<div class="no-film"><b>Nobody has answered yet</b><span>Answers come here from Label Studio with '
            "<code>python cli.py queue pull</code>.<br>To ask two readers about each case: "
            "<code>python cli.py queue push --readers 2</code>.</span></div>"
        )
    else:
        rail, stage, answer = st.columns([2.5, 5.6, 4.6], gap="medium")
        with rail:
            chosen = choose(found)
            show_last()
            show_third(found)
        if chosen is not None:
            st.session_state.review_left = chosen.entry
            try:
                case = opened(ledger(), settings().home, bounds(), chosen.entry)
            except FileNotFoundError:
                case = None
                stage.error("The film of this case is no longer kept. Read it again to put it back.")
            if case is not None:
                with stage:
                    show_film(case, by_name(case.entry.recipe).site)
                with answer:
                    show_case(case)
                show_history(case)
        show_agreement()
except LedgerFault as fault:
    st.error(str(fault))
