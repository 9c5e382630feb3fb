"""Which version of a recipe reads: its history, a comparison a click away, and the buttons that promote or roll back.

The networks' library is brought in by the comparison alone, when somebody asks for one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

import learning
from learning import NotPromoted, Step
from present.wording import markdown_safe
from reading import version_before
from report.screen import Table, screen_rows
from report.versus import sections, step_rows


def show_versions(
    recipe: str,
    reads: str | None,
    versions: Mapping[str, str],
    first: str | None = None,
    data: str = "",
    unfolded: bool = False,
) -> None:
    """The versions of one recipe, which of them reads, and what may be done about it.

    versions: by `name@version`, that name again or the folder of one that is not among the models yet. first: the
    challenger to begin with. data: a test set to begin with.
    """
    told = st.session_state.pop(f"told-{recipe}", None)
    if told:
        st.success(markdown_safe(told))
    st.markdown(f"**Reads now:** {markdown_safe(reads or 'no version at hand')}")
    steps = learning.history(recipe)
    others = [one for one in versions if one != reads]
    others.sort(key=lambda one: one != first)
    with st.expander("Versions: history, compare, promote, roll back", expanded=unfolded):
        if others:
            _challenge(recipe, reads, others, versions, data)
        _offer_rollback(recipe)
        if steps:
            st.markdown("**History**")
            st.dataframe(step_rows(steps), hide_index=True)
            _show_compared(steps)
        else:
            st.caption("No version was promoted or rolled back here: the version that ships reads.")


def _show_compared(steps: Sequence[Step]) -> None:
    """Figures of a step that was weighed by some, the latest first."""
    weighed = {f"{one.when[:16].replace('T', ' ')}  {one.what} {one.to}": one for one in reversed(steps)
               if "comparison" in one.figures}  # fmt: skip
    if weighed and (chosen := st.selectbox("Comparison of", list(weighed), None, placeholder="a step",
                                           key=f"figures-{steps[0].recipe}")):  # fmt: skip
        show_comparison(weighed[chosen].figures)


def _challenge(recipe: str, reads: str | None, others: Sequence[str], folders: Mapping[str, str], data: str) -> None:
    challenger = st.selectbox("Challenger", others, key=f"challenger-{recipe}")
    if reads is None:
        st.caption("No version of this recipe reads yet, so there is nothing to compare it with.")
        if st.button(f"Promote {challenger}", key=f"promote-{recipe}", type="primary"):
            _take(recipe, lambda: learning.promote(folders[challenger]).step)
        return
    data = st.text_input(
        "Locked test set (path of a manifest on this machine)",
        data,
        key=f"data-{recipe}",
        help="Films that no version learned from. Of a manifest with a column split, rows test alone.",
    ).strip()
    key = f"weighed-{recipe}"
    if st.button("Compare with the version that reads", key=f"compare-{recipe}", disabled=not data):
        st.session_state.pop(key, None)
        bar = st.progress(0.0, "Reading the films with both versions")

        def tell(step: str, done: int, total: int) -> None:
            bar.progress(done / total, f"{step.capitalize()}: {done} of {total}")

        try:
            st.session_state[key] = learning.compare(reads, folders[challenger], Path(data), tell=tell)
        except (NotPromoted, ValueError, OSError) as fault:
            st.error(markdown_safe(str(fault)))
        bar.empty()
    weighed = st.session_state.get(key)
    if weighed is not None and (weighed.champion, weighed.challenger) != (reads, challenger):
        weighed = None  # of other versions
    if weighed is not None:
        show_comparison(weighed.to_plain())
    because = st.text_input("Reason, where it is promoted without a gain", key=f"because-{recipe}").strip()
    may = bool(because) or (weighed is not None and weighed.takes)
    if st.button(f"Promote {challenger}", key=f"promote-{recipe}", type="primary", disabled=not may):
        _take(recipe, lambda: learning.promote(folders[challenger], because=because, weighed=weighed).step)


def _offer_rollback(recipe: str) -> None:
    before = version_before(recipe)
    if before and st.button(f"Roll back to {before}", key=f"rollback-{recipe}"):
        _take(recipe, lambda: learning.roll_back(recipe))


def _take(recipe: str, step: Any) -> None:
    try:
        taken: Step = step()
    except (NotPromoted, ValueError) as fault:
        st.error(markdown_safe(str(fault)))
        return
    st.session_state[f"told-{recipe}"] = f"{taken.to} reads from the next film on."
    st.rerun()


def show_comparison(weighed: Mapping[str, Any]) -> None:
    """The decision, every measure and the subgroups."""
    for section in sections(weighed):
        st.markdown(f"**{section.title}**")
        for block in section.blocks:
            if isinstance(block, Table):
                st.dataframe(screen_rows(block), hide_index=True)
            elif isinstance(block, str):
                st.markdown(markdown_safe(block))
