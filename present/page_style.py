"""What the workbench's pages look like beyond Streamlit's own theme."""

from pathlib import Path

LOGO = str(Path(__file__).resolve().parent / "logo.svg")
ICON = str(Path(__file__).resolve().parent / "icon.png")

PAGE_STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding: 4.6rem 2rem 2rem; max-width: 1720px; }
[data-testid="stMainBlockContainer"] h1 { padding: 0.2rem 0 0.6rem; letter-spacing: -0.01em; }
.st-key-samples { max-width: 280px; }
.st-key-samples img { border-radius: 4px; border: 1px solid #2b343d; background: #000; height: 100px; width: 80px;
  object-fit: cover; }
.st-key-samples button { padding: 0 0.3rem; min-height: 1.9rem; }
.st-key-samples button p { font-size: 0.82rem; white-space: nowrap; }
.st-key-samples [data-testid="stElementToolbar"] { display: none; }
.no-film { display: grid; place-content: center; text-align: center; min-height: clamp(240px, 60vh, 640px);
  background: #000; border: 1px solid #2b343d; border-radius: 6px; color: #93a1ad; padding: 1.5rem; line-height: 1.7; }
.no-film b { color: #dbe2e8; font-weight: 600; }
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding: 4.2rem 1rem 1.5rem; }
  .no-film { min-height: 200px; }
  .no-film.refused { display: none; }
}
</style>"""
