"""Films that may show a name: their pictures, and what a person decides about each."""

import streamlit as st

import learning
from learning import State, WorklistEntry

SHOWN = 10  # at once; the others follow as these are decided


def show_held(entries: list[WorklistEntry]) -> None:
    """Each held film with the marked places, and three ways on; nothing where none is held."""
    films = list(dict.fromkeys(entry.case_id for entry in entries if entry.state == State.HELD))
    if not films:
        return
    held = "1 film is held" if len(films) == 1 else f"{len(films)} films are held"
    with st.container(border=True):
        st.markdown(f"**{held} here for what may be a name.** Nothing held is sent before you have looked at it.")
        for case_id in films[:SHOWN]:
            show_film(case_id)
        if len(films) > SHOWN:
            st.caption(f"And {len(films) - SHOWN} more.")


def show_film(case_id: str) -> None:
    picture, choices = st.columns([3, 2], gap="medium")
    with picture:
        try:
            st.image(learning.held_png(case_id), "The film, with a frame around what may be text", width="stretch")
        except FileNotFoundError:
            st.caption("The film is no longer here; read it again.")
    with choices:
        st.markdown(f"Case `{case_id[:8]}`. What is framed may be text.")
        if st.button("No text: let it go", key=f"clear-{case_id}", width="stretch"):
            learning.release(case_id)
            st.rerun()
        if st.button("Text: paint it over, then let it go", key=f"paint-{case_id}", width="stretch"):
            learning.release(case_id, paint=True)
            st.rerun()
        if st.button("Take it out and delete it here", key=f"drop-{case_id}", width="stretch"):
            learning.drop(case_id)
            st.rerun()
