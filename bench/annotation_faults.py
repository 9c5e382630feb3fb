"""What becomes of cases and answers when something goes wrong between the worklist and Label Studio.

python -m bench.annotation_faults [--cases 1000] [--few 20] [--folder DIR] [--port N] [--out FILE]

Starts the real Label Studio (in `folder`, a new one unless told), does each fault to it on cases of its own, counts
past our own client what is there afterwards, and writes the table of docs/evidence/annotation_faults.md.
"""

import argparse
import datetime
import os
import platform
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from annotation.films import film_path
from annotation.label_studio import LabelStudio
from annotation.ledger import State
from annotation.pull import pull
from annotation.server import free_port
from bench.fault_ground import QUESTIONS, ROOT, Outcome, Studio, Worklist


def recipe_gone(here: Worklist, studio: Studio | None, cases: int) -> tuple[Counter[str], list[str]]:
    """one case of a recipe that this version does not have, first in the queue"""
    here.enter(1, "knee_gone")
    there = here.enter(cases)
    here.push()
    return here.in_label_studio(), there


def task_deleted(here: Worklist, studio: Studio | None, cases: int) -> tuple[Counter[str], list[str]]:
    """a task deleted by hand; its film entered and pushed again"""
    there = here.enter(cases)
    here.push()
    here.pull()
    entry = here.ledger.entry(there[0], "knee_resnet")
    assert entry is not None
    here.http.delete(f"/api/tasks/{entry.task_id}/").raise_for_status()
    here.answer(there[1])
    here.pull()
    here.ledger.enter(there[0], "knee_resnet", ["requested"], {"side": None})
    here.push()
    return here.in_label_studio() + _off(here.answers(), there[1:2]), there


def project_deleted(here: Worklist, studio: Studio | None, cases: int) -> tuple[Counter[str], list[str]]:
    """a project deleted by hand; answers of the other project come in, its films are entered and pushed again"""
    there, others = here.enter(cases), here.enter(1, "knee_other")
    here.push()
    here.answer(others[0], recipe="knee_other")
    here.http.delete(f"/api/projects/{here.project()}/").raise_for_status()
    here.pull()
    for case in there:
        here.ledger.enter(case, "knee_resnet", ["requested"], {"side": None})
    here.push()
    return here.in_label_studio() + _off(here.answers(), others), [*there, *others]


def answer_changed(here: Worklist, studio: Studio | None, cases: int) -> tuple[Counter[str], list[str]]:
    """answers given, one changed, one cancelled, one deleted, each pulled twice"""
    there = here.enter(max(cases, 4))
    here.push()
    numbers = [here.answer(case) for case in there]
    here.pull()
    choice = {"from_name": "class", "to_name": "film", "type": "choices", "value": {"choices": ["osteopenia"]}}
    here.http.patch(f"/api/annotations/{numbers[0]}/", json={"result": [choice]}).raise_for_status()
    here.http.patch(f"/api/annotations/{numbers[1]}/", json={"was_cancelled": True}).raise_for_status()
    here.http.delete(f"/api/annotations/{numbers[2]}/").raise_for_status()
    here.pull()
    here.pull()
    labels = {one.case_id: one.label for one in here.ledger.answers()}
    assert labels == {there[0]: "osteopenia", **dict.fromkeys(there[3:], "normal")}, labels
    return here.answers(), [there[0], *there[3:]]


def token_revoked(here: Worklist, studio: Studio | None, cases: int) -> tuple[Counter[str], list[str]]:
    """a token that is refused, in push and in pull; then one that is taken"""
    there = here.enter(cases)
    here.push(token="0" * 40)
    here.push()
    for case in there:
        here.answer(case)
    here.pull(token="0" * 40)
    here.pull()
    return _off(here.answers(), there) + here.in_label_studio(), there


def interface_changed(here: Worklist, studio: Studio | None, cases: int) -> tuple[Counter[str], list[str]]:
    """a choice taken out of the labelling interface by hand; answers that fit come in, others wait"""
    there = here.enter(max(cases, 2))
    here.push()
    place = f"/api/projects/{here.project()}/"
    config = here.http.get(place).json()["label_config"]
    changed = config.replace('value="osteopenia"', 'value="thin bone"')
    here.http.patch(place, json={"label_config": changed}).raise_for_status()
    for case in there[1:]:
        here.answer(case)
    here.answer(there[0], "thin bone")
    here.pull()
    assert here.answers() == Counter(there[1:])
    assert len(here.ledger.aside()) == 1
    return here.answers(), there[1:]


