"""The film of a task that Label Studio names: out of Label Studio itself, or out of the task, and from nowhere else.

Whoever makes a task chooses what stands in it, so an address in it is never followed to another host: it could be any
machine that this one reaches.
"""

import base64
import binascii
import re

import httpx

from annotation.connection import Connection, TooLarge

_DATA = re.compile(r"data:[\w/+.-]*(;[\w=.-]+)*?;base64,", re.ASCII)
_STORED = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)  # s3://, gs://: Label Studio opens it
_REDIRECTS = 3


class NoImage(Exception):
    """A task without a film that can be read; the message is one sentence for a person."""


def image_of(address: object, task_id: int, studio: Connection, most_bytes: int) -> bytes:
    """The bytes of the picture that a task shows.

    address: what stands in the task's data. Raises NoImage; LabelStudioFault where Label Studio cannot be used.
    """
    if not isinstance(address, str) or not address.strip():
        raise NoImage("The task has no film: its data hold no address under the name that the interface shows")
    address = address.strip()
    if address.startswith("data:"):
        return _within(address, most_bytes)
    if not address.startswith(("http://", "https://", "/")):
        if not _STORED.match(address):
            raise NoImage(f"The film's address {_short(address)} is none that Label Studio serves")
        told = base64.urlsafe_b64encode(address.encode()).decode()
        address = f"/tasks/{task_id}/resolve/?fileuri={told}"  # Label Studio opens its own storage
    url = address
    if address.startswith("//"):
        url = f"{httpx.URL(studio.url).scheme}:{address}"
    elif address.startswith("/"):
        url = f"{studio.url}{address}"
    for _ in range(_REDIRECTS + 1):
        there, ours = _origin(url), _origin(studio.url)
        if there != ours:
            raise NoImage(
                f"The film lies at {there[1]}, and only {ours[1]} is asked for films; "
                "upload it to Label Studio, or turn off pre-signed addresses of its storage"
            )
        try:
            status, data, url = studio.fetch(url, most_bytes)
        except TooLarge as large:
            raise NoImage(str(large)) from large
        if data is not None:
            return data
        if not url:
            raise NoImage(f"Label Studio does not give out the film {_short(address)} ({status})")
    raise NoImage(f"Label Studio sends the film {_short(address)} from one address to the next")


def _within(address: str, most_bytes: int) -> bytes:
    start = _DATA.match(address[:200])
    if start is None:
        raise NoImage("The film stands in the task as text that is not base64, expected data:image/png;base64,...")
    if len(address) * 3 / 4 > most_bytes:
        raise NoImage(f"The film in the task is larger than {most_bytes / 1e6:.0f} MB; upload it as a file")
    try:
        return base64.b64decode(address[start.end() :], validate=True)
    except binascii.Error as error:
        raise NoImage(f"The film in the task is not base64 ({error})") from error


def _origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port, as the client that fetches reads them. Raises NoImage for what is no address."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise NoImage(f"The film's address cannot be read ({error})") from error
    if parts.userinfo:
        raise NoImage("The film's address carries a user name; take it out")
    return parts.scheme, parts.host, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _short(address: str) -> str:
    return repr(address if len(address) <= 80 else f"{address[:77]}...")
