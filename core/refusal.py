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
    TOO_YOUNG = "too_young"
    REGION_NOT_FOUND = "region_not_found"

    @property
    def about_quality(self) -> bool:
        """Whether it says, as a warning on a film that was read, that the image itself is poor."""
        return self in (Code.TOO_SMALL, Code.EXPOSURE, Code.IMPLANT, Code.BURNED_IN_TEXT)


class NoticeCode(StrEnum):
    """What is remarked on a film that was read, besides the codes of refusals. Part of the command-line contract."""

    # the file
    NO_FILE_META = "no_file_meta"
    TEXT_SUSPECTED = "text_suspected"
    SEVERAL_WINDOWS = "several_windows"
    SIDE_CONTRADICTED = "side_contradicted"
    # the image
    POLARITY = "polarity"
    PSEUDO_COLOUR = "pseudo_colour"
    UNSHARP = "unsharp"
    COLLIMATION = "collimation"
    SEVERAL_LIMBS = "several_limbs"
    MIRRORED = "mirrored"
    TURNED = "turned"
    # what it shows
    VIEW_CONTRADICTED = "view_contradicted"
    VIEW_NOT_STATED = "view_not_stated"
    SIDE_UNCERTAIN = "side_uncertain"
    SIDE_BY_CONVENTION = "side_by_convention"
    # the person
    UNDER_50 = "under_50"
    AGE_NOT_KNOWN = "age_not_known"
    BELOW_EXPECTED = "below_expected"
    CLINICAL_NOT_KNOWN = "clinical_not_known"
    CLINICAL_IMPUTED = "clinical_imputed"
    # the answer
    VERTEBRAE_NOT_FOUND = "vertebrae_not_found"
    HEIGHTS_AGAINST_SCORE = "heights_against_score"
    NO_EXPLANATION = "no_explanation"
    FAULT = "fault"

    @property
    def about_quality(self) -> bool:
        """Whether it says that the image itself is poor: detail, field or grey levels are lost."""
        return self in (NoticeCode.UNSHARP, NoticeCode.COLLIMATION, NoticeCode.PSEUDO_COLOUR)


@dataclass(frozen=True)
class Refusal:
    """One sentence for a person: what was found, what was expected, what to do."""

    code: Code
    message: str


@dataclass(frozen=True)
class Notice:
    """A remark on a film that was read all the same. Its code is a refusal's where a check only warns."""

    code: Code | NoticeCode
    message: str


class Refused(Exception):
    """Carries a `Refusal` from the step that found it to the road's end, where it becomes a result."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.refusal = Refusal(code, message)
