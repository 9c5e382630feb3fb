"""Where a case of the worklist stands."""

from enum import StrEnum


class State(StrEnum):
    """Where a case stands."""

    HELD = "held"  # may show a name; it goes nowhere until a person has looked at it
    WAITING = "waiting"  # kept, not sent
    PUSHING = "pushing"  # a process is sending it, or died while doing so
    PUSHED = "pushed"  # a task in Label Studio
    FAILED = "failed"  # Label Studio would not have it; the next push tries again
    ANSWERED = "answered"  # an expert's answer was taken in
    GONE = "gone"  # its task or project was deleted in Label Studio; entered again, it waits again
    DROPPED = "dropped"  # a person took it out while it was held; its film is deleted here
