"""Films offered for the worklist: which of them would go, by which policy and why, before they go."""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

import learning
import reading
from learning import Offered, Selection
from present.choosing import CONTROL_SHARE, POLICY, policy_title, selection_sentence
from present.wording import markdown_safe, reason_title, said_of, shown_name

BUDGET = 50
POLICY_HELP = (
    "Hardest first: the likeliest to be read wrongly. Diverse: unlike one another and unlike what is in the worklist. "
    "Hard and diverse: spread out over the hardest. At random: as they come."
)
CONTROL_HELP = "Of the budget. Drawn at random from all films and asked blind: these tell the true error rate."


def show_choosing() -> None:
    """The whole of it, folded away until it is wanted."""
    done = st.session_state.pop("chosen_outcome", None)
    if done:
        st.success(done)
    with st.expander("Choose from many films", expanded=bool(st.session_state.get("offered_films"))):
        files = st.file_uploader(
            "Films to choose from",
            accept_multiple_files=True,
            key=f"offered_{st.session_state.get('offered_round', 0)}",
        )
        st.session_state.offered_films = bool(files)
        if not files:
            st.caption("Experts see the films that are worth their time. Nothing goes in before you have seen which.")
            return
        policy, budget, control = asked_for()
        offered = read_once(files)
        selection = learning.choose(offered, budget, policy, control / 100)
        show_selection(selection, offered)
        if selection.choices and st.button(f"Put {len(selection.choices)} in the worklist", type="primary"):
            put_in(selection, offered)


def asked_for() -> tuple[learning.Policy, int, int]:
    """The policy, the budget in films, and the control arm's share in percent."""
    left, middle, right = st.columns([2, 1, 1])
    with left:
        policy = st.segmented_control(
            "Policy", learning.POLICIES, default=POLICY, format_func=policy_title, required=True, help=POLICY_HELP
        )
    with middle:
        budget = st.number_input("Budget, films", min_value=1, value=BUDGET)
    with right:
        control = st.number_input("Control arm, %", 0, 100, round(CONTROL_SHARE * 100), step=5, help=CONTROL_HELP)
    return policy, int(budget), int(control)


def read_once(files: list[UploadedFile]) -> list[Offered]:
    """Every film as a case; those read before, in this session or another, are not read again."""
    known: dict[str, Offered] = st.session_state.setdefault("offered", {})
    for gone in known.keys() - {file.file_id for file in files}:
        del known[gone]
    new = [file for file in files if file.file_id not in known]
    if new:
        bar = st.progress(0.0, f"Reading 1 of {len(new)}")
        for done, file in enumerate(new, start=1):
            known[file.file_id] = learning.offer(file.getvalue, file.name, reading.read)
            bar.progress(done / len(new), f"Read {done} of {len(new)}")
        bar.empty()
    return [known[file.file_id] for file in files]


def show_selection(selection: Selection, offered: list[Offered]) -> None:
    by_case = {one.offer.key: one for one in offered if one.offer is not None}
    st.markdown(selection_sentence(selection, preview=True))
    st.dataframe(
        [
            {
                "Film": shown_name(choice.offer.name),
                "Case": choice.offer.case_id[:8],
                "Why": ", ".join(reason_title(reason) for reason in choice.reasons),
                "Answer": said_of(by_case[choice.offer.key].rows),
                "Priority": choice.offer.priority,
                "Control arm": "yes, asked blind" if choice.blind else "",
            }
            for choice in selection.choices
        ],
        hide_index=True,
        width="stretch",
        height="content" if len(selection.choices) < 12 else 440,
        column_config={
            "Why": st.column_config.TextColumn(width="large"),
            "Priority": st.column_config.ProgressColumn(
                min_value=0, max_value=1, format="%.2f", width=110, help="How likely the answer is wrong"
            ),
        },
    )
    for copy, original in selection.copies:
        st.caption(
            markdown_safe(
                f"{shown_name(copy.name)} is a copy of {shown_name(original.name or original.case_id)} and stays out."
            )
        )
    for one in offered:
        if one.refused:
            st.caption(markdown_safe(f"{shown_name(one.name)}: {one.refused}"))


def put_in(selection: Selection, offered: list[Offered]) -> None:
    """Enter what was shown; then draw the page as it is now."""
    count = len(selection.choices)
    bar = st.progress(0.0, f"Keeping 1 of {count}")
    for done, _ in enumerate(learning.admit(selection, offered), start=1):
        bar.progress(done / count, f"Kept {done} of {count}")
    st.session_state.chosen_outcome = selection_sentence(selection, preview=False)
    st.session_state.offered_round = st.session_state.get("offered_round", 0) + 1  # an empty uploader
    st.session_state.offered_films = False
    st.rerun()
