"""The worklist: which films wait for an expert and why, and the way to Label Studio."""

from datetime import UTC, datetime

import streamlit as st

import learning
from annotation.readers import Settled
from learning import LabelStudioFault, LabelStudioStatus, LedgerFault, State, WorklistEntry
from pages.parts.choosing import show_choosing
from pages.parts.entrance import stay_inside
from pages.parts.held import show_held
from pages.parts.truths import truths_now
from present.choosing import control_sentence
from present.reviewing import settled_title
from present.thumbnail import thumbnail_url
from present.waiting import waiting_sentence
from present.wording import markdown_safe, reason_title, said_of, state_title

ROWS = 200  # shown at once, newest first
OUTCOMES = 8


@st.cache_data(ttl=20, show_spinner="Looking for Label Studio")
def connection() -> LabelStudioStatus:
    return learning.label_studio_status()


@st.cache_data(max_entries=1000, show_spinner=False)
def preview(case_id: str) -> str | None:
    """The film of the worklist in small; it carries no name, so sessions may share it."""
    try:
        return thumbnail_url(learning.film_png(case_id))
    except FileNotFoundError:
        return None


def show_counts(entries: list[WorklistEntry]) -> None:
    with st.container(horizontal=True):
        for state in (State.WAITING, State.PUSHED, State.ANSWERED, State.FAILED):
            among = (State.WAITING, State.PUSHING) if state == State.WAITING else (state,)
            st.metric(state_title(state), sum(entry.state in among for entry in entries), border=True, width=132)


def show_connection(status: LabelStudioStatus, waiting: int) -> None:
    st.write(waiting_sentence(waiting, status.connected))
    send, preannotate = False, False
    if status.connected and waiting:
        preannotate = st.toggle(
            "Show experts the model's answers to correct",
            value=learning.preannotates(),
            help="Otherwise they judge blind. Control cases are always judged blind.",
        )
    with st.container(horizontal=True):
        if status.connected and waiting:
            send = st.button(f"Send {waiting} to Label Studio", type="primary")
        if st.button("Check the connection again"):
            connection.clear()
            st.rerun()
    if status.connected:
        who = f" as {status.user}" if status.user else ""
        st.caption(markdown_safe(f"Connected to {status.url}{who}."))
    else:
        st.markdown(markdown_safe(status.message))  # part of it is what a server answered
    if send:
        push(waiting, preannotate)


def push(waiting: int, preannotate: bool) -> None:
    """Send what waits, telling of each task as it is made; then draw the page as it is now."""
    bar = st.progress(0.0, f"Sending 1 of {waiting}")
    outcome = []
    try:
        for step in learning.push(preannotate):
            bar.progress(step.done / step.total, f"Sent {step.done} of {step.total}")
            case = f"Case `{step.case_id[:8]}`"
            error = markdown_safe(step.error or "")  # it may quote Label Studio
            outcome.append(f"{case}: {error}" if error else f"{case} is a task now: [open it]({step.link})")
            st.markdown(outcome[-1])
    except LabelStudioFault as fault:
        outcome.append(f"{markdown_safe(str(fault))} What was not sent yet goes on waiting.")
    st.session_state.push_outcome = outcome
    st.rerun()


def show_outcome() -> None:
    """What the last push came to, until the next click."""
    outcome = st.session_state.pop("push_outcome", None)
    if outcome:
        with st.container(border=True, gap="xsmall"):
            for line in outcome[:OUTCOMES]:
                st.markdown(line)
            if len(outcome) > OUTCOMES:
                st.caption(f"And {len(outcome) - OUTCOMES} more; each link is in the table.")


def filtered(entries: list[WorklistEntry]) -> list[WorklistEntry]:
    states, reasons = st.columns(2)
    with states:
        there = [state for state in State if any(entry.state == state for entry in entries)]
        wanted_states = st.pills("State", there, selection_mode="multi", format_func=state_title)
    with reasons:
        named = sorted({reason for entry in entries for reason in entry.reasons})
        wanted_reasons = st.pills("Reason", named, selection_mode="multi", format_func=reason_title)
    return [
        entry
        for entry in entries
        if (not wanted_states or entry.state in wanted_states)
        and (not wanted_reasons or set(wanted_reasons) & set(entry.reasons))
    ]


def show_table(entries: list[WorklistEntry]) -> None:
    newest = entries[::-1][:ROWS]
    settled: dict[int, list[Settled]] = {}
    for one in truths_now(classes_only=True):
        settled.setdefault(one.entry, []).append(one)
    st.dataframe(
        [
            {
                "Film": preview(entry.case_id),
                "Case": entry.case_id[:8],
                "State": state_title(entry.state),
                "Why": ", ".join(reason_title(reason) for reason in entry.reasons),
                "Answer": said_of(entry.readings),
                "Experts": settled_title(settled.get(entry.id, ())),
                "Difficulty": entry.difficulty,
                "Entered, UTC": entry.entered_at,
                "Changed, UTC": entry.changed_at,
                "Task": entry.link,
                "Note": entry.error,
            }
            for entry in newest
        ],
        hide_index=True,
        placeholder="",
        row_height=72,
        width="stretch",
        height="content" if len(newest) < 9 else 720,
        column_config={
            "Film": st.column_config.ImageColumn(width=76),
            "Case": st.column_config.TextColumn(width=90, help="The opaque name of the film, its first eight digits"),
            "State": st.column_config.TextColumn(width=110),
            "Answer": st.column_config.TextColumn(help="The model's"),
            "Experts": st.column_config.TextColumn(help="What is settled by experts; the page Review settles the rest"),
            "Why": st.column_config.TextColumn(width="medium"),
            "Difficulty": st.column_config.ProgressColumn(min_value=0, max_value=1, format="%.2f", width=110),
            "Entered, UTC": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone="UTC", width=140),
            "Changed, UTC": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone="UTC", width=140),
            "Task": st.column_config.LinkColumn(display_text="Open task", width=90),
            "Note": st.column_config.TextColumn(width="medium") if any(entry.error for entry in newest) else None,
        },
    )
    if len(newest) < len(entries):
        st.caption(f"The newest {len(newest)} of {len(entries)} cases. `python cli.py queue list` lists them all.")


stay_inside("pages/worklist.py")
st.title("Worklist")
try:
    entries = learning.worklist()
    counts, studio = st.columns(2, gap="large")
    with counts:
        show_counts(entries)
    with studio:
        open_states = (State.WAITING, State.FAILED, State.PUSHING)
        show_connection(connection(), sum(entry.state in open_states for entry in entries))
    show_outcome()
    show_held(entries)
    for arm in learning.control_arm():
        st.caption(control_sentence(arm))
    show_choosing()
    if entries:
        show_table(filtered(entries))
        st.caption(f"As of {datetime.now(UTC):%H:%M} UTC. Films are kept without names, under opaque case numbers.")
    else:
        st.html(
            '<div class="no-film"><b>The worklist is empty</b><br>A film that is hard to read comes here by itself, '
            "any other by the button beside its answer.</div>"
        )
except LedgerFault as fault:
    st.error(str(fault))
