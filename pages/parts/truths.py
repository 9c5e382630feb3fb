"""What is settled of every case, worked out once for as long as the ledger stands as it does."""

import streamlit as st

from annotation.readers import Settled
from annotation.worklist import ledger, truths
from core.settings import settings


@st.cache_data(max_entries=4, show_spinner="Comparing the readers")
def _truths(ledger_url: str, stamp: object, classes_only: bool) -> list[Settled]:
    return truths(drawn=False, classes_only=classes_only)


def truths_now(classes_only: bool = False) -> list[Settled]:
    """A side each, without joined outlines; for lists, without a look at what was drawn. Raises LedgerFault."""
    return _truths(settings().ledger, ledger().stamp(), classes_only)
