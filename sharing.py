"""Sharing: what leaves this installation for the Hugging Face Hub, and what comes from it, step by step.

publish: bundle -> whole? -> files and digests -> repository, tagged with its version
install: repository -> only a bundle's files -> digests and fingerprint -> shelf
"""

from pathlib import Path

from core.settings import settings
from models.hub.errors import HubFault as HubFault
from models.hub.fetch import install as install_under
from models.hub.publish import Published as Published
from models.hub.publish import publish as publish_folder
from models.registry import find


def publish(name_at_version: str, repository: str, private: bool = False, dry_run: bool = False) -> Published:
    """Send a bundle to `org/name`. Raises BundleError for one that is not here or not whole, HubFault for the hub."""
    return publish_folder(find(name_at_version, settings().weights), repository, private, dry_run)


def install(repository: str, expected: str | None = None) -> Path:
    """Put the bundle of `org/name` or `org/name@revision` among those here; it does not read until it is promoted.

    expected: its fingerprint, as whoever made it told it.
    """
    name, _, revision = repository.partition("@")
    return install_under(name, settings().weights, revision or None, expected)