def server_killed_in_push(here: Worklist, studio: Studio | None, cases: int) -> tuple[Counter[str], list[str]]:
    """Label Studio killed while cases are pushed, started again, pushed again"""
    there = here.enter(cases)
    here.enter(1)  # so that the project is there before
    with _killed_soon(studio, lambda: sum(here.ledger.counts()[state] for state in (State.PUSHING, State.PUSHED)) > 0):
        here.push()
    here.push()
    found = here.in_label_studio()
    return Counter({case: found[case] for case in there}), there


def server_killed_in_pull(here: Worklist, studio: Studio | None, cases: int) -> tuple[Counter[str], list[str]]:
    """Label Studio killed while answers are pulled, started again, pulled again"""
    there = here.enter(cases)
    here.push()
    for case in there:
        here.answer(case)
    with _killed_soon(studio, lambda: bool(here.ledger.answers())):
        here.pull()
    here.pull()
    return here.answers(), there


def two_pushers(here: Worklist, studio: Studio | None, cases: int) -> tuple[Counter[str], list[str]]:
    """two processes that push at once, one of them killed on the way, then a third push"""
    there = here.enter(cases)
    pushers = [here.pusher(), here.pusher()]
    deadline = time.monotonic() + 300
    while not here.ledger.counts()[State.PUSHED] and time.monotonic() < deadline:
        time.sleep(0.2)
    pushers[0].kill()
    for pusher in pushers:
        pusher.communicate(timeout=900)
    here.push()
    assert here.ledger.counts()[State.PUSHED] == cases
    return here.in_label_studio(), there


def film_gone(here: Worklist, studio: Studio | None, cases: int) -> tuple[Counter[str], list[str]]:
    """the film of one case is no longer kept"""
    (lost,) = here.enter(1)
    there = here.enter(cases)
    film_path(here.home, lost).unlink()
    here.push()
    return here.in_label_studio(), there


FAULTS: dict[str, Callable[[Worklist, Studio | None, int], tuple[Counter[str], list[str]]]] = {
    fault.__name__: fault
    for fault in (
        recipe_gone,
        film_gone,
        task_deleted,
        project_deleted,
        answer_changed,
        token_revoked,
        interface_changed,
        two_pushers,
        server_killed_in_push,
        server_killed_in_pull,
    )
}
KILLS = ("server_killed_in_push", "server_killed_in_pull")


def tried(name: str, here: Worklist, studio: Studio | None, cases: int) -> Outcome:
    """Do the fault, and count what is lost and what is there more than once."""
    began = time.monotonic()
    found, wanted = FAULTS[name](here, studio, cases)
    lost = [case for case in wanted if not found[case]]
    doubled = [case for case, times in found.items() if times > 1]
    said = here.said[0] if here.said else "nothing"
    return Outcome(len(wanted), len(lost), len(doubled), said, time.monotonic() - began)


def push_speed(here: Worklist, studio: Studio, cases: int) -> str:
    """How fast so many cases are pushed into a project that is there, and what it costs on either side, in words."""
    here.enter(1)
    here.push()
    here.enter(cases)
    began, ours, theirs = time.monotonic(), time.process_time(), studio.cpu_s()
    here.push()
    wall, ours = time.monotonic() - began, time.process_time() - ours
    told = f"{cases / wall:.1f} tasks a second ({cases} cases in {wall:.1f} s; {ours:.1f} s of CPU in the pusher"
    return f"{told}, {studio.cpu_s() - theirs:.1f} s in Label Studio)"


def quiet_pull(here: Worklist, tasks: int) -> float:
    """Seconds of a pull with nothing new on a project of so many tasks; the middle one of five."""
    (case,) = here.enter(1)
    here.push()
    here.answer(case)
    project = here.project()
    entry = here.ledger.entry(case, "knee_resnet")
    assert entry is not None
    data = [
        {"data": {"image": "x", "case_id": f"{number:024x}", "recipe": "knee_resnet"}} for number in range(tasks - 1)
    ]
    for first in range(0, len(data), 500):
        here.http.post(f"/api/projects/{project}/import", json=data[first : first + 500]).raise_for_status()
    here.pull()
    studio = LabelStudio(here.url, here.token)
    here.ledger.pulled_until(project, _hour_on(here, project))
    times = []
    for _ in range(5):
        began = time.monotonic()
        assert not list(pull(here.ledger, studio, QUESTIONS.__getitem__, str))
        times.append(time.monotonic() - began)
        here.ledger.pulled_until(project, _hour_on(here, project))
    return sorted(times)[2]


