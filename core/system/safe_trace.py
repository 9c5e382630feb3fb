"""What may be logged of an unforeseen exception: its kind and where it arose, never what it quotes."""

from traceback import walk_tb


def said_safely(fault: BaseException) -> str:
    """The exception's class and the file, line and function of each step that led to it, for it and for those that it
    came from. Its text is left out: it may quote a value of the film's header, and so a name."""
    parts = []
    one: BaseException | None = fault
    known: set[int] = set()
    while one is not None and id(one) not in known:
        known.add(id(one))
        steps = [
            f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}" for frame, line in walk_tb(one.__traceback__)
        ]
        parts.append("\n  ".join([type(one).__qualname__, *steps]))
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\nfrom ".join(parts)
