"""What the commands share: how they fail, and how they show progress."""

import sys
from pathlib import Path

from tqdm import tqdm

from core.settings import settings


class WrongUse(Exception):
    """The command cannot be carried out as it was given: one sentence, exit code 2."""


class Fault(Exception):
    """The program failed at what it was asked to do: one sentence, exit code 1."""


class Progress:
    """A bar a step on the terminal, with its ETA; silent where there is no terminal but for a line a step."""

    def __init__(self) -> None:
        self.bar: tqdm | None = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, step: str, done: int, total: int) -> None:
        if self.bar is None or self.bar.desc != step:
            if self.bar is not None:
                self.bar.close()
            self.bar = tqdm(total=total, initial=done, mininterval=1 if sys.stderr.isatty() else 30)
            self.bar.set_description_str(step)
        self.bar.update(done - self.bar.n)


def there(data: str) -> None:
    """Raises WrongUse for a manifest that is not there, before anything long begins."""
    if data != "virtual" and not Path(data).exists():
        raise WrongUse(
            f"found no manifest at {data}, expected a CSV or Parquet file with a row a limb, a folder that "
            "`queue export` or `simulate` wrote, or the word virtual"
        )


def no_bundle(name: str | None) -> str:
    """A sentence for a bundle that is not there."""
    import reading

    there = ", ".join(f"{one['name']}@{one['version']}" for one in reading.models())
    return f"no bundle {name} under {settings().weights}, expected one of: {there or 'none yet'}"


def pair(text: str, form: str) -> tuple[str, str]:
    """Both sides of KEY=VALUE. Raises WrongUse for anything else."""
    key, equals, value = text.partition("=")
    if not (key and equals and value):
        raise WrongUse(f"found {text!r}, expected {form}")
    return key, value
