"""The film viewer as a Streamlit element."""

from typing import Any

import streamlit as st

from present.viewer import SCRIPT, STYLE

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


def film_viewer(data: dict[str, Any], key: str) -> None:
    """Show what `viewer_data` packed. Nothing comes back: zoom, window and level all happen in the browser."""
    _viewer(data=data, key=key)
