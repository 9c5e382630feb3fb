"""A bundle from the hub: only files that a bundle has, of sizes a bundle has, held against their digests.

No code and no pickle is fetched; what loads the weights is this program.
"""

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from models.bundle import Bundle, load
from models.files.copies import copy
from models.files.network import save_configs
from models.files.plain import BundleError
from models.hub.errors import told
from models.hub.manifest import CHECKSUMS, bounded, travels, verify

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def fetch(repository: str, revision: str | None = None, expected: str | None = None) -> Path:
    """The folder, in the hub's cache, of the bundle that `org/name` holds.

    revision: a tag such as v1.0.0, a branch or a commit; `main` unless told. expected: its fingerprint. Raises
    BundleError for what is no bundle or another, and HubFault where the hub does not give it.
    """
    from huggingface_hub import HfApi

    if not REPOSITORY.fullmatch(repository):
        raise BundleError(f"found {repository!r}, expected a repository such as org/name, or a folder")
    api = HfApi()
    with told(f"fetching {repository}"):
        info = api.model_info(repository, revision=revision, files_metadata=True)
        there = {one.rfilename: one.size or 0 for one in info.siblings or () if travels(one.rfilename)}
        there |= {one.rfilename: one.size or 0 for one in info.siblings or () if one.rfilename == CHECKSUMS}
        if "config.json" not in there or CHECKSUMS not in there:
            raise BundleError(
                f"{repository} holds no {'config.json' if CHECKSUMS in there else CHECKSUMS}, expected a bundle that "
                "`models publish` sent; weights of other projects are first weights for `train --init`"
            )
        bounded(there.items())
        for path in there:
            folder = Path(api.hf_hub_download(repository, path, revision=info.sha)).parents[path.count("/")]
    verify(folder, expected)
    return folder


def install(repository: str, root: Path, revision: str | None = None, expected: str | None = None) -> Path:
    """Put the bundle that `org/name` holds on the shelf under root, whole or not at all, with this program's own code
    beside its weights. Raises BundleError and HubFault as `fetch` does, and rather than overwrite a version."""
    source = fetch(repository, revision, expected)
    with TemporaryDirectory() as scratch:
        draft = Path(scratch) / "bundle"
        for file in source.rglob("*"):
            path = file.relative_to(source).as_posix()
            if file.is_file() and travels(path):
                (draft / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, draft / path)  # the cache keeps links
        verify_copied(draft, source)
        for node in load(draft).networks.values():
            save_configs(draft / node.name, node)
        return copy(draft, root)


def verify_copied(draft: Path, source: Path) -> None:
    """Once more on the copy, which nobody else writes to."""
    shutil.copyfile(source / CHECKSUMS, draft / CHECKSUMS)
    verify(draft)
    (draft / CHECKSUMS).unlink()


def from_pretrained(source: str | Path, revision: str | None = None) -> Bundle:
    """A bundle by its folder, or by `org/name` on the hub."""
    return load(Path(source)) if Path(source).is_dir() else load(fetch(str(source), revision))
