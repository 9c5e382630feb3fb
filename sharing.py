"""Sharing: what leaves this installation for the Hugging Face Hub, and what comes from it, step by step.

publish: bundle -> whole? -> files and digests -> repository, tagged with its version
publish_folder: a Space, a data set -> repository
install: repository -> only a bundle's files -> digests and fingerprint -> shelf
"""

from pathlib import Path

from core.settings import settings
from models.hub.errors import HubFault as HubFault
from models.hub.fetch import install as install_under
from models.hub.folder import Kind, Sent, send
from models.hub.publish import Published as Published, publish as publish_bundle
from models.registry import find


def publish(name_at_version: str, repository: str, private: bool = False, dry_run: bool = False) -> Published:
    """Send a bundle to `org/name`. Raises BundleError for one that is not here or not whole, HubFault for the hub."""
    return publish_bundle(find(name_at_version, settings().weights), repository, private, dry_run)


def publish_folder(folder: Path, repository: str, kind: Kind, private: bool = False, dry_run: bool = False) -> Sent:
    """Send a folder to `org/name` as it is. Raises HubFault where the hub does not take it."""
    return send(folder, repository, kind, private, dry_run)


def said_of(sent: Sent) -> str:
    """What went, in a sentence."""
    went = "would go" if sent.url is None else "went"
    return f"{len(sent.files)} files, {sent.size / 1e6:.1f} MB, {went} to {sent.repository}."


def install(repository: str, expected: str | None = None) -> Path:
    """Put the bundle of `org/name` or `org/name@revision` among those here; it does not read until it is promoted.

    expected: its fingerprint, as whoever made it told it.
    """
    name, _, revision = repository.partition("@")
    return install_under(name, settings().weights, revision or None, expected)
