"""Commands that speak with the Hugging Face Hub."""

import argparse
import sys

import sharing
from commands.shared import WrongUse


def publish(arguments: argparse.Namespace) -> None:
    """Send a bundle to the hub, or say what would be sent."""
    if not arguments.to:
        raise WrongUse("publish needs --to ORG/NAME, a repository on the hub")
    done = sharing.publish(arguments.name[0], arguments.to, arguments.private, arguments.dry_run)
    for path, size in done.files.items():
        print(f"{size / 1e6:8.3f} MB  {path}", file=sys.stderr)
    what = "would go" if done.url is None else "went"
    print(
        f"{len(done.files)} files, {done.size / 1e6:.1f} MB, {what} to {done.repository} as v{done.version}; "
        f"fingerprint {done.fingerprint}.",
        file=sys.stderr,
    )
    if done.url is not None:
        print(done.url)


def install(arguments: argparse.Namespace) -> None:
    """Put a bundle of the hub among those here, and print its folder."""
    folder = sharing.install(arguments.name[0], arguments.fingerprint)
    name = f"{folder.parent.name}@{folder.name}"
    print(f"{name} is here; it reads once `models promote {name}` has been run.", file=sys.stderr)
    print(folder)
