"""The Gradio face: `make space` here, and what runs on Hugging Face Spaces. The same calls as the workbench.

It keeps nothing: a film's file is deleted as soon as it is read, and there is no worklist. Listens on loopback unless
HOST (or GRADIO_SERVER_NAME, which Spaces set) says otherwise; PORT is 7860.
"""

import json
import logging
import os
import sys
from pathlib import Path

import gradio as gr

from core.clinical import Clinical
from core.model_facts import ModelSummary
from core.port import complaint
from core.reading import Reading
from core.settings import settings
from present.answer import film_html
from present.colours import ACCENT, BACKGROUND, LINE, PANEL, TEXT
from present.download import json_lines
from present.page_style import ICON
from present.samples import SAMPLES
from present.viewer import SCRIPT, STYLE, viewer_data
from present.wording import AUTO, DISCLAIMER, recipe_title, shown_name
from reading import PIXEL_MM, measures, models, read, ready
from report.summary import summary_of

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
_HEADING = f"# Osteolens\nA reading room for osteoporosis on plain X-rays. **{DISCLAIMER}**"
_STYLE = (
    STYLE
    + """
.gradio-container { max-width: 1560px !important; }
.samples .grid-wrap { min-height: 0; }
footer { opacity: 0.6; }
"""
)

Shown = tuple[str, str, str]  # the viewer's data, the answer, the line of JSON


def read_upload(
    path: str | None,
    age: float | None,
    sex: str | None,
    bmi: float | None,
    recipe: str = AUTO,
    pixel_mm: float | None = None,
) -> Shown:
    """Read an uploaded film and delete its file, whatever comes of it. Raises gr.Error for impossible values."""
    if path is None:
        return "", "", ""
    file = Path(path)
    try:
        data = file.read_bytes()
    finally:
        file.unlink(missing_ok=True)
    return _show(data, shown_name(file.name), age, sex, bmi, recipe, pixel_mm)


def read_sample(
    choice: gr.SelectData,
    age: float | None,
    sex: str | None,
    bmi: float | None,
    recipe: str = AUTO,
    pixel_mm: float | None = None,
) -> Shown:
    sample = SAMPLES[int(choice.index)]
    return _show(sample.path.read_bytes(), sample.name, age, sex, bmi, recipe, pixel_mm)


def _show(
    data: bytes,
    name: str,
    age: float | None,
    sex: str | None,
    bmi: float | None,
    recipe: str,
    pixel_mm: float | None,
) -> Shown:
    scale = pixel_mm if measures(recipe) else None  # elsewhere the field is hidden, and what stands in it counts not
    low, high = PIXEL_MM
    if scale is not None and not low <= scale <= high:
        raise gr.Error(f"The edge of a pixel is {scale:g} mm, expected {low:g} to {high:g}", print_exception=False)
    try:
        clinical = Clinical(age, "F" if sex == "Female" else "M" if sex == "Male" else None, bmi)
    except ValueError as wrong:
        raise gr.Error(str(wrong), print_exception=False) from wrong
    readings = read(data, name, recipe=recipe, clinical=clinical, pixel_mm=scale)
    return json.dumps(viewer_data(readings)), film_html(readings, _card), json_lines(readings)


def _card(reading: Reading) -> ModelSummary | None:
    """What is known of the bundle that answered."""
    model = reading.model
    known = {(card.name, card.version): card for card in map(summary_of, models())}
    return known.get((model.name, model.version)) if model else None


def build() -> gr.Blocks:
    """The page. Uploaded files that a lost connection left behind are swept away every ten minutes."""
    with gr.Blocks(title="Osteolens", analytics_enabled=False, delete_cache=(600, 600)) as page:
        gr.Markdown(_HEADING)
        with gr.Row():
            with gr.Column(scale=3, min_width=260):
                film = gr.File(label="A film: DICOM, PNG, JPEG or TIFF", height=170)
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
                    [(recipe_title(name, titles), name) for name in (AUTO, *titles)], value=AUTO, label="Read as"
                )
                scale = gr.Number(
                    None, label="Edge of a pixel, mm", placeholder="as the file says", visible=False,
                    info="For pictures without a scale: millimetres of a marker over its pixels.",
                )  # fmt: skip
                recipe.change(lambda name: gr.update(visible=measures(name)), recipe, scale, api_visibility="private")
                with gr.Accordion("About the person (optional)", open=False):
                    age = gr.Number(None, label="Age, years", placeholder="not known")
                    sex = gr.Dropdown(["not known", "Female", "Male"], value="not known", label="Sex")
                    bmi = gr.Number(None, label="BMI, kg/m²", placeholder="not known")
            with gr.Column(scale=6, min_width=340):
                viewer = gr.HTML(
                    "", html_template='<div class="film-viewer-root"></div>', js_on_load=SCRIPT + _MOUNT,
                    apply_default_css=False, elem_id="viewer",
                )  # fmt: skip
            with gr.Column(scale=4, min_width=320):
                answer = gr.HTML("", apply_default_css=False, elem_id="answer")
                with gr.Accordion("The reading as JSON", open=False):
                    line = gr.Code("", language="json", label="reading", wrap_lines=True, interactive=False)
        shown, person = [viewer, answer, line], [age, sex, bmi, recipe, scale]
        film.upload(read_upload, [film, *person], shown, api_name="read")
        film.clear(lambda: ("", "", ""), None, shown, api_visibility="private")
        samples.select(read_sample, person, shown, api_visibility="private")
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


def main() -> None:
    logging.basicConfig(level=settings().log_level)
    host = os.environ.get("HOST") or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    port = os.environ.get("PORT") or os.environ.get("GRADIO_SERVER_PORT") or "7860"
    if sentence := complaint(host, port, "PORT"):
        sys.exit(sentence)
    build().launch(
        server_name=host,
        server_port=int(port),
        theme=_theme(),
        css=_STYLE,
        js="() => document.body.classList.add('dark')",  # a reading room is dark, whatever the visitor's system is
        favicon_path=ICON,
        max_file_size=int(settings().max_megabytes * 1e6),
        footer_links=[],
        share=False,
        ssr_mode=False,
    )


if __name__ == "__main__":
    main()
