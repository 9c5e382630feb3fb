"""The models: which version of each reads here, what it was trained on, and how it was evaluated."""

from collections.abc import Mapping, Sequence
from textwrap import shorten

import streamlit as st

from learning import ControlRate, LedgerFault, control_arm
from pages.parts.champion import show_versions
from pages.parts.entrance import stay_inside
from pages.parts.intervals import STILL, intervals
from present.choosing import control_sentence
from present.wording import markdown_safe
from reading import models, versions
from recipes.facts import facts_of
from report.screen import Intervals, Section, ShownModel, Table, screen_rows, shown_model

LEARNED_CHARS = 120  # of what a model learned from, in the table; its card has the rest


def show_model(model: ShownModel, arms: Sequence[ControlRate]) -> None:
    st.caption(model.caption)
    about, figures = st.columns([4, 7], gap="large")
    with about:
        for title, said in model.about.items():
            st.markdown(f"**{title}.** {markdown_safe(said)}")
    with figures:
        if model.measured is None:
            st.warning("This model has not been evaluated.")
        else:
            st.markdown(markdown_safe(model.measured))
        for arm in arms:
            st.markdown(markdown_safe(control_sentence(arm)))
        if model.intervals:
            show_intervals(model.intervals, model.key)
        for section in model.sections:
            with st.expander(section.title, expanded=section is model.sections[0] and not model.intervals):
                show_section(section)
    with st.expander("Data and training"):
        st.table(dict(model.details), border="horizontal")


def show_intervals(plots: Sequence[Intervals], key: str) -> None:
    measures = list(dict.fromkeys(measure for plot in plots for measure in plot.measures))
    measure = measures[0]
    if len(measures) > 1:
        measure = st.segmented_control("Measure", measures, default=measure, required=True, key=f"measure-{key}")
    for number, plot in enumerate(plots):
        st.markdown(f"**{plot.title}**")
        drawn = intervals(plot.measures[measure], f"{measure}, with 95 % interval")
        st.plotly_chart(drawn, config=STILL, key=f"{key}-{number}")


def show_section(section: Section) -> None:
    for block in section.blocks:
        if isinstance(block, Table):
            st.dataframe(screen_rows(block), hide_index=True)
        elif isinstance(block, str):
            st.markdown(markdown_safe(block))


def show_overview(by_recipe: Mapping[str, Mapping[str, ShownModel]], now: Mapping[str, str]) -> None:
    """Every model in a line: what it answers, which version reads, how good it is, what it learned from."""
    lines = []
    for recipe, shown in by_recipe.items():
        first = leading(shown, now.get(recipe))
        model = shown[first]
        lines.append(
            {
                "Answers": f"**{markdown_safe(model.title)}**",
                "Reads now": markdown_safe(now.get(recipe, "none")),
                "Evaluation": markdown_safe(model.measured or "Not evaluated."),
                "Training data": markdown_safe(shorten(model.about["Training data"], LEARNED_CHARS, placeholder=" …")),
            }
        )
    st.table(lines, border="horizontal", hide_index=True)


def leading(shown: Mapping[str, ShownModel], reads: str | None) -> str:
    """The version that reads; where none does, the newest."""
    return reads if reads is not None and reads in shown else list(shown)[-1]


stay_inside("pages/models.py")
st.title("Models")
now = versions()
try:
    arms = control_arm()
except LedgerFault:  # the Worklist page says what is wrong with it
    arms = []
found: dict[str, dict[str, ShownModel]] = {}
for one in models():
    card = shown_model(facts_of(one), one.get("evidence") or {})
    found.setdefault(one["name"], {})[f"{one['name']}@{one['version']}"] = card
if found:
    show_overview(found, now)
    titles = {recipe: next(iter(shown.values())).title for recipe, shown in found.items()}
    recipe = st.selectbox("Model", list(found), format_func=lambda name: titles[name], key="model")
    shown, reads = found[recipe], now.get(recipe)
    first = leading(shown, reads)
    st.header(titles[recipe], divider="gray")
    show_versions(recipe, reads, {one: one for one in shown})
    show_model(shown[first], [arm for arm in arms if arm.model == first])
    for name, model in shown.items():
        if name != first and st.toggle(f"Show the card of {name}", key=f"card-{name}"):
            show_model(model, [arm for arm in arms if arm.model == name])
else:
    st.html(
        '<div class="no-film"><b>No model is installed</b><br>Models belong in the folder weights, or where '
        "OSTEOLENS_WEIGHTS points. python cli.py train makes one.</div>"
    )
