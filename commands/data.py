"""Commands about data sets on the Hugging Face Hub: publish what `queue export` wrote."""

import argparse
import sys
from pathlib import Path

import sharing
from commands.shared import WrongUse

FAULTS: tuple[type[Exception], ...] = (sharing.HubFault,)


def publish(arguments: argparse.Namespace) -> None:
    """Send the data set of an export to the hub, where members alone see it unless told; or say what would be sent."""
    folder = data_set_in(arguments.folder)
    done = sharing.publish_folder(folder, arguments.to, "dataset", not arguments.public, arguments.dry_run)
    print(sharing.said_of(done), file=sys.stderr)
    if done.url is not None:
        print(done.url)


def data_set_in(folder: Path) -> Path:
    """The data set of an export. Raises WrongUse for any other folder: what it holds may name people."""
    export = folder.parent if folder.name == "dataset" else folder
    if not (export / "export.json").is_file() or not (export / "dataset" / "README.md").is_file():
        raise WrongUse(
            f"found no export.json and no dataset/README.md in {folder}, expected a folder that `queue export` wrote"
        )
    return export / "dataset"
