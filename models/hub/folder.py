"""A folder onto the hub as it is: a Space, or a data set."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.hub.errors import HubFault, told

Kind = Literal["space", "dataset"]


@dataclass(frozen=True)
class Sent:
    """What went to a repository, or would. size: bytes. url: of the commit; None for a dry run."""

    repository: str
    files: tuple[str, ...]
    size: int
    url: str | None = None


def send(folder: Path, repository: str, kind: Kind, private: bool = False, dry_run: bool = False) -> Sent:
    """Send every file of a folder, hidden folders and caches left out; what the repository had besides goes.

    private: make a repository that is not there yet private; one that is there and public is refused. dry_run: ask
    nothing of the hub. Raises HubFault where the hub does not do it.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file() and _goes(file.relative_to(folder)))
    sent = Sent(
        repository,
        tuple(file.relative_to(folder).as_posix() for file in files),
        sum(file.stat().st_size for file in files),
    )
    if dry_run:
        return sent
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api = HfApi()
    with told(f"publishing {folder} to {repository}"):
        api.create_repo(
            repository, repo_type=kind, private=private or None, exist_ok=True,
            space_sdk="gradio" if kind == "space" else None,
        )  # fmt: skip
        if private and not api.repo_info(repository, repo_type=kind).private:
            raise HubFault(f"{repository} is public, expected a private repository; choose another name")
        gone = set(api.list_repo_files(repository, repo_type=kind)) - set(sent.files) - {".gitattributes"}
        operations = [CommitOperationAdd(name, file) for name, file in zip(sent.files, files, strict=True)]
        commit = api.create_commit(
            repository, [*operations, *(CommitOperationDelete(name) for name in sorted(gone))], repo_type=kind,
            commit_message=f"{len(files)} files",
        )  # fmt: skip
    return Sent(sent.repository, sent.files, sent.size, str(commit.commit_url))


def _goes(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts[:-1]) or path.name.startswith(".env")
    return not hidden and "__pycache__" not in path.parts
