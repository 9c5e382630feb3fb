"""The Gradio face: `make space` here, and what runs on Hugging Face Spaces. The same calls as the workbench.

It keeps nothing on disk: a film's file is deleted as soon as it is read, and what a crash left behind at the next
start; there is no worklist. Open films stay in memory until their visitor has been idle for a while. Listens on
loopback unless HOST (or GRADIO_SERVER_NAME, which Spaces set) says otherwise; PORT is 7860.
"""

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import gradio as gr
from gradio.data_classes import FileDataDict
from starlette.middleware import Middleware

from core.clinical import Clinical
from core.model_facts import ModelSummary
from core.reading import Reading
from core.settings import settings
from core.system.port import complaint
from core.version import __version__
from present.colours import ACCENT, BACKGROUND, LINE, PANEL, TEXT
from present.page_style import ICON
from present.samples import SAMPLES
from present.viewer import SCRIPT, STYLE
from present.wording import AUTO, DISCLAIMER, distinct, recipe_title
from reading import PIXEL_MM, measures, models, read, ready
from report.summary import summary_of
from spaces.room import Asked, Room
from spaces.uploads import CountUploads, Uploads

# Gradio draws the template anew when a value changes; the viewer is made again only where its element is new.
_MOUNT = """
const show = () => {
  const root = element.querySelector(".film-viewer-root"), data = JSON.parse(props.value || "null");
  root.hidden = !data;
  if (!data) return;
  if (!root.firstChild) root.viewer = new FilmViewer(root);
  root.viewer.show(data);
};
watch("value", show);
show();
"""
SWEEP_S = 600  # how often uploads that were never read are swept away, and how old these are
IDLE_S = 1800  # how long a visitor's open films stay in memory after the last click
_HEADING = f"# Osteolens\nA reading room for osteoporosis on plain X-rays. **{DISCLAIMER}**"
_STYLE = (
    STYLE
    + """
.gradio-container { max-width: 1560px !important; }
.samples .grid-wrap { min-height: 0; }
#foot { opacity: 0.75; font-size: 0.85em; }
footer { opacity: 0.6; }
"""
)

UPLOADS = Uploads()


def read_film(
    film: FileDataDict,
    recipe: str = AUTO,
    age_years: float | None = None,
    sex: Literal["F", "M"] | None = None,
    bmi: float | None = None,
    pixel_mm: float | None = None,
) -> list[dict[str, Any]]:
    """Read one film: DICOM, PNG, JPEG or TIFF. Returns one object a limb or spine, as readings.jsonl holds it but for
    `path`.

    recipe: `auto`, or the name of a method. pixel_mm: edge of a pixel, for pictures without a scale.
    """
    data, name = _taken(Path(film["path"]))
    return _objects(_read(data, name, _asked(recipe, age_years, sex, bmi, pixel_mm)))


def read_sample(
    name: str,
    recipe: str = AUTO,
    age_years: float | None = None,
    sex: Literal["F", "M"] | None = None,
    bmi: float | None = None,
    pixel_mm: float | None = None,
) -> list[dict[str, Any]]:
    """Read one of the films for trying out, by its file name (see /samples)."""
    sample = next((one for one in SAMPLES if one.name == name), None)
    if sample is None:
        there = ", ".join(one.name for one in SAMPLES)
        raise gr.Error(f"There is no sample {name}; choose one of {there}", print_exception=False)
    asked = _asked(recipe, age_years, sex, bmi, pixel_mm)
    return _objects(_read(sample.path.read_bytes(), sample.name, asked))


def list_samples() -> dict[str, str]:
    """The films for trying out: file name and title."""
    return {one.name: one.title for one in SAMPLES}


def _objects(readings: list[Reading]) -> list[dict[str, Any]]:
    """Without `path`, which the caller knows: Gradio's clients take an object that has one for a file to fetch."""
    return [{key: value for key, value in one.row().items() if key != "path"} for one in readings]


# -- what the page does ---------------------------------------------------------------------------------------------


def open_uploads(room: Room, paths: list[str] | None, *person: Any) -> Iterator[list[Any]]:
    """Read uploaded films one after the other; each answer shows as soon as it is there."""
    for path in paths or ():
        data, name = _taken(Path(path))
        room = room.with_film(name, data)
        room = room.read(_asked_on_page(*person), _read, _card)
        yield [None, *_page(room)]


def open_sample(room: Room, choice: gr.SelectData, *person: Any) -> list[Any]:
    sample = SAMPLES[int(choice.index)]
    return _page(room.with_film(sample.name, sample.path.read_bytes()).read(_asked_on_page(*person), _read, _card))


