"""What an expert is asked about a film in Label Studio: the question, its keys, its form and the words before it."""

from annotation.question.names import BRUSH, CANNOT_BE_JUDGED, CLASS, REGIONS, REMARK, SURE
from annotation.question.question import MAIN, Question

__all__ = ["BRUSH", "CANNOT_BE_JUDGED", "CLASS", "MAIN", "REGIONS", "REMARK", "SURE", "Question"]
