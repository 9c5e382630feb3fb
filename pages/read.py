"""Read films: drop them, look at them, see the answer, hand the hard ones to an expert."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

import learning
from core.clinical import Clinical, Sex
from core.model_facts import ModelSummary
from core.reading import Reading
from learning import LedgerFault, WorklistEntry
from pages.parts.entrance import stay_inside
from pages.parts.film_viewer import film_viewer
from pages.parts.session import Film, Key, Session, session
from present.answer import answer_html
from present.download import download_name, json_lines
from present.samples import SAMPLES
from present.thumbnail import thumbnail_url
from present.waiting import in_worklist_sentence
from present.wording import (
    AUTO,
    distinct,
    film_verdict,
    headline,
    limb_title,
    markdown_safe,
    recipe_title,
    shown_name,
    state_title,
    step_title,
)
from reading import PIXEL_MM, measures, ready, versions
from report.summary import summary_of

PICTURE = '<img src="{}" width="80" alt="" style="display: block">'  # the button below it says what it is


@st.cache_data(show_spinner=False)
def preview_of(name: str) -> str:
    return next(thumbnail_url(sample.preview.read_bytes(), longest=160) for sample in SAMPLES if sample.name == name)


def collect_films(state: Session) -> list[Film]:
    uploads = st.file_uploader(
        "Films",
        accept_multiple_files=True,
        help="DICOM, PNG, JPEG or TIFF, told apart by content, whatever their names end in. Films stay on this "
        "machine; of a film that is not sent to the worklist nothing is kept.",
    )
    st.caption("Or open a film for trying out: hips and spines of virtual patients, drawn knees. None shows a person.")
    with st.container(horizontal=True, gap="xsmall", key="samples"):
        for sample in SAMPLES:
            with st.container(width=80, gap="xsmall"):
                st.html(PICTURE.format(preview_of(sample.name)))
                if st.button(sample.title, key=f"sample-{sample.name}", width="stretch"):
                    state.samples = [*(name for name in state.samples if name != sample.name), sample.name]
                    st.session_state.opened = f"sample-{sample.name}"
    opened = [sample for sample in SAMPLES if sample.name in state.samples]
    return [Film(f"upload-{file.file_id}", shown_name(file.name), file.getvalue()) for file in uploads] + [
        Film(f"sample-{sample.name}", sample.name, sample.path.read_bytes()) for sample in opened
    ]


def collect_clinical() -> Clinical:
    with st.expander("About the patient (optional)"):
        st.caption("Leave empty what is not known. Applies to all films below.")
        age = st.number_input("Age, years", 0.0, 120.0, None, 1.0, format="%.0f", placeholder="not known")
        sexes: tuple[Sex, ...] = ("F", "M")
        sex = st.selectbox("Sex", sexes, None, {"F": "Female", "M": "Male"}.__getitem__, placeholder="not known")
        bmi = st.number_input("BMI, kg/m²", 8.0, 100.0, None, 0.5, format="%.1f", placeholder="not known")
    return Clinical(age_years=age, sex=sex, bmi=bmi)


def collect_recipe() -> str:
    """How films are to be read: by what they show, or with one recipe whatever they show."""
    titles = {one.name: one.title for one in ready()}
    return st.selectbox(
        "Method",
        [AUTO, *titles],
        format_func=lambda name: recipe_title(name, titles),
        help="With one recipe chosen, a film that its file says shows another part of the body is refused.",
    )


def collect_scale(recipe: str) -> float | None:
    """The edge of a pixel in mm, asked for only where densities are measured."""
    if not measures(recipe):
        return None
    return st.number_input(
        "Edge of a pixel, mm",
        *PIXEL_MM,
        None,
        0.01,
        format="%.3f",
        placeholder="as the file says",
        help="For pictures without a scale: measure a marker of known size on the film and divide its millimetres by "
        "its pixels. It applies to all films below, in place of what their files say.",
    )


def read_all(
    films: Sequence[Film], clinical: Clinical, recipe: str, pixel_mm: float | None, state: Session
) -> dict[str, list[Reading]]:
    """Every film's readings by film. Hard cases go to the worklist as soon as their film is read."""
    unread = [film for film in films if state.key(film, clinical, recipe, pixel_mm) not in state.readings]
    progress = st.progress(0.0) if unread else None
    readings = {}
    for film in films:
        if progress is not None and film in unread:
            place = unread.index(film)
            progress.progress(place / len(unread), f"Reading {place + 1} of {len(unread)}: {markdown_safe(film.name)}")
        key = state.key(film, clinical, recipe, pixel_mm)
        readings[film.id] = state.reading_of(
            film, key, lambda data, name: _read(data, name, clinical, recipe, pixel_mm)
        )
        with suppress(LedgerFault, OSError):  # said beside the answer, which stands all the same
            offer(key, readings[film.id], state)
    if progress is not None:
        progress.empty()
    return readings


