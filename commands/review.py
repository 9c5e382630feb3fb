"""Commands about several readers: what they differ on, and how well they agree."""

import argparse
import json
import sys

from annotation.ledger import LedgerFault
from annotation.worklist import agreement, ask_another, truths
from present.readers import agreement_rows, cases, how_title, left_out_sentence, settled_sentence

FAULTS: tuple[type[Exception], ...] = (LedgerFault,)


def queue_review(arguments: argparse.Namespace) -> None:
    """List what readers differ on; with --ask, have one more reader asked about it at the next push."""
    found = truths(arguments.recipe)
    shown = found if arguments.all else [one for one in found if one.differs]
    form = "{:<24}  {:<14}  {:<4}  {:<8}  {}"
    if not arguments.json and shown:
        print(form.format("case", "recipe", "side", "state", "why, or how it was settled"))
    for one in shown:
        if arguments.json:
            print(json.dumps(one.as_json(), ensure_ascii=False, allow_nan=False))
            continue
        state = "settled" if one.is_settled else "differs" if one.differs else "waits"
        hows = ", ".join(dict.fromkeys(map(how_title, one.how.values())))
        print(form.format(one.case_id, one.recipe, one.side or "", state, one.why_not or hows))
    print(settled_sentence(found), file=sys.stderr)
    if arguments.ask:
        asked = ask_another(shown)
        print(f"One more reader is asked about {cases(asked)} at the next `queue push`.", file=sys.stderr)


def queue_agreement(arguments: argparse.Namespace) -> None:
    """Say how well readers agree, with 95 % intervals by patient, by what they answered blind and apart."""
    found, left = agreement(arguments.recipe)
    if arguments.json:
        told = {"agreement": [one.as_json() for one in found], "left_out": vars(left)}
        print(json.dumps(told, ensure_ascii=False, allow_nan=False))
        return
    rows = agreement_rows(found, {})
    if not rows:
        print("No film has blind answers of two readers yet; `queue push --readers 2` asks two.")
    else:
        form = "{:<14}  {:<20}  {:<26}  {:<18}  {:<24}  {:>7}  {:>8}"
        print(form.format(*(name.lower() for name in rows[0])))
        for row in rows:
            print(form.format(*row.values()))
    if said := left_out_sentence(left):
        print(said, file=sys.stderr)
