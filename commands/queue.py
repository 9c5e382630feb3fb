"""Commands about the worklist: list, add, push, pull, export, status."""

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

import learning
from annotation.worklist import ledger
from commands.shared import Fault, Progress, WrongUse
from core.settings import settings
from present.choosing import CONTROL_SHARE, POLICY, control_sentence, selection_sentence
from present.export import export_sentences

FAULTS: tuple[type[Exception], ...] = (learning.LabelStudioFault, learning.LedgerFault, learning.ExportFault)


def queue_list(arguments: argparse.Namespace) -> None:
    """List the cases kept for an expert, oldest first."""
    entries = learning.worklist(*map(learning.State, arguments.state))
    if arguments.json:
        for one in entries:
            print(json.dumps(one.as_json(), ensure_ascii=False, allow_nan=False))
        return
    if not entries:
        print("The worklist is empty." if not arguments.state else f"No case is {' or '.join(arguments.state)}.")
        return
    form = "{:<24}  {:<14}  {:<8}  {:<16}  {:>6}  {:<32}  {}"
    print(form.format("case", "recipe", "state", "since (UTC)", "hard", "reasons", "task or fault"))
    for one in entries:
        hard = "" if one.difficulty is None else f"{one.difficulty:.2f}"
        since, reasons = f"{one.changed_at:%Y-%m-%d %H:%M}", ", ".join(one.reasons)
        said = f"look at {learning.held_picture(one.case_id)}" if one.state == learning.State.HELD else one.error
        print(form.format(one.case_id, one.recipe, one.state, since, hard, reasons, one.link or said or "").rstrip())
    if any(one.state == learning.State.HELD for one in entries):
        print(
            "A held film may show a name. Look at its picture; then `queue release CASE` (no text), `queue release "
            "--paint CASE` (paint the marked places over) or `queue drop CASE`.",
            file=sys.stderr,
        )


def queue_add(arguments: argparse.Namespace) -> None:
    """Read films and keep them for an expert: all because you ask, or within a budget those that a policy chooses."""
    import reading  # loads network libraries, which no other step needs

    unused = [f"--{name.replace('_', '-')}" for name in ("policy", "control", "dry_run") if getattr(arguments, name)]
    if arguments.budget is None and unused:
        raise WrongUse(
            f"found {', '.join(unused)} without --budget, expected how many cases to choose; add --budget 50"
        )
    films = reading.find_films(arguments.paths)
    if not films:
        raise WrongUse(f"found no file under {', '.join(map(str, arguments.paths))}, expected films")
    if arguments.budget is not None:
        _choose(films, arguments)
        return
    counts = dict.fromkeys(("kept", "refused", "failed"), 0)
    for film in tqdm(films, desc="reading", unit="film", disable=None):
        for answer in reading.read_file(film, arguments.recipe):
            if answer.status == "read":
                learning.enqueue(answer, "requested")
                print(answer.case_id)
            else:
                said = answer.refusal.message if answer.refusal else "the program failed on this film"
                tqdm.write(f"{answer.path}: {said}", file=sys.stderr)
            counts["kept" if answer.status == "read" else answer.status] += 1
    print(", ".join(f"{number} {what}" for what, number in counts.items()), file=sys.stderr)
    if counts["failed"]:
        raise Fault(f"{counts['failed']} films failed by a fault of the program; the log above says where")


def _choose(films: list[Path], arguments: argparse.Namespace) -> None:
    """Read what was not read yet, say what would go in and why, and let it in unless it is a dry run."""
    offered = []
    for film in tqdm(films, desc="reading", unit="film", disable=None):
        one = _offer(film, arguments.recipe)
        if one.refused:
            tqdm.write(f"{film}: {one.refused}", file=sys.stderr)
        offered.append(one)
    control = CONTROL_SHARE if arguments.control is None else arguments.control
    selection = learning.choose(offered, arguments.budget, arguments.policy or POLICY, control)
    form = "{:<24}  {:<12}  {:>8}  {:<7}  {:<48}  {}"
    print(form.format("case", "recipe", "priority", "control", "reasons", "film"))
    for choice in selection.choices:
        case, how = choice.offer, "blind" if choice.blind else ""
        reasons = ", ".join(choice.reasons) + (" (in the worklist already)" if choice.listed else "")
        print(form.format(case.case_id, case.recipe, f"{case.priority:.2f}", how, reasons, case.name))
    for copy, original in selection.copies:
        print(f"{copy.name}: passed over, a copy of {original.name or original.case_id}", file=sys.stderr)
    print(selection_sentence(selection, arguments.dry_run), file=sys.stderr)
    if not arguments.dry_run:
        for _ in tqdm(learning.admit(selection, offered), "keeping", len(selection.choices), unit="film", disable=None):
            pass
    failed = sum(one.failed for one in offered)
    if failed:
        raise Fault(f"{failed} films failed by a fault of the program; the log above says where")


