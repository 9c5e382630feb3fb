"""The whole loop on virtual patients, with the real Label Studio: `make loop-demo`.

Films of scanner `beta`, which the shipped networks never learned from, are read. The hardest go to Label Studio with
the model's answer filled in, and a control arm, drawn at random, goes blind. A simulated expert answers through Label
Studio's own API. The answers come back, become a training set and fine-tune the bundle that reads. The new bundle is
compared with it on the control arm, promoted or refused, and reads the control films again. Each step is the command
that a person would give, and prints its counts.

Everything lies in a folder of its own (runs/loop-demo): worklist, key, Label Studio's data, a copy of the weights.
Servers end with it. It shows that the loop closes, not that so few films make a better model: docs/evidence does that.
"""

import argparse
import os
import resource
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECIPE = "hip_vit"
MARK = ".loop-demo"  # in a folder that an earlier demonstration made, and that the next one may empty
# Of seeds 0 to 399 the one whose 60 people have the three classes most evenly (24, 18, 18). As people come, eight of 60
# have osteoporosis, and a round of 40 films could hardly teach that class.
SEED = 313
REASON = "make loop-demo shows how a version takes the place of another; so few films prove no gain"


@dataclass
class Clock:
    """Wall and CPU seconds by step, those of ended child processes too."""

    steps: list[tuple[str, float, float]] = field(default_factory=list)

    @contextmanager
    def step(self, number: int, title: str) -> Iterator[None]:
        print(f"\n{number}. {title}", flush=True)
        wall, cpu = time.monotonic(), _cpu()
        yield
        self.steps.append((title, time.monotonic() - wall, _cpu() - cpu))
        print(f"   {self.steps[-1][1]:.0f} s, {self.steps[-1][2]:.0f} s of processor time", flush=True)

    def told(self) -> str:
        whole = ("all", sum(wall for _, wall, _ in self.steps), sum(cpu for _, _, cpu in self.steps))
        width = max(len(title) for title, _, _ in self.steps)
        lines = [f"   {title:<{width}} {wall:6.0f} s {cpu:6.0f} s" for title, wall, cpu in (*self.steps, whole)]
        return "\n".join([f"   {'':<{width}} {'wall':>8} {'CPU':>8}", *lines])


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.loop_demo", description=__doc__.partition("\n")[0])
    parser.add_argument("--films", type=int, default=60, help="virtual films that are read (60)")
    parser.add_argument("--budget", type=int, default=40, help="films that the expert is asked about (40)")
    parser.add_argument("--control", type=float, default=0.25, help="share of them drawn at random, asked blind (0.25)")
    parser.add_argument("--error", type=float, default=0.05, help="share of hips the expert gets wrong (0.05)")
    parser.add_argument("--epochs", type=int, default=1, help="of fine-tuning (1)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the virtual patients ({SEED})")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "loop-demo", help="emptied at the start")
    chosen = parser.parse_args(words)
    folder = chosen.folder.resolve()
    _emptied(folder)
    _settle_in(folder)
    from annotation.server import LabelStudioServer, free_port

    clock = Clock()
    with clock.step(1, "The real Label Studio starts, with a data folder of its own"):
        server = LabelStudioServer(folder / "label-studio", free_port())
        server.__enter__()
    try:
        print(f"   {server.url}, process {(server.folder / 'server.pid').read_text().strip()}")
        os.environ["OSTEOLENS_LABEL_STUDIO_URL"] = server.url
        os.environ["OSTEOLENS_LABEL_STUDIO_TOKEN"] = server.token
        _loop(chosen, folder, server.url, server.token, clock)
    finally:
        server.__exit__(None, None, None)
    print(f"\nLabel Studio has ended. What was made lies in {folder}; the next demonstration empties it.\n")
    print(clock.told())
    return 0


