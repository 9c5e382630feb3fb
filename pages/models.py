"""The models: which bundles answer here, what they learned from, and how good they were found to be."""

from collections.abc import Sequence

import streamlit as st

from anatomy.find import JOINTS
from pages.parts.entrance import stay_inside
from present.figures import STILL, intervals
from present.measured import Figure
from present.model_card import FIGURES, ModelCard, density_figures_sentence, found_sentence, model_card
from present.wording import class_title, markdown_safe, network_title, score_title, view_title, voices_sentence
from reading import models
from recipes import LEARNERS, learner


def show_bundle(card: ModelCard) -> None:
    recipe = learner(card.name) if card.name in LEARNERS else None
    st.header(recipe.title if recipe else card.name, divider="gray")
    st.caption(f"Bundle {card.name}, version {card.version}" + (f". Paper: {recipe.paper}." if recipe else "."))
    what, figures = st.columns([4, 7], gap="large")
    with what:
        st.markdown(f"**Learned from.** {markdown_safe(card.learned_from) or 'The bundle does not say.'}")
        st.markdown(f"**For.** {markdown_safe(card.intended_use) or 'The bundle does not say.'}")
        if card.candidates:
            st.markdown(f"**Networks.** {'; '.join(map(network_title, card.candidates))}.")
        if card.voices:
            st.markdown(f"**Voices.** {voices_sentence(card.voices)}")
        if card.outliners:
            does = "Finds by" if card.found or card.bodies else "Outlines by"
            st.markdown(f"**{does}.** {'; '.join(map(network_title, card.outliners))}.")
        st.markdown(what_it_answers(card))
        if card.coverage is not None:
            st.markdown(f"**Sets.** Its sets of classes are made to hold the true one in {card.coverage * 100:.0f} %.")
        if recipe and recipe.simplifications:
            simpler = "; ".join(recipe.simplifications)
            st.markdown(f"**Simpler than the paper.** {simpler[0].upper()}{simpler[1:]}.")
    with figures:
        show_figures(card)
    with st.expander("Data and origin"):
        facts = {**card.data, **card.provenance}
        rows = {name.replace("_", " ").capitalize(): str(value) for name, value in facts.items()}
        st.table(rows, border="horizontal")


def what_it_answers(card: ModelCard) -> str:
    """Classes, questions or views, for Markdown."""
    if card.scored:
        questions = dict.fromkeys(score_title(one.score) for one in card.scored)
        return f"**Questions.** {', '.join(questions)}: yes or no."
    if card.views:
        return f"**Views.** {'; '.join(map(view_title, card.labels))}."
    classes = ", ".join(map(class_title, card.labels))
    return f"**Classes.** {classes or 'None: it says where a limb lies, for other bundles to read'}."


def show_figures(card: ModelCard) -> None:
    if card.found:
        st.markdown(found_sentence(card))
        st.dataframe(card.landmarks(), hide_index=True)
        joint = JOINTS[learner(card.name).site]
        origin, unit = (name.replace("_", " ") for name in (joint.needed[0], joint.unit))
        st.caption(f"Errors are shares of the distance from {origin} to {unit}, about {joint.unit_mm} mm in an adult.")
        return
    if card.scored:
        show_scores(card)
        return
    if card.views:
        st.markdown(card.views_said)
        st.dataframe(card.views, hide_index=True)
        st.caption("Surely wrong: another view told with 80 % and more, or by a distance beyond any learned from.")
        return
    if card.densities:
        st.markdown(density_figures_sentence(card))
        st.dataframe(card.densities_measured(), hide_index=True)
        return
    if not card.parts:
        st.warning("This bundle brings no measured figures, so nothing is known of how good it is.")
        return
    name = st.segmented_control(
        "Figure", list(FIGURES), default="balanced_accuracy", format_func=FIGURES.__getitem__, required=True,
        key=f"figure-{card.name}-{card.version}",
    )  # fmt: skip
    for part in card.parts:
        show_intervals(part.title, part.figures(name), FIGURES[name], f"{card.name}-{card.version}-{part.name}")
    with st.expander("By class, the networks together"):
        for part in card.parts:
            st.markdown(f"**{part.title}**")
            st.dataframe(part.classes(), hide_index=True)
    outlined = [part for part in card.parts if part.outlines]
    if outlined:
        with st.expander("How well the outlines lie, by region"):
            for part in outlined:
                st.markdown(f"**{part.title}**")
                st.dataframe(part.outlined(), hide_index=True)


def show_intervals(title: str, figures: Sequence[Figure], what: str, key: str) -> None:
    st.markdown(f"**{title}**")
    st.plotly_chart(intervals(figures, f"{what}, with 95 % interval"), config=STILL, key=key)


def show_scores(card: ModelCard) -> None:
    for one in card.scored:
        show_intervals(one.title, one.areas(), "AUROC", f"{card.name}-{card.version}-{one.part}-{one.score}")
    with st.expander("Sensitivity, specificity and predictive values"):
        for one in card.scored:
            st.markdown(f"**{one.title}**")
            st.dataframe(one.rows(), hide_index=True)
    if card.bodies:
        st.markdown("**Vertebral bodies, found and graded**")
        st.dataframe(card.bodies, hide_index=True)


stay_inside("pages/models.py")
st.title("Models")
cards = [model_card(description) for description in models()]
for card in cards:
    show_bundle(card)
if not cards:
    st.html(
        '<div class="no-film"><b>No model is installed</b><br>Bundles belong in the folder weights, or where '
        "OSTEOLENS_WEIGHTS points. python cli.py train makes one.</div>"
    )
