"""The workbench: `make run`, or `streamlit run app.py`. Navigation and wiring only; each screen is a file in pages/."""

from importlib import import_module

import streamlit as st

from core.version import __version__
from pages.parts.entrance import enter
from present.page_style import ICON, LOGO, PAGE_STYLE
from present.wording import DISCLAIMER


@st.cache_resource(show_spinner="Loading models. The first start takes a few seconds.")
def open_roads() -> None:
    """Bring in the networks' library once, with a word on the screen, rather than behind a blank page."""
    import_module("learning")
    import_module("reading")


st.set_page_config("Osteolens", ICON, layout="wide", initial_sidebar_state="collapsed")
st.html(PAGE_STYLE)
st.logo(LOGO, size="large")
page = st.navigation(
    [
        st.Page("pages/read.py", title="Read", icon=":material/radiology:", default=True),
        st.Page("pages/worklist.py", title="Worklist", icon=":material/checklist:"),
        st.Page("pages/review.py", title="Review", icon=":material/rule:"),
        st.Page("pages/learn.py", title="Learn", icon=":material/model_training:"),
        st.Page("pages/models.py", title="Models", icon=":material/deployed_code:"),
    ],
    position="top",
)
enter()
open_roads()
page.run()
st.caption(f"Osteolens {__version__}. {DISCLAIMER}")
