"""A training before it begins: which films, which recipe, what would be made of them, and how."""

from pathlib import Path

import streamlit as st

import jobs
import learning
from core.settings import settings
from pages.parts.film_audit import film_audit
from present.training import counts_sentence, freeze_title, taught_rows
from present.wording import markdown_safe
from reading import models, versions
from recipes import LEARNERS, learner
from recipes.recipe import EPOCHS_ON

NEW = "Untrained networks"
PLACEHOLDER = "A manifest, or the folder that queue export wrote"
SHARE_HELP = "Of the rows learned from. Virtual patients keep what the version learned of them from being lost."
FREEZE_HELP = "Counted from the input on. The heads alone learn fastest, and change least."


def plan() -> None:
    """Ask for films and recipe, audit them, and start."""
    data = st.text_input("Films and answers", placeholder=PLACEHOLDER, key="learn-data").strip()
    left, right = st.columns(2)
    with left:
        recipes = [name for name in LEARNERS if learner(name).holding != "origins"]
        recipe = st.selectbox("Recipe", recipes, index=recipes.index("hip_vit"), key="learn-recipe")
    with right:
        reads = versions().get(recipe)
        there = [f"{one['name']}@{one['version']}" for one in models() if one["name"] == recipe]
        there.sort(key=lambda name: name != reads)
        begin = st.selectbox(
            "Begin with", [*there, NEW], key=f"learn-from-{recipe}", help="The version that reads comes first."
        )
    parent = None if begin == NEW else begin
    words = how(recipe, parent)
    if not data:
        st.caption(
            "The films and answers are counted here, and what is wrong with them is said, before a training begins."
        )
        return
    may = show_audit(recipe, data, parent)
    if Path(data).expanduser().exists():
        film_audit(Path(data).expanduser())
    runs = bool(jobs.running(settings().home))
    beside = runs and st.checkbox("Start beside the training that runs; both take longer")
    if st.button("Start the training", type="primary", disabled=not may):
        begin_training(recipe, data, words, beside)


def how(recipe: str, parent: str | None) -> tuple[str, ...]:
    """The words of the command that say how to go on from a version; none where networks begin from nothing."""
    if parent is None:
        st.caption("Networks begin untrained, by the recipe's preset demo. That takes many films and, for most, hours.")
        return ()
    usual = learner(recipe)
    left, right = st.columns(2)
    with left:
        freeze = st.selectbox(
            "Layers that stay", [None, "none", "0.5", "backbone"], format_func=freeze_title, help=FREEZE_HELP
        )
    with right:
        epochs = st.number_input("Epochs", 1, 200, EPOCHS_ON)
    words = ["--from-bundle", parent, "--epochs", str(epochs)]
    if usual.makes_virtual:
        share = st.slider(
            "Share of virtual films", 0, 90, round(usual.virtual_share * 100), 5, "%d %%", help=SHARE_HELP
        )
        words += ["--virtual-share", f"{share / 100:g}"]
    return (*words, *(("--freeze", freeze) if freeze else ()))


def show_audit(recipe: str, data: str, parent: str | None) -> bool:
    """What a training would make of a table; whether it may begin."""
    path = Path(data).expanduser()
    if not path.exists():
        st.error(markdown_safe(f"Found nothing at {data} on this machine, expected a manifest or a folder with one."))
        return False
    with st.spinner("Counting films and answers"):
        found = learning.audit(recipe, path, parent)
    if found.table is not None:
        st.markdown(markdown_safe(counts_sentence(found.rows, found.films, found.patients, found.parts)))
        rows = taught_rows(found.taught)
        st.dataframe(rows, hide_index=True, height="content" if len(rows) < 9 else 320, key="learn-audit")
    for one in found.findings:
        sentence = markdown_safe(f"{one.sentence[:1].upper()}{one.sentence[1:]}.")
        if one.kind == "refused":
            st.error(sentence)
        elif one.kind == "dropped":
            st.warning(sentence)
        else:
            st.caption(sentence)
    if found.may_start and found.table is not None:
        st.success("Nothing stands against this training.")
    return found.may_start


def locked_in(recipe: str, data: str) -> str:
    """The table itself where its column split keeps rows for a test, to compare versions on; otherwise nothing."""
    path = Path(data)
    return data if path.exists() and "test" in learning.audit(recipe, path).parts else ""


def begin_training(recipe: str, data: str, words: tuple[str, ...], beside: bool) -> None:
    try:
        job = jobs.start(settings().home, recipe, str(Path(data).expanduser()), words, beside)
    except (jobs.Busy, OSError) as fault:
        st.error(markdown_safe(str(fault)))
        return
    st.session_state["learn-wanted"] = job.name
    st.rerun()
