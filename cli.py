"""The command line: the same calls as the screens. A contract with scripts (README, "Command line").

Exit codes: 0 the command did its work (a refused film is a result), 2 wrong use, 1 a fault. What a command does stands
in `commands/`, and is loaded when it is asked for: network libraries take seconds.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from annotation.policy import POLICIES
from annotation.state import State
from commands.shared import Fault, WrongUse
from core.radiograph import PIXEL_MM
from core.settings import settings
from core.version import __version__
from recipes import LEARNERS, RECIPES

DOES = {
    "read": "Read films into readings.jsonl, one line a limb. Killed and run again, it resumes.",
    "deidentify": "Write films without the patient: DICOM stays DICOM, pictures become bare PNG. Stopped, it resumes.",
    "train": "Train a recipe on films or virtual patients, or fine-tune a bundle. Killed and run again, it resumes.",
    "evaluate": "Measure a model on films not used in training: figures as JSON, and a page with tables and plots.",
    "audit": "Audit films: copies, leaks, shortcuts, doubtful labels, faults. Killed and run again, it resumes.",
    "simulate": "Make films of virtual patients, whose truth is known exactly. Stopped and run again, it resumes.",
    "calibrate": "Fit a model anew to films of your own without touching its weights: a new version, with figures.",
    "models": "List, show and compare versions; promote one (only with a gain), roll back; publish and install.",
    "space build": "Write the folder of a Space: the Gradio face, the bundles it reads with, and their requirements.",
    "space publish": "Send the folder of a Space to the Hugging Face Hub.",
    "data publish": "Send the data set that queue export wrote to the Hugging Face Hub; private unless told.",
    "queue list": "List the cases kept for an expert, oldest first.",
    "queue add": "Read films and keep them for an expert: all, or with --budget those that a policy chooses.",
    "queue release": "Let held films go that you have looked at: as they are, or with --paint, painted over there.",
    "queue drop": "Take held films out of the worklist, and delete them here.",
    "queue push": "Send what waits to Label Studio, one task a case, and print each case with the link to its task.",
    "queue pull": "Take in what experts have answered in Label Studio, each answer once.",
    "queue export": "Write what experts have settled as a training set: manifest, films, masks; and for `datasets`.",
    "queue review": "List what readers of a case differ on; with --ask, one more reader is asked at the next push.",
    "queue agreement": "Say how well readers agree: kappas, Dice and distances, with intervals by patient.",
    "queue backup": "Copy the worklist to a new file, while it is used.",
    "queue check": "Say what is wrong with the worklist's file, and what to do about it.",
    "queue status": "Say how many cases stand where, what they wait for, and whether Label Studio is connected.",
}

MODEL_ACTIONS = ("list", "show", "promote", "rollback", "compare", "history", "publish", "install")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(words)
    arguments.words = sys.argv[1:] if words is None else list(words)
    logging.basicConfig(level=settings().log_level, format="%(levelname)s %(message)s", stream=sys.stderr)
    if settings().log_level != "DEBUG":
        logging.getLogger("httpx").setLevel("WARNING")  # a line a request, in which nobody finds what a command says
    module = import_module(f"commands.{arguments.module}")
    try:
        getattr(module, arguments.function)(arguments)
    except (WrongUse, ValueError, FileNotFoundError, IsADirectoryError, PermissionError) as fault:
        print(f"{Path(sys.argv[0]).name}: {fault}", file=sys.stderr)
        return 2
    except (Fault, *module.FAULTS) as fault:
        print(f"{Path(sys.argv[0]).name}: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 1
    return 0


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} were asked for, expected at least 1")
    return number


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{value:g} was given, expected 0 to 1, as in 0.1 for a tenth")
    return value


def _millimetres(text: str) -> float:
    value = float(text)
    low, high = PIXEL_MM
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{value:g} mm was given, expected {low:g} to {high:g}: the edge of one pixel")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cli.py", description="Osteolens. A research tool, not a medical device.")
    parser.add_argument("--version", action="version", version=f"Osteolens {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    cores, workers = os.cpu_count() or 1, "processes; one a core unless told"
    data = "a table of films and answers, or the word virtual: patients made for it"

    def command(module: str, name: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=DOES[name], description=DOES[name])
        sub.set_defaults(module=module, function=name)
        return sub

    one = command("archive", "read")
    one.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="films, or folders of films")
    one.add_argument("--recipe", default="auto", choices=["auto", *RECIPES])
    one.add_argument("--clinical", type=Path, metavar="CSV", help="path, age_years, sex, bmi")
    one.add_argument(
        "--pixel-mm", type=_millimetres, metavar="MM", help="edge of a pixel, measured on a marker, for films without"
    )
    one.add_argument("--out", type=Path, required=True, metavar="JSONL")
    one.add_argument("--table", type=Path, metavar="CSV|PARQUET", help="the same as a table, once all are read")
    one.add_argument("--images", type=Path, metavar="DIR", help="write each film with outlines and explanation here")
    one.add_argument("--workers", type=_count, default=cores, help=workers)
    how = one.add_mutually_exclusive_group()
    how.add_argument("--resume", action="store_true", help="only go on with this run; as it does by itself if it can")
    how.add_argument("--anew", action="store_true", help="begin anew, and keep what stands there under another name")

    one = command("films", "deidentify")
    one.add_argument("source", type=Path, metavar="IN", help="a film, or a folder of films")
    one.add_argument("--out", type=Path, required=True, metavar="DIR", help="where they go, under opaque names")
    looked = "a film that was held and that you have looked at"
    one.add_argument("--clear", action="append", default=[], metavar="NAME", help=f"{looked}: no text, write it")
    one.add_argument("--paint", action="append", default=[], metavar="NAME", help=f"{looked}: paint the places over")

    one = command("models", "train")
    one.add_argument("recipe", choices=list(LEARNERS))
    one.add_argument("--data", required=True, metavar="MANIFEST|virtual", help=data)
    one.add_argument("--preset", default="demo", choices=["demo", "paper"])
    one.add_argument(
        "--init",
        action="append",
        default=[],
        metavar="CANDIDATE=WEIGHTS",
        help="scratch, a file, a bundle's folder, one that save_pretrained wrote, or a hub id",
    )
    one.add_argument("--from-bundle", metavar="NAME@VERSION|FOLDER", help="fine-tune this bundle, heads included")
    one.add_argument("--freeze", metavar="none|backbone|SHARE", help="layers that stay as they are, with --from-bundle")
    one.add_argument(
        "--virtual-share", type=float, metavar="SHARE", help="of virtual patients beside own films; 0.5 unless told"
    )
    one.add_argument("--epochs", type=_count, metavar="N", help="with --from-bundle; 4 unless told")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--version", help="of the bundle that is made; the next one free unless told")
    one.add_argument("--learned-from", metavar="TEXT", help="what the card says of the data")
    one.add_argument("--workers", type=int, default=cores, help=workers)
    one.add_argument("--out", type=Path, required=True, metavar="DIR")

    one = command("models", "evaluate")
    one.add_argument("recipe", choices=[*RECIPES, "view", "prognosis"], help="or prognosis: scores against fractures")
    one.add_argument("--data", required=True, metavar="MANIFEST|virtual", help=data)
    one.add_argument("--horizon", type=float, default=5.0, metavar="YEARS", help="of prognosis; 5 unless told")
    one.add_argument("--bundle", metavar="NAME@VERSION|FOLDER", help="the version that reads unless told")
    one.add_argument("--films", type=_count, default=1000, metavar="N", help="virtual films a set; 1000 unless told")
    one.add_argument("--workers", type=int, default=cores, help=workers)
    one.add_argument("--out", type=Path, required=True, metavar="DIR", help="for the figures, the page, its pictures")

    one = command("films", "simulate")
    one.add_argument("view", metavar="VIEW", help="hip_ap, knee_ap or spine_lateral")
    one.add_argument("--n", type=int, required=True, help="how many films")
    one.add_argument("--seed", type=int, required=True, help="which cohort: the same seed gives the same films")
    one.add_argument("--scanner", default="alpha", help="alpha, beta (another make) or vfa (DXA-VFA)")
    one.add_argument("--size", type=int, metavar="PX", help="long side of a film; 1024 unless told")
    one.add_argument("--workers", type=int, default=cores, help=workers)
    one.add_argument("--meshes", type=Path, metavar="DIR", help="bone meshes that every other person gets (hip_ap)")
    one.add_argument("--implants", type=float, default=0.0, metavar="SHARE", help="of people with a metal hip (hip_ap)")
    one.add_argument("--dysplasia", type=float, default=0.0, metavar="SHARE", help="of people with shallow sockets")
    one.add_argument("--fractures", type=float, default=0.0, metavar="SHARE", help="of broken spines, besides others")
    one.add_argument("--out", type=Path, required=True, metavar="DIR")

    one = command("audit", "audit")
    one.add_argument("data", type=Path, metavar="MANIFEST|FOLDER", help="a table of films, or a folder of films")
    one.add_argument(
        "--readings", type=Path, metavar="JSONL", help="what `read` wrote of these films: none is read anew"
    )
    one.add_argument("--no-doubts", action="store_true", help="do not ask a model which labels it doubts (slow)")
    one.add_argument("--workers", type=int, default=cores, help=workers)
    one.add_argument("--out", type=Path, required=True, metavar="DIR", help="for report.html and audit.json")

    steps = commands.add_parser("queue", help="The cases kept for an expert, and what became of them.")
    queue = steps.add_subparsers(required=True, metavar="STEP")

    def step(name: str, module: str = "queue") -> argparse.ArgumentParser:
        does = DOES[f"queue {name}"]
        sub = queue.add_parser(name, help=does, description=does)
        sub.set_defaults(module=module, function=f"queue_{name}")
        return sub

    one = step("list")
    one.add_argument("--state", action="append", default=[], choices=list(State), help="only these; may be repeated")
    one.add_argument("--json", action="store_true", help="one line of JSON a case")
    one = step("add")
    one.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="films, or folders of films")
    one.add_argument("--recipe", default="auto", choices=["auto", *RECIPES])
    one.add_argument("--budget", type=_count, metavar="N", help="keep at most N films, chosen by the policy")
    one.add_argument("--policy", choices=list(POLICIES), help="how they are chosen (default: mixed)")
    one.add_argument("--control", type=_share, metavar="SHARE", help="of the budget, drawn at random (0.1)")
    one.add_argument("--dry-run", action="store_true", help="say what would go in and why, and keep nothing")
    one = step("release", "held")
    one.add_argument("cases", nargs="+", metavar="CASE", help="as `queue list --state held` names them")
    one.add_argument("--paint", action="store_true", help="there is text: paint it over first")
    one = step("drop", "held")
    one.add_argument("cases", nargs="+", metavar="CASE", help="as `queue list --state held` names them")
    one = step("push")
    one.add_argument("--readers", type=_count, default=1, metavar="K", help="experts who judge each case on their own")
    how = one.add_mutually_exclusive_group()
    how.add_argument(
        "--blind", dest="preannotate", action="store_false", default=None, help="experts see nothing of the answers"
    )
    how.add_argument("--preannotate", action="store_true", default=None, help="experts correct the model's answers")
    step("pull")
    one = step("backup")
    one.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the copy goes; a new file")
    step("check")
    one = step("export")
    one.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder, or one of an earlier export")
    one.add_argument("--recipe", choices=list(RECIPES), help="whose answers, where several recipes have some")
    one.add_argument(
        "--control", choices=["test", "train"], default="test", help="what the control arm is for (default: test)"
    )
    one = step("review", "review")
    one.add_argument("--recipe", choices=list(RECIPES), help="of this recipe alone")
    one.add_argument("--all", action="store_true", help="every case: how it was settled, or what it waits for")
    one.add_argument("--ask", action="store_true", help="send what readers differ on to one more reader")
    one.add_argument("--json", action="store_true", help="one line of JSON a side")
    one = step("agreement", "review")
    one.add_argument("--recipe", choices=list(RECIPES), help="of this recipe alone")
    one.add_argument("--json", action="store_true", help="the same as one line of JSON")
    one = step("status")
    one.add_argument("--json", action="store_true", help="the same as one line of JSON")

    one = command("models", "calibrate")
    one.add_argument("recipe", choices=list(LEARNERS))
    one.add_argument("--data", required=True, metavar="MANIFEST", help="a table of films of your own and answers")
    one.add_argument("--bundle", metavar="NAME@VERSION|FOLDER", help="the version that reads unless told")
    one.add_argument("--workers", type=int, default=cores, help=workers)
    one.add_argument(
        "--out", type=Path, default=Path("runs/calibrate"), metavar="DIR", help="runs/calibrate unless told"
    )

    kinds = commands.add_parser("space", help="A Space on the Hugging Face Hub: build its folder, publish it.")
    space = kinds.add_subparsers(required=True, metavar="STEP")
    for name in ("build", "publish"):
        does = DOES[f"space {name}"]
        one = space.add_parser(name, help=does, description=does)
        one.set_defaults(module="space", function=name)
        if name == "build":
            one.add_argument("--recipes", metavar="NAME,NAME", help="all that read now unless told")
            one.add_argument("--title", default="Osteolens", help="of the Space")
            one.add_argument("--index", metavar="URL", help="where pip also looks, as for torch without CUDA")
            one.add_argument("--out", type=Path, default=Path("dist/space"), metavar="DIR", help="or dist/space")
        else:
            one.add_argument("folder", nargs="?", type=Path, default=Path("dist/space"), metavar="DIR")
            one.add_argument("--to", required=True, metavar="ORG/NAME", help="the Space on the hub")
            one.add_argument("--private", action="store_true", help="for members of ORG alone")
            one.add_argument("--dry-run", action="store_true", help="say what would be sent, send nothing")

    kinds = commands.add_parser("data", help="Data sets on the Hugging Face Hub: publish.")
    one = kinds.add_subparsers(required=True, metavar="STEP").add_parser(
        "publish", help=DOES["data publish"], description=DOES["data publish"]
    )
    one.set_defaults(module="data", function="publish")
    one.add_argument("folder", type=Path, metavar="DIR", help="what queue export wrote")
    one.add_argument("--to", required=True, metavar="ORG/NAME", help="the data set on the hub")
    one.add_argument("--public", action="store_true", help="for everybody; members of ORG alone unless told")
    one.add_argument("--dry-run", action="store_true", help="say what would be sent, send nothing")

    one = command("models", "models")
    one.add_argument("action", choices=list(MODEL_ACTIONS))
    one.add_argument(
        "name", nargs="*", metavar="NAME",
        help="NAME@VERSION to show or publish; it or a folder to promote; two to compare; a recipe to roll back; "
        "ORG/NAME or ORG/NAME@REVISION to install",
    )  # fmt: skip
    one.add_argument("--data", metavar="MANIFEST", help="a locked test set that the challenger never learned from")
    one.add_argument("--because", default="", metavar="REASON", help="promote without a gain; the log keeps the reason")
    one.add_argument("--workers", type=int, default=cores, help=workers)
    one.add_argument("--out", type=Path, metavar="DIR", help="for a comparison's figures and page")
    one.add_argument("--to", metavar="ORG/NAME", help="the repository on the Hugging Face Hub to publish to")
    one.add_argument("--private", action="store_true", help="publish where only members of ORG see it")
    one.add_argument("--dry-run", action="store_true", help="say what would be published, and ask nothing of the hub")
    one.add_argument("--fingerprint", metavar="HEX", help="install only the bundle of this fingerprint")
    return parser


if __name__ == "__main__":
    sys.exit(main())
