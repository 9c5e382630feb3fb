"""The way in: every screen is opened by app.py, which brings the navigation, the style and the disclaimer.

Streamlit takes a folder called `pages` for its older kind of app until app.py has run once: a first visit after a start
that goes straight to `/models` runs that screen's file by itself.
"""

import streamlit as st

INSIDE, WANTED = "inside", "wanted"


def enter() -> None:
    """For app.py, with the screens named: from now on they may open; goes on to the one that was asked for outside."""
    st.session_state[INSIDE] = True
    wanted = st.session_state.pop(WANTED, None)
    if wanted is not None:
        st.switch_page(wanted)


def stay_inside(screen: str) -> None:
    """For a screen, before all else: goes round by app.py if it was not opened by it. screen: its path from app.py."""
    if INSIDE not in st.session_state:
        st.session_state[WANTED] = screen
        st.switch_page("app.py")
