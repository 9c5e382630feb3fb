"""The name under which scripts outside this project import the question; it stands in `annotation.question`."""

from annotation.question import Question as Question
