"""What is settled of every case, worked out once for as long as the ledger stands as it does."""

import streamlit as st

from annotation.readers import Settled
from annotation.worklist import ledger, truths
from core.settings import settings


@st.cache_data(max_entries=4, show_spinner="Comparing the readers")
def _truths(ledger_url: str, stamp: object) -> list[Settled]:
    return truths(drawn=False)


def truths_now() -> list[Settled]:
    """A side each, without joined outlines. Raises LedgerFault."""
    return _truths(settings().ledger, ledger().stamp())