def _emptied(folder: Path) -> None:
    """The folder, new. One that holds anything else is left alone."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise SystemExit(f"{folder} holds files that no demonstration made, expected a new folder; name another")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _settle_in(folder: Path) -> None:
    """Settings of an installation of its own, whatever the environment and `.env` say; caches go there too."""
    shutil.copytree(ROOT / "weights", folder / "weights", ignore=shutil.ignore_patterns("reads.json*", ".reads*"))
    os.environ.update(
        OSTEOLENS_HOME=str(folder / "home"),
        OSTEOLENS_WEIGHTS=str(folder / "weights"),
        OSTEOLENS_LEDGER_URL=f"sqlite:///{folder / 'home' / 'ledger.sqlite'}",
        OSTEOLENS_LABEL_STUDIO_PROJECT="Loop demo",
        OSTEOLENS_MESHES="",
        OSTEOLENS_LOG_LEVEL="WARNING",
        XDG_CACHE_HOME=str(folder / "cache"),
        MPLCONFIGDIR=str(folder / "cache" / "matplotlib"),
        HF_HOME=str(folder / "cache" / "huggingface"),
        HF_HUB_OFFLINE="1",
    )
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads that wait for one another cost more than they bring
    from core.settings import settings

    (folder / "home").mkdir()
    settings.cache_clear()


def _loop(chosen: argparse.Namespace, folder: Path, url: str, token: str, clock: Clock) -> None:
    import learning
    from annotation.policy import CONTROL

    cohort, films = folder / "beta", folder / "beta" / "films"
    with clock.step(2, f"{chosen.films} virtual patients are filmed on scanner beta"):
        _run("simulate", "hip_ap", "--n", chosen.films, "--seed", chosen.seed, "--scanner", "beta", "--size", 768,
             "--workers", 2, "--out", cohort)  # fmt: skip
    with clock.step(3, "They are read, and those that an expert should see are chosen"):
        _run("queue", "add", films, "--recipe", RECIPE, "--budget", chosen.budget, "--policy", "hard",
             "--control", chosen.control)  # fmt: skip
        if held := [entry.case_id for entry in learning.worklist(learning.State.HELD)]:
            print("   What may be text waits for a person. These films were drawn here: no name stands on them.")
            _run("queue", "release", *held)
        waiting = learning.waiting()
        control = sum(CONTROL in case.reasons for case in waiting)
        print(f"   {chosen.films} films read, {len(waiting)} wait for an expert, {control} of them as control")
    with clock.step(4, "They go to Label Studio: the hard ones filled in, the control arm blind"):
        _run("queue", "push", "--preannotate")
        pushed = learning.worklist(learning.State.PUSHED)
        print(f"   {len(pushed)} tasks in {len({case.project_id for case in pushed})} projects")
    with clock.step(5, "A simulated expert answers through Label Studio's API"):
        said = _answer(chosen, cohort, url, token)
        print(f"   {said}")
    with clock.step(6, "The answers come back"):
        _run("queue", "pull")
        _run("queue", "status")
    data = folder / "answers"
    with clock.step(7, "What is settled becomes a training set"):
        _run("queue", "export", "--out", data)
    before = _reads()
    with clock.step(8, f"{before} goes on learning from it"):
        _run("train", RECIPE, "--data", data / "manifest.csv", "--from-bundle", before, "--virtual-share", 0,
             "--epochs", chosen.epochs, "--workers", 2, "--out", folder / "run")  # fmt: skip
    (bundle,) = (folder / "run" / "bundles" / RECIPE).glob("*")
    with clock.step(9, "It is compared with its parent on the control arm, and promoted or refused"):
        promote = ("models", "promote", bundle, "--data", data / "manifest.csv", "--workers", 2, "--out", folder)
        refused = _run(*promote, allowed=(0, 1)) == 1
        if refused:
            print("   Refused, as a model without a proven gain is. It is promoted all the same, with a reason given:")
            _run("models", "promote", bundle, "--because", REASON)
        _run("models", "history", RECIPE)
    with clock.step(10, "The control films are read again, by the version that was promoted"):
        print(f"   {_read_again(data)}")
        if refused:
            _run("models", "rollback", RECIPE)


def _run(*words: object, allowed: tuple[int, ...] = (0,)) -> int:
    """One command, shown as a person would give it."""
    import cli

    told = [str(word) for word in words]
    print(f"   $ python cli.py {shlex.join(told)}", flush=True)
    code = cli.main(told)
    sys.stderr.flush()
    if code not in allowed:
        raise SystemExit(f"the command ended with {code}, expected 0; the lines above say why")
    return code


def _answer(chosen: argparse.Namespace, cohort: Path, url: str, token: str) -> str:
    import httpx

    import learning
    from bench.simulated_reader import SimulatedReader, truths_of

    headers = {"Authorization": f"Token {token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=120, trust_env=False) as http:
        reader = SimulatedReader(learning.question(RECIPE), truths_of(cohort), cohort, http, chosen.error, chosen.seed)
        cases = learning.worklist(learning.State.PUSHED)
        for case in cases:
            assert case.task_id is not None
            reader.answer(case.task_id)
    return (
        f"{len(cases)} films: {reader.classes} classes ({reader.wrong} of them wrong), {reader.masks} brush masks, "
        f"{reader.unjudged} hips that are not on their film"
    )


def _reads() -> str:
    """The version of the recipe that reads now."""
    import reading

    return reading.versions()[RECIPE]


def _read_again(data: Path) -> str:
    """Read the test part of the training set, film by film, with whatever reads now."""
    import csv
    from collections import Counter

    import reading

    with (data / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row.get("split") == "test"]
    labels = {(row["path"], row["side"]): row["label"] for row in rows}
    versions: Counter[str] = Counter()
    right = 0
    for path in dict.fromkeys(row["path"] for row in rows):
        for answer in reading.read((data / path).read_bytes(), path, RECIPE):
            if answer.model is not None:
                versions[f"{answer.model.name}@{answer.model.version}"] += 1
            if answer.estimate is not None and (path, answer.side) in labels:
                right += answer.estimate.label == labels[path, answer.side]
    told = ", ".join(f"{count} by {version}" for version, count in versions.items())
    return f"{sum(versions.values())} hips read, {told}; {right} of {len(labels)} as the expert says"


if __name__ == "__main__":
    sys.exit(main())
