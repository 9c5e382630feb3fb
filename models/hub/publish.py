"""A bundle onto the hub: its files, the code by which transformers loads them, and their digests."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from models.bundle import TAUGHT, Bundle, load, save
from models.files.network import save_configs
from models.files.plain import BundleError, read_json, write_json
from models.hub.errors import told
from models.hub.manifest import CHECKSUMS, checksums, travels


@dataclass(frozen=True)
class Published:
    """What went to a repository, or would: files in bytes by name. url: of the commit; None for a dry run."""

    repository: str
    version: str
    fingerprint: str
    files: Mapping[str, int]
    url: str | None = None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())


def publish(folder: Path, repository: str, private: bool = False, dry_run: bool = False) -> Published:
    """Send the bundle in a folder to `org/name` on the hub, and tag it with its version, which never changes.

    private: make a repository that is not there yet private; one that is there and public is refused. dry_run: say what
    would be sent, and ask nothing of the hub. Raises BundleError for no whole bundle or a version that is there
    already, and HubFault where the hub does not do it.
    """
    bundle = load(folder)  # whole, and every weight in its place
    with TemporaryDirectory() as scratch:
        draft = Path(scratch)
        stage(folder, bundle, draft)
        files = {file.relative_to(draft).as_posix(): file.stat().st_size for file in draft.rglob("*") if file.is_file()}
        mark = read_json(draft / CHECKSUMS)["fingerprint"]
        done = Published(repository, bundle.version, mark, dict(sorted(files.items())))
        return done if dry_run else _send(draft, done, f"{bundle.name}@{bundle.version}", private)


def stage(folder: Path, bundle: Bundle, draft: Path) -> None:
    """Everything that goes to the hub, in an empty folder.

    Patients stay unknown: of what the bundle was made from, only the digests of films go, which tell an installation
    that has the same films that they were learned from. The code beside the networks is this program's, and stands at
    the root as well, where transformers looks for it when it loads from a `subfolder`.
    """
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if file.is_file() and not file.is_symlink() and travels(path):
            (draft / path).parent.mkdir(exist_ok=True)
            shutil.copyfile(file, draft / path)
    for node in bundle.networks.values():
        save_configs(draft / node.name, node)
    for code in sorted(draft.glob("*/*.py")):
        shutil.copyfile(code, draft / code.name)
    if bundle.taught:
        write_json(draft / TAUGHT, {key: value for key, value in bundle.taught.items() if key == "films"})
    write_json(draft / CHECKSUMS, checksums(draft, bundle.name, bundle.version))


def push(bundle: Bundle, repository: str, private: bool = False, dry_run: bool = False) -> Published:
    """The same for a bundle in memory."""
    with TemporaryDirectory() as scratch:
        return publish(save(bundle, Path(scratch)), repository, private, dry_run)


def _send(draft: Path, done: Published, title: str, private: bool) -> Published:
    from huggingface_hub import HfApi

    api, tag = HfApi(), f"v{done.version}"
    with told(f"publishing {title} to {done.repository}"):
        api.create_repo(done.repository, private=private or None, exist_ok=True)
        if private and not api.model_info(done.repository).private:
            raise BundleError(f"{done.repository} is public, expected a private repository; choose another name")
        if tag in {one.name for one in api.list_repo_refs(done.repository).tags}:
            raise BundleError(
                f"{done.repository} has {tag} already and a version never changes; give the bundle a new version"
            )
        commit = api.upload_folder(
            repo_id=done.repository, folder_path=draft, commit_message=f"{title}, fingerprint {done.fingerprint}",
            delete_patterns=["*.json", "*.safetensors", "*.py"],
        )  # fmt: skip
        api.create_tag(done.repository, tag=tag, revision=commit.oid)
    return replace(done, url=str(commit.commit_url))