def _offer(film: Path, recipe: str) -> learning.Offered:
    """One film as a case; a file that is too large or cannot be opened is refused as `read` refuses it."""
    import reading

    try:
        if film.stat().st_size <= settings().max_megabytes * 1e6:
            return learning.offer(film.read_bytes, str(film), reading.read, recipe)
    except OSError:
        pass
    (refused,) = reading.read_file(film, recipe)
    return learning.Offered(str(film), None, (), film.read_bytes, refused.refusal.message if refused.refusal else "")


def queue_push(arguments: argparse.Namespace) -> None:
    """Send what waits to Label Studio, one task a case, and print each case with the link to its task."""
    failed, bar = 0, None
    try:
        for step in learning.push(arguments.preannotate, arguments.readers):
            bar = bar or tqdm(total=step.total, desc="pushing", unit="case", disable=None)
            bar.update(step.done - bar.n)
            if step.error:
                failed += 1
                tqdm.write(f"{step.case_id}: {step.error}", file=sys.stderr)
            elif step.link:
                print(step.case_id, step.link, flush=True)
            else:
                tqdm.write(f"{step.case_id}: another process is pushing it", file=sys.stderr)
    finally:
        if bar is not None:
            bar.close()
    if bar is None:
        print("Nothing waits to be pushed.", file=sys.stderr)
    if failed:
        raise SystemExit(1)


def queue_pull(arguments: argparse.Namespace) -> None:
    """Take in what experts have answered in Label Studio, each answer once."""
    cases = new = 0
    for step in learning.pull():
        cases, new = cases + 1, new + step.new
        if step.new:
            print(step.case_id, flush=True)
        for sentence in step.said:
            tqdm.write(f"{step.case_id}: {sentence}", file=sys.stderr)
    print(f"{new} new or changed answers on {cases} answered cases", file=sys.stderr)


def queue_export(arguments: argparse.Namespace) -> None:
    """Write what experts have settled as a training set, and say what stays out and why."""
    with Progress() as tell:
        done = learning.export(arguments.out, arguments.recipe, arguments.control == "test", tell)
    print(done.manifest)
    print(done.dataset)
    for sentence in export_sentences(done):
        print(sentence, file=sys.stderr)


def queue_backup(arguments: argparse.Namespace) -> None:
    """Copy the worklist to a new file while it is used."""
    ledger().backup(arguments.out)
    print(arguments.out)


def queue_check(arguments: argparse.Namespace) -> None:
    """Say what is wrong with the worklist's file and what to do; exit code 1 if anything is."""
    wrong = ledger().check()
    for sentence in wrong:
        print(sentence)
    if wrong:
        raise SystemExit(1)
    print("The worklist is whole.")


def queue_status(arguments: argparse.Namespace) -> None:
    """Say how many cases stand where, what they wait for, and whether Label Studio is connected."""
    counts, studio, arms = learning.counts(), learning.label_studio_status(), learning.control_arm()
    if arguments.json:
        told = [one.as_json() for one in arms]
        print(json.dumps({"cases": counts, "label_studio": vars(studio), "control": told}))
        return
    waits_for = {
        "held": "a person: it may show a name; `python cli.py queue list --state held` says what to do",
        "waiting": "`python cli.py queue push`" if studio.connected else "Label Studio",
        "pushing": "the process that is pushing, or for the next push if that one died",
        "pushed": "an expert's answer, and `python cli.py queue pull` after it",
        "failed": "the next push; `python cli.py queue list --state failed` says why",
        "answered": "nothing more",
        "gone": "a person: its task was deleted in Label Studio; `python cli.py queue add` with the film asks anew",
        "dropped": "nothing more: a person took it out",
    }
    for state, number in counts.items():
        print(f"{number:6}  {state:<8}" + (f"  waits for {waits_for[state]}" if number else ""))
    for one in arms:
        print(control_sentence(one))
    print(studio.message)