def read_again(room: Room, *person: Any) -> list[Any]:
    """The film in view, with what the page now says of the patient and the method."""
    return _page(room.read(_asked_on_page(*person), _read, _card))


def look_at(room: Room, id: int | None, *person: Any) -> list[Any]:
    return read_again(room if id is None else room.looking_at(id), *person)


def close_film(room: Room, *person: Any) -> list[Any]:
    return read_again(room.without_opened(), *person)


def _page(room: Room) -> list[Any]:
    """What changes on the page: the films, their list, the viewer, the panel, the JSON, the button that closes."""
    titles = distinct([one.name for one in room.films])
    choices = [(f"{title}: {one.shown.verdict}", one.id) for title, one in zip(titles, room.films, strict=True)]
    several = gr.update(choices=choices, value=room.opened, visible=len(choices) > 1)
    shown = room.shown
    return [room, several, shown.viewer, shown.answer, shown.lines, gr.update(visible=bool(choices))]


def _taken(path: Path) -> tuple[bytes, str]:
    """The bytes and the name of an upload. A client may name any path: only the folder of uploads is read from."""
    if not path.resolve().is_relative_to(Path(os.environ["GRADIO_TEMP_DIR"]).resolve()):
        raise gr.Error("The film is not an upload; please send it as a file.", print_exception=False)
    try:
        return UPLOADS.take(path)
    except OSError as error:
        raise gr.Error("The upload is no longer on the server; please send the film again.") from error


def _asked_on_page(recipe: str, age: str, sex: str, bmi: str, pixel_mm: str) -> Asked:
    person = _number("Age", age), {"Female": "F", "Male": "M"}.get(sex), _number("BMI", bmi)
    # Where no density is measured the field is hidden, and what was typed into it before does not apply.
    return _asked(recipe, *person, _number("The edge of a pixel", pixel_mm) if measures(recipe) else None)


def _number(what: str, typed: str) -> float | None:
    """A number as typed, with a decimal point or comma; None where nothing is."""
    try:
        return float(typed.replace(",", ".")) if typed and typed.strip() else None
    except ValueError as error:
        raise gr.Error(f"{what} is {typed!r}, expected a number or nothing", print_exception=False) from error


def _asked(recipe: str, age: float | None, sex: str | None, bmi: float | None, pixel_mm: float | None) -> Asked:
    """Raises gr.Error, in one sentence, for what cannot be."""
    low, high = PIXEL_MM
    if pixel_mm is not None and not low <= pixel_mm <= high:
        raise gr.Error(f"The edge of a pixel is {pixel_mm:g} mm, expected {low:g} to {high:g}", print_exception=False)
    try:
        return Asked(recipe, Clinical(age, sex, bmi), pixel_mm)  # type: ignore[arg-type]
    except ValueError as wrong:
        raise gr.Error(str(wrong), print_exception=False) from wrong


def _read(data: bytes, name: str, asked: Asked) -> list[Reading]:
    try:
        return read(data, name, recipe=asked.recipe, clinical=asked.clinical, pixel_mm=asked.pixel_mm)
    except ValueError as wrong:  # a recipe that is not here
        raise gr.Error(str(wrong), print_exception=False) from wrong


def _card(reading: Reading) -> ModelSummary | None:
    """What is known of the bundle that answered."""
    model = reading.model
    known = {(card.name, card.version): card for card in map(summary_of, models())}
    return known.get((model.name, model.version)) if model else None


# -- the page -------------------------------------------------------------------------------------------------------


