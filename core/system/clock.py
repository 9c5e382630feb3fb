"""How long each step of a reading took."""

from time import perf_counter


class Clock:
    """Milliseconds of each step, in the order in which they were taken."""

    def __init__(self) -> None:
        self.start = self.last = perf_counter()
        self.laps: dict[str, float] = {}

    def apart(self) -> "Clock":
        """A clock for one limb of the film: the steps they share, then its own."""
        own = Clock()
        own.start -= self.last - self.start
        own.laps = dict(self.laps)
        return own

    def go_on(self) -> None:
        """The next step begins now: what a film waited, between two processes as well, is none of its time."""
        self.start += perf_counter() - self.last
        self.last = perf_counter()

    def lap(self, step: str) -> None:
        """The step that ends now."""
        now = perf_counter()
        self.laps[step] = (now - self.last) * 1000
        self.last = now

    def times(self) -> dict[str, float]:
        """Every step so far, and `total`."""
        return {**self.laps, "total": (perf_counter() - self.start) * 1000}
