"""A stand-in for the Hugging Face Hub on loopback: what `huggingface_hub` asks of it over HTTP, and nothing else.

Repositories of three kinds with commits, tags and large files: create, preupload, LFS batch, commit, refs, tag, tree,
info, resolve.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

LARGE = (".safetensors", ".png", ".dcm")


@dataclass
class Repository:
    """commits: by id, the files by path; the last is `main`. tags: by name, a commit."""

    private: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"0" * 40: {}})
    tags: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    @property
    def main(self) -> str:
        return list(self.commits)[-1]

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[self.main]

    def at(self, revision: str) -> str | None:
        commit = self.main if revision == "main" else self.tags.get(revision, revision)
        return commit if commit in self.commits else None

    def commit(self, files: dict[str, bytes], message: str = "") -> str:
        self.said.append(message)
        oid = hashlib.sha1(f"{len(self.commits)}{message}".encode()).hexdigest()
        self.commits[oid] = files
        return oid


@dataclass
class StandIn:
    """repositories: by kind and name, such as `models/lab/hips`. asked: each request, method and path. down: whether
    every request fails."""

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    down: bool = False


@contextmanager
def stand_in() -> Iterator[StandIn]:
    hub = StandIn()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            whole = b""
            while size := int(self.rfile.readline(), 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, status: int, content: Any = b"", **headers: str) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", headers.get("Content_Size", str(len(data))))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _missing(self, code: str = "RepoNotFound") -> None:
        self._send(404, {"error": "not found"}, X_Error_Code=code)

    def _any(self) -> None:
        body, path = self._body(), unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}")
        if self.hub.down:
            self._send(451, {"error": "the hub is resting"})
            return
        for pattern, answer in _ROUTES:
            if found := re.fullmatch(pattern, f"{self.command} {path}"):
                answer(self, body, **found.groupdict())
                return
        self._missing()

    do_GET = do_POST = do_PUT = do_HEAD = _any  # noqa: N815

    def _repository(self, kind: str | None, name: str) -> Repository | None:
        return self.hub.repositories.get(f"{(kind or 'models').strip('/')}/{name}")

    def create(self, body: bytes) -> None:
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
        kind = f"{asked.get('type', 'model')}s"
        there = f"{kind}/{name}" in self.hub.repositories
        private = bool(asked.get("private")) or asked.get("visibility") == "private"
        self.hub.repositories.setdefault(f"{kind}/{name}", Repository(private))
        shown = name if kind == "models" else f"{kind}/{name}"
        self._send(409 if there else 200, {"url": f"{self.hub.url}/{shown}", "name": name, "id": name})

    def card(self, body: bytes) -> None:
        front = json.loads(body)["content"].split("---")
        found = [] if len(front) > 2 and "license" in front[1] else [{"message": "no license in the metadata"}]
        self._send(200, {"errors": found, "warnings": []})

    def preupload(self, body: bytes, kind: str, name: str, **_: str) -> None:
        files = [
            {"path": one["path"], "uploadMode": "lfs" if one["path"].endswith(LARGE) else "regular",
             "shouldIgnore": False, "oid": None}
            for one in json.loads(body)["files"]
        ]  # fmt: skip
        self._send(200, {"files": files})

    def batch(self, body: bytes, **_: str) -> None:
        objects = [
            {"oid": one["oid"], "size": one["size"],
             "actions": {"upload": {"href": f"{self.hub.url}/blobs/{one['oid']}", "header": {}}}}
            for one in json.loads(body)["objects"]
        ]  # fmt: skip
        self._send(200, {"transfer": "basic", "objects": objects})

    def blob(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            self._send(400)
            return
        self.hub.blobs[oid] = body
        self._send(200)

    def commit(self, body: bytes, kind: str, name: str, revision: str) -> None:
        repository = self._repository(kind, name)
        assert repository is not None
        files, message = dict(repository.files), ""
        for line in body.splitlines():
            one = json.loads(line)
            value = one["value"]
            if one["key"] == "header":
                message = value["summary"]
            elif one["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif one["key"] == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
            elif one["key"] == "deletedFile":
                files.pop(value["path"], None)
        oid = repository.commit(files, message)
        shown = name if kind == "models" else f"{kind}/{name}"
        self._send(200, {"commitUrl": f"{self.hub.url}/{shown}/commit/{oid}", "commitOid": oid, "hookOutput": ""})

    def refs(self, body: bytes, kind: str, name: str) -> None:
        repository = self._repository(kind, name)
        assert repository is not None
        tags = [{"name": one, "ref": f"refs/tags/{one}", "targetCommit": oid} for one, oid in repository.tags.items()]
        branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.main}
        self._send(200, {"branches": [branch], "tags": tags, "converts": [], "pullRequests": []})

    def tag(self, body: bytes, kind: str, name: str, revision: str) -> None:
        repository = self._repository(kind, name)
        assert repository is not None
        commit = repository.at(revision)
        assert commit is not None
        repository.tags[json.loads(body)["tag"]] = commit
        self._send(200)

    def info(self, body: bytes, kind: str, name: str, revision: str | None = None) -> None:
        repository = self._repository(kind, name)
        commit = repository.at(revision or "main") if repository else None
        if repository is None or commit is None:
            self._missing("RepoNotFound" if repository is None else "RevisionNotFound")
            return
        siblings = [{"rfilename": path, "size": len(data)} for path, data in repository.commits[commit].items()]
        self._send(
            200, {"id": name, "modelId": name, "sha": commit, "private": repository.private, "siblings": siblings}
        )

    def tree(self, body: bytes, kind: str, name: str, revision: str) -> None:
        repository = self._repository(kind, name)
        commit = repository.at(revision) if repository else None
        if repository is None or commit is None:
            self._missing()
            return
        listed = [
            {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
            for path, data in repository.commits[commit].items()
        ]
        self._send(200, listed)

    def resolve(self, body: bytes, name: str, revision: str, path: str, kind: str | None = None) -> None:
        repository = self._repository(kind, name)
        commit = repository.at(revision) if repository else None
        if repository is None or commit is None:
            self._missing("RepoNotFound" if repository is None else "RevisionNotFound")
            return
        data = repository.commits[commit].get(path)
        if data is None:
            self._send(404, {"error": "no such file"}, X_Error_Code="EntryNotFound", X_Repo_Commit=commit)
            return
        mark = hashlib.sha256(data).hexdigest()
        self._send(200, data, ETag=f'"{mark}"', X_Repo_Commit=commit, Content_Type="application/octet-stream")


_KIND = r"(?P<kind>models|datasets|spaces)/(?P<name>[^/]+/[^/]+)"
_ROUTES = [
    (r"POST /api/repos/create", _Handler.create),
    (r"POST /api/validate-yaml", _Handler.card),
    (rf"POST /api/{_KIND}/preupload/(?P<revision>.+)", _Handler.preupload),
    (r"POST /(?P<name>.+)\.git/info/lfs/objects/batch", _Handler.batch),
    (r"PUT /blobs/(?P<oid>\w+)", _Handler.blob),
    (rf"POST /api/{_KIND}/commit/(?P<revision>.+)", _Handler.commit),
    (rf"GET /api/{_KIND}/refs", _Handler.refs),
    (rf"POST /api/{_KIND}/tag/(?P<revision>.+)", _Handler.tag),
    (rf"GET /api/{_KIND}/tree/(?P<revision>[^/]+)", _Handler.tree),
    (rf"GET /api/{_KIND}/revision/(?P<revision>.+)", _Handler.info),
    (rf"GET /api/{_KIND}", _Handler.info),
    (r"(?:GET|HEAD) /(?P<kind>datasets/|spaces/)?(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)",
     _Handler.resolve),
]  # fmt: skip