def _hour_on(here: Worklist, project: int) -> Any:
    """The mark as it stands once the overlap has passed, without waiting for it."""
    mark = here.ledger.pulled(project)
    assert mark is not None
    return replace(mark, until=mark.until + datetime.timedelta(minutes=2))


def _off(found: Counter[str], cases: list[str]) -> Counter[str]:
    """Nothing where each of these was found exactly once, else those that were not, counted so that it shows."""
    return Counter({case: 2 for case in cases if found[case] != 1})


@contextmanager
def _killed_soon(studio: Studio | None, when: Callable[[], bool]) -> Iterator[None]:
    """Kill the server as soon as `when` is true; it runs again on leaving."""
    assert studio is not None
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            with suppress(Exception):
                if when():
                    break
            time.sleep(0.02)
        studio.kill()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        studio.start()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000, help="of the faults that hit many at once")
    parser.add_argument("--few", type=int, default=20, help="of the others")
    parser.add_argument("--folder", type=Path, help="where Label Studio keeps its data (default: a new folder)")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=FAULTS, default=list(FAULTS))
    parser.add_argument("--tasks", type=int, nargs=2, default=(50, 5000), help="of the pulls with nothing new")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence" / "annotation_faults.md")
    chosen = parser.parse_args()
    studio = Studio(chosen.folder or Path(tempfile.mkdtemp(prefix="faults-")), chosen.port or free_port())

    def fresh() -> Worklist:
        return Worklist(studio.server.url, studio.server.token, Path(tempfile.mkdtemp(prefix="faults-home-")))

    lines, wrong = [], 0
    try:
        pushed = push_speed(fresh(), studio, chosen.cases // 5)
        pulls = [quiet_pull(fresh(), tasks) for tasks in chosen.tasks]
        lines += _head(chosen, pushed, pulls)
        print("\n".join(lines), flush=True)
        for name in chosen.only:
            many = name in ("two_pushers", *KILLS)
            found = tried(name, fresh(), studio, chosen.cases if many else chosen.few)
            lines.append(_row(FAULTS[name], found))
            print(lines[-1], flush=True)
            chosen.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
            wrong += not found.right
    finally:
        studio.close()
    return 1 if wrong else 0


def _head(chosen: argparse.Namespace, pushed: str, pulls: list[float]) -> list[str]:
    load = f", load average {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    return [
        "# Faults between the worklist and Label Studio",
        "",
        f"Written by `python -m bench.annotation_faults --cases {chosen.cases} --few {chosen.few}` on "
        f"{datetime.date.today()}, {os.cpu_count()} cores ({platform.machine()}{load}), with the real Label Studio. "
        "What is there afterwards is counted past our own client. Each line is also a test "
        "(`tests/e2e/test_annotation_faults.py`).",
        "",
        f"- Push: {pushed}, films of 160 x 120 pixels.",
        f"- Pull with nothing new: {1000 * pulls[0]:.0f} ms with {chosen.tasks[0]} tasks, "
        f"{1000 * pulls[1]:.0f} ms with {chosen.tasks[1]}.",
        "",
        "| fault | cases | lost | doubled | what a person is told first | seconds |",
        "|---|---|---|---|---|---|",
    ]


def _row(fault: Callable[..., Any], found: Outcome) -> str:
    what = (fault.__doc__ or fault.__name__).strip()
    said = _without_numbers(found.said)
    return f"| {what} | {found.cases} | {found.lost} | {found.doubled} | {said} | {found.seconds:.0f} |"


def _without_numbers(said: str) -> str:
    """The sentence without the opaque names of this very run."""
    return re.sub(r"[0-9a-f]{24}", "...", re.sub(r"http://127\.0\.0\.1:\d+", "its address", said)).replace("|", "/")


if __name__ == "__main__":
    sys.exit(main())
