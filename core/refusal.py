"""What the system says when it will not read a film, and what it remarks on when it does."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Why a film was refused. Part of the command-line contract: never rename one."""

    UNREADABLE = "unreadable"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    NOT_A_RADIOGRAPH = "not_a_radiograph"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    WRONG_SITE = "wrong_site"
    WRONG_VIEW = "wrong_view"
    IMPLANT = "implant"
    EXPOSURE = "exposure"
    BURNED_IN_TEXT = "burned_in_text"
    MISSING_SPACING = "missing_spacing"
    MISSING_CLINICAL = "missing_clinical"
    REGION_NOT_FOUND = "region_not_found"


@dataclass(frozen=True)
class Refusal:
    """One sentence for a person: what was found, what was expected, what to do."""

    code: Code
    message: str


@dataclass(frozen=True)
class Notice:
    """A remark on a film that was read all the same. Its code is a refusal's, or a word of its own."""

    code: str
    message: str


class Refused(Exception):
    """Carries a `Refusal` from the step that found it to the road's end, where it becomes a result."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.refusal = Refusal(code, message)
