"""Commands about a Space on the Hugging Face Hub: build its folder, publish it."""

import argparse
import sys
from pathlib import Path

import reading
import sharing
from commands.shared import WrongUse
from core.settings import settings
from spaces.build import FACE, build as build_folder

FAULTS: tuple[type[Exception], ...] = (sharing.HubFault,)


def build(arguments: argparse.Namespace) -> None:
    """Write the folder of a Space that reads with some recipes, those that read now unless named."""
    able = {one.name: one for one in reading.ready()}
    wanted = arguments.recipes.split(",") if arguments.recipes else list(able)
    missing = [name for name in wanted if name not in able]
    if missing:
        raise WrongUse(f"found no weights for {', '.join(missing)}, expected some of: {', '.join(able)}")
    view = reading.versions().get("view")
    names = dict.fromkeys([*([view] if view else []), *(name for one in wanted for name in able[one].needs)])
    bundles = [(settings().weights / Path(*name.split("@")), name) for name in names]
    sites = [able[name].site for name in wanted]
    try:
        built = build_folder(arguments.out, bundles, dict.fromkeys(sites), arguments.title, arguments.index)
    except FileExistsError as there:
        raise WrongUse(str(there)) from there
    print(
        f"{built.size / 1e6:.1f} MB: {len(built.modules)} modules, {len(bundles)} bundles, "
        f"{len(built.requirements)} requirements. Try it: cd {built.folder} && python {FACE}",
        file=sys.stderr,
    )
    print(built.folder)


def publish(arguments: argparse.Namespace) -> None:
    """Send the folder of a Space to the hub, or say what would be sent."""
    if not (arguments.folder / FACE).is_file():
        raise WrongUse(f"found no {FACE} in {arguments.folder}, expected a folder that `space build` wrote")
    done = sharing.publish_folder(arguments.folder, arguments.to, "space", arguments.private, arguments.dry_run)
    print(sharing.said_of(done), file=sys.stderr)
    if done.url is not None:
        print(done.url)
