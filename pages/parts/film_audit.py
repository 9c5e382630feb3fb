"""The films themselves, before a training: an audit that is begun here, what it found, and its report to keep."""

import json
from pathlib import Path

import streamlit as st

import auditing
from core.settings import settings
from core.titles import capital
from present.wording import markdown_safe

HELP = (
    "Reads every film once. Finds copies, films under two labels, patients in two parts, labels that size or age give "
    "away, and files that cannot be read. A second or less a film; stopped, it goes on."
)
SHOWN = 6  # findings that are said here; the report has all


def film_audit(data: Path) -> None:
    """Offer an audit of the films; show what the last one found."""
    out = auditing.folder_of(settings().home, data)
    if st.button("Audit the films", help=HELP):
        bar = st.progress(0.0, "Reading films")

        def tell(step: str, done: int, of: int) -> None:
            bar.progress(done / max(of, 1), f"{capital(step)}: {done} of {of}")

        try:
            auditing.audit(data, out, tell=tell)
        except (ValueError, OSError) as fault:
            st.error(markdown_safe(str(fault)))
        bar.empty()
    if not (out / auditing.REPORT).is_file():
        return
    found = json.loads((out / auditing.DOCUMENT).read_bytes())
    serious = [one for one in found["findings"] if one["severity"] != "note"]
    for one in serious[:SHOWN]:
        (st.error if one["severity"] == "error" else st.warning)(markdown_safe(f"{capital(one['sentence'])}."))
    if not serious:
        st.success(f"Nothing was found that stands against the {found['source']['films_read']} films.")
    st.download_button(
        "Audit report", (out / auditing.REPORT).read_bytes(), f"audit-{data.stem}.html", "text/html", key="learn-report"
    )
