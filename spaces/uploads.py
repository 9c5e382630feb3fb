"""Uploaded films on disk: which requests still need a file, and its removal once none does.

Gradio names an upload by its content, so the same film dropped by three visitors is one file. Each upload is counted as
it comes, each reading takes one count away, and the last one removes the file. A file that no upload brought (a
sample's preview, whatever a client names) is never removed. What is uploaded and never read, Gradio sweeps away.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from present.wording import shown_name


class Uploads:
    """The uploads of one server that are yet to be read."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: Counter[Path] = Counter()
        self._inode: dict[Path, int] = {}
        self._own: frozenset[Path] = frozenset()

    def keep(self, files: Iterable[Path]) -> None:
        """Files of the page itself, which stay though a visitor uploads the same content under the same name."""
        self._own = frozenset(files)

    def came(self, files: Iterable[Path]) -> None:
        """Count uploads that were just written."""
        with self._lock:
            for file in [one for one in self._waiting if not one.exists()]:  # swept away unread
                self._forget(file)
            for file in files:
                if file.exists() and file not in self._own:
                    self._waiting[file] += 1
                    self._inode[file] = file.stat().st_ino

    def take(self, file: Path) -> tuple[bytes, str]:
        """The bytes of an upload and the name to show for it; the file goes with the last request that waits for it.

        Raises FileNotFoundError for a file that was swept away.
        """
        data = file.read_bytes()
        with self._lock:
            if file in self._waiting:
                self._waiting[file] -= 1
                # Another inode is an upload of the same content that has been written and is about to be counted.
                if self._waiting[file] <= 0 and file.stat().st_ino == self._inode[file]:
                    file.unlink()
                    self._forget(file)
        return data, shown_name(file.name)

    def _forget(self, file: Path) -> None:
        del self._waiting[file]
        self._inode.pop(file, None)


class CountUploads:
    """ASGI middleware: tells `uploads` of every file that Gradio's upload route has written."""

    def __init__(self, app: ASGIApp, uploads: Uploads) -> None:
        self._app, self._uploads = app, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith("/upload"):
            await self._app(scope, receive, send)
            return
        body, status = b"", 0

        async def listen(message: Message) -> None:
            nonlocal body, status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                body += message.get("body", b"")
                if status == 200 and not message.get("more_body"):
                    self._uploads.came(map(Path, json.loads(body)))  # before the visitor knows the file's path
            await send(message)

        await self._app(scope, receive, listen)
