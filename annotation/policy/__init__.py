"""Which cases an expert is asked about. Pure functions: the same cases get the same answer, on every run and face."""

from annotation.policy.asking import CONTROL, REQUESTED, draw, reasons_to_ask
from annotation.policy.choose import POLICIES, Choice, Policy, Selection, choose
from annotation.policy.offer import Offer
from annotation.policy.spread import farthest_first, nearest

__all__ = [
    "CONTROL",
    "POLICIES",
    "REQUESTED",
    "Choice",
    "Offer",
    "Policy",
    "Selection",
    "choose",
    "draw",
    "farthest_first",
    "nearest",
    "reasons_to_ask",
]