def offer(key: Key, readings: Sequence[Reading], state: Session) -> None:
    """Hard cases of a film go to the worklist here, each once."""
    if key not in state.listed:
        for reading in readings:
            learning.enqueue(reading)
        state.listed.add(key)


def _read(data: bytes, name: str, clinical: Clinical, recipe: str, pixel_mm: float | None) -> list[Reading]:
    from reading import read  # brings the networks' library, seconds on a cold start: not before there is a film

    return read(data, name, recipe=recipe, clinical=clinical, pixel_mm=pixel_mm)


def choose(films: Sequence[Film], readings: dict[str, list[Reading]], state: Session) -> Film:
    """The film to show: the one clicked on, and a film just put in before any other."""
    known = {film.id: film for film in films}
    fresh = [id for id in known if id not in state.known]
    state.known = set(known)
    if fresh and st.session_state.get("opened") not in fresh:  # a sample just clicked on is chosen already
        st.session_state.opened = fresh[0]
    elif st.session_state.get("opened") not in known:
        st.session_state.opened = films[-1].id
    if len(films) > 1:
        titles = dict(zip(known, distinct([film.name for film in films]), strict=True))
        st.radio(
            "Opened films",
            list(known),
            key="opened",
            format_func=lambda id: markdown_safe(titles[id]),
            captions=[markdown_safe(film_verdict(readings[id])) for id in known],
        )
    return known[st.session_state.opened]


def choose_limb(limbs: Sequence[Reading]) -> int:
    """Which limb's answer to show; asked only where there are several."""
    if len(limbs) == 1:
        return 0
    titles = distinct([f"{limb_title(limb)}: {headline(limb).lower()}" for limb in limbs])
    numbers = range(len(limbs))
    return st.segmented_control(
        "Limb", numbers, default=0, format_func=lambda at: titles[at], required=True, label_visibility="collapsed",
        key=f"limb-{limbs[0].case_id}",
    )  # fmt: skip


def show_former_version(reading: Reading, state: Session) -> None:
    """A reading that is kept from before another version was promoted says so, and can be made again."""
    if reading.model is None or reading.recipe is None:
        return
    now, came_from = versions().get(reading.model.name), f"{reading.model.name}@{reading.model.version}"
    if now is None or now == came_from:
        return
    st.warning(f"Read with {came_from}. {now} reads films by now.")
    if st.button("Read again", width="stretch"):
        state.forget_readings()
        st.rerun()


def show_answer(readings: Sequence[Reading], reading: Reading, state: Session) -> None:
    st.html(answer_html(reading, card_of(reading)))
    show_former_version(reading, state)
    if reading.status == "read":
        try:
            show_worklist_state(reading, readings)
        except LedgerFault as fault:
            st.warning(str(fault))
        except OSError as fault:
            why = fault.strerror or type(fault).__name__
            st.warning(
                f"The film cannot be kept for the worklist ({why}); free space under OSTEOLENS_HOME, or move it."
            )
    st.download_button(
        "Download the reading (JSON)",
        json_lines(readings),
        download_name(readings),
        "application/jsonl",
        on_click="ignore",
        width="stretch",
    )
    with st.expander("Timings and facts of the film"):
        show_facts(reading)


