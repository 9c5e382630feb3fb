"""Commands about films that are held because they may show a name: let go, or taken out, once a person has looked."""

import argparse

import learning

FAULTS: tuple[type[Exception], ...] = (learning.LedgerFault,)


def queue_release(arguments: argparse.Namespace) -> None:
    """Let held films go that you have looked at: as they are, or with the places that may be text painted over."""
    for case in arguments.cases:
        waiting = learning.release(case, arguments.paint)
        print(case, "painted over" if arguments.paint else "as it is", f"{waiting} case(s) wait for the next push")


def queue_drop(arguments: argparse.Namespace) -> None:
    """Take held films out of the worklist, and delete them here."""
    for case in arguments.cases:
        print(case, f"{learning.drop(case)} case(s) taken out, the film deleted")