def build() -> gr.Blocks:
    """The page and the API. Uploads that are never read, and films of visitors who left, go within ten minutes."""
    with gr.Blocks(title="Osteolens", analytics_enabled=False, delete_cache=(SWEEP_S, SWEEP_S)) as page:
        gr.Markdown(_HEADING)
        room = gr.State(Room(), time_to_live=IDLE_S)
        with gr.Row():
            with gr.Column(scale=3, min_width=260):
                film = gr.File(label="Films: DICOM, PNG, JPEG or TIFF", height=170, file_count="multiple")
                films = gr.Radio([], label="Open films", visible=False, elem_id="films")
                close = gr.Button("Close this film", size="sm", visible=False)
                gr.Markdown(
                    "Or open a film for trying out: hips and spines of virtual patients, drawn knees. "
                    "None shows a person."
                )
                samples = gr.Gallery(
                    [(str(sample.preview), sample.title) for sample in SAMPLES],
                    show_label=False, columns=2, height="auto", allow_preview=False, object_fit="cover",
                    interactive=False, buttons=[],
                )  # fmt: skip
                titles = {one.name: one.title for one in ready()}
                recipe = gr.Dropdown(
                    [(recipe_title(name, titles), name) for name in (AUTO, *titles)], value=AUTO, label="Method"
                )
                scale = gr.Textbox(
                    "", label="Edge of a pixel, mm", placeholder="as the file says", visible=False, max_lines=1,
                    info="For pictures without a scale: millimetres of a marker over its pixels.",
                )  # fmt: skip
                recipe.change(lambda name: gr.update(visible=measures(name)), recipe, scale, api_visibility="private")
                with gr.Accordion("About the patient (optional)", open=False):
                    # Text, not numbers: an empty number comes back as 0 once the panel has been opened.
                    age = gr.Textbox("", label="Age, years", placeholder="not known", max_lines=1)
                    sex = gr.Dropdown(["not known", "Female", "Male"], value="not known", label="Sex")
                    bmi = gr.Textbox("", label="BMI, kg/m²", placeholder="not known", max_lines=1)
            with gr.Column(scale=6, min_width=340):
                viewer = gr.HTML(
                    "", html_template='<div class="film-viewer-root"></div>', js_on_load=SCRIPT + _MOUNT,
                    apply_default_css=False, elem_id="viewer",
                )  # fmt: skip
            with gr.Column(scale=5, min_width=320):
                answer = gr.HTML("", apply_default_css=False, elem_id="answer")
                with gr.Accordion("The reading as JSON", open=False):
                    line = gr.Code("", language="json", label="reading", wrap_lines=True, interactive=False)
        gr.Markdown(f"Osteolens {__version__}. {DISCLAIMER}", elem_id="foot")
        shown, person = [room, films, viewer, answer, line, close], [recipe, age, sex, bmi, scale]
        private: Any = {"api_visibility": "private"}
        film.upload(open_uploads, [room, film, *person], [film, *shown], **private)
        samples.select(open_sample, [room, *person], shown, **private)
        # What is asked while an answer is still on its way is asked afterwards, not dropped.
        films.input(look_at, [room, films, *person], shown, trigger_mode="always_last", **private)
        close.click(close_film, [room, *person], shown, **private)
        typed = [event for field in (age, bmi, scale) for event in (field.submit, field.blur)]
        gr.on(
            [recipe.input, sex.input, *typed], read_again, [room, *person], shown,
            trigger_mode="always_last", **private,
        )  # fmt: skip
        gr.api(read_film, api_name="read")
        gr.api(read_sample, api_name="sample")
        gr.api(list_samples, api_name="samples")
    return page


def _theme() -> gr.themes.Base:
    fonts = ("Source Sans 3", "Source Sans Pro", "system-ui", "sans-serif")  # of the machine: none is fetched
    same = {
        "body_background_fill": BACKGROUND, "background_fill_primary": BACKGROUND, "background_fill_secondary": PANEL,
        "block_background_fill": PANEL, "block_border_color": LINE, "border_color_primary": LINE,
        "input_background_fill": BACKGROUND, "body_text_color": TEXT, "button_primary_background_fill": ACCENT,
    }  # fmt: skip
    both = same | {f"{name}_dark": value for name, value in same.items()}
    return gr.themes.Base(font=fonts, font_mono=("ui-monospace", "monospace")).set(**both)


def _make_upload_folder(port: str) -> Path:
    """Where Gradio puts uploads: a folder for this account and this server alone, emptied of what a crash left."""
    folder = Path(os.environ.get("GRADIO_TEMP_DIR") or settings().home) / f"uploads-{port}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    return folder


def main() -> None:
    logging.basicConfig(level=settings().log_level)
    host = os.environ.get("HOST") or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    port = os.environ.get("PORT") or os.environ.get("GRADIO_SERVER_PORT") or "7860"
    if sentence := complaint(host, port, "PORT"):
        sys.exit(sentence)
    folder = _make_upload_folder(port)
    page = build()
    UPLOADS.keep(folder.rglob("*"))  # the previews of the samples
    page.launch(
        server_name=host,
        server_port=int(port),
        theme=_theme(),
        css=_STYLE,
        js="() => document.body.classList.add('dark')",  # a reading room is dark, whatever the visitor's system is
        favicon_path=ICON,
        max_file_size=int(settings().max_megabytes * 1e6),
        footer_links=[],
        app_kwargs={"middleware": [Middleware(CountUploads, uploads=UPLOADS)]},
        share=False,
        ssr_mode=False,
    )


if __name__ == "__main__":
    main()