@st.cache_data(ttl=60, show_spinner=False)
def cards(shelf: tuple[str, ...]) -> dict[tuple[str, str], ModelSummary]:
    """What is known of each bundle, by name and version. shelf: the versions that read, so that one promoted a moment
    ago is known."""
    from reading import models

    return {(card.name, card.version): card for card in map(summary_of, models())}


def card_of(reading: Reading) -> ModelSummary | None:
    return cards(tuple(versions().values())).get((reading.model.name, reading.model.version)) if reading.model else None


def show_worklist_state(reading: Reading, readings: Sequence[Reading]) -> None:
    """Where the film stands in the worklist, or the way there. The expert is asked about every limb on it."""
    assert reading.case_id is not None
    assert reading.recipe is not None
    entry = learning.ledger().entry(reading.case_id, reading.recipe)
    if entry is None:
        if st.button("Send to the worklist", width="stretch", help="Ask an expert about this film"):
            for one in readings:
                if one.status == "read":
                    learning.enqueue(one, reason="requested")
            st.rerun()
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"{in_worklist_sentence(reading, entry.reasons)} {state_title(entry.state)}.{task_link(entry)}")
        st.page_link("pages/worklist.py", label="Go to the worklist")


def task_link(entry: WorklistEntry) -> str:
    if entry.task_id is None:
        return ""
    link = next((one.link for one in learning.worklist(entry.state) if one.id == entry.id), None)
    return f" [Open its task]({link})." if link else ""


def show_facts(reading: Reading) -> None:
    film = reading.radiograph
    facts = {}
    if film is not None:
        taking = film.acquisition
        facts = {
            "Case": film.case_id,
            "Size": f"{film.width} x {film.height} px",
            "Pixel": f"{film.spacing_mm[0]:.3g} x {film.spacing_mm[1]:.3g} mm ({film.spacing_origin})"
            if film.spacing_mm
            else "size not known",
            "Format": taking.encoding or "not known",
            "Made by": " ".join(filter(None, (taking.manufacturer, taking.model))) or "not known",
            "Tube voltage": f"{taking.kvp:g} kV" if taking.kvp else "not known",
        }
    facts = {name: markdown_safe(value) for name, value in facts.items()}  # tables take Markdown, tags may hold any
    facts |= {step_title(step): f"{value:.0f} ms" for step, value in reading.timing_ms.items()}
    st.table(facts, border="horizontal")


stay_inside("pages/read.py")
st.title("Read a film")
state = session()
rail, stage, answer = st.columns([2.6, 6.2, 4], gap="medium")
with rail:
    films = collect_films(state)
    recipe = collect_recipe()
    pixel_mm = collect_scale(recipe)
    clinical = collect_clinical()
    state.forget_all_but(films)
if films:
    keys = {film.id: state.key(film, clinical, recipe, pixel_mm) for film in films}
    with stage:
        readings = read_all(films, clinical, recipe, pixel_mm, state)
    with rail:
        film = choose(films, readings, state)
    limbs = readings[film.id]
    with answer:
        show_answer(limbs, limbs[choose_limb(limbs)], state)
    with stage:
        packed = state.packed_film(keys[film.id])
        if packed is not None:
            film_viewer(packed, key=f"viewer-{film.id}")
        else:
            st.html('<div class="no-film refused">No film to show</div>')
else:
    with stage:
        st.html(
            '<div class="no-film"><b>No film is open</b><br>Drop one into the box, or click a sample.<br>'
            "It is read on this machine, within seconds, and nothing of it leaves.</div>"
        )
