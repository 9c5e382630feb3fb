"""The film viewer as a Streamlit element."""

import streamlit as st

from core.reading import Reading
from present.viewer import SCRIPT, STYLE, viewer_data

# Streamlit calls this each time the screen is drawn; the viewer keeps its zoom and window as long as the film stays.
_MOUNT = """
const viewers = new WeakMap();
export default function ({ data, parentElement }) {
  let viewer = viewers.get(parentElement);
  if (!viewer) {
    const root = parentElement.querySelector(".film-viewer-root");
    viewers.set(parentElement, (viewer = new FilmViewer(root)));
  }
  viewer.show(data);
  return () => { viewer.close(); viewers.delete(parentElement); };
}
"""

_viewer = st.components.v2.component(
    "osteolens_film_viewer", html='<div class="film-viewer-root"></div>', css=STYLE, js=SCRIPT + _MOUNT
)


def film_viewer(reading: Reading, key: str) -> None:
    """Show the reading's film, its explanation map and outlines. Nothing comes back: it all happens in the browser."""
    _viewer(data=viewer_data(reading), key=key)
