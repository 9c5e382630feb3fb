"""What mkdocs does besides: lists every page of a folder, and shows the files that stand beside README.md."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("evidence", "decisions")
GUIDES = "How-to"
BESIDE = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")  # where hosts of repositories look for them


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """A folder's name in the navigation becomes its pages: the index, then the others in order."""
    config.nav = [_filled(entry) for entry in config.nav or []]
    named = str(config.nav)
    for entry in config.nav:
        if isinstance(entry, dict) and GUIDES in entry:  # a guide that nobody has put in its place comes last
            new = sorted(f"guides/{path.name}" for path in (ROOT / "docs/guides").glob("*.md"))
            entry[GUIDES] += [page for page in new if page not in named]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The project's own files as pages; links that leave the documents for the code become plain words."""
    for name in BESIDE:
        text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")
        for other in BESIDE:
            text = text.replace(f"]({other})", f"]({other.lower()})")
        files.append(File.generated(config, name.lower(), content=text))
    return files


def _filled(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    ((title, inside),) = entry.items()
    if inside not in FOLDERS:
        return entry
    pages = sorted(path.name for path in (ROOT / "docs" / inside).glob("*.md") if path.name != "index.md")
    return {title: [f"{inside}/{name}" for name in ("index.md", *pages)]}
