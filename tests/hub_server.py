"""A small Hub for tests: model and dataset repositories in memory, over HTTP, on this machine only."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

USER = "tester"


@dataclass
class Repository:
    """Commits by revision; the branch `main` is the last one.

    Args:
        private: Whether it was made private.
        commits: Files of each commit.
    """

    private: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return list(self.commits)[-1]

    def commit(self, files: dict[str, bytes]) -> str:
        """Add a commit; returns its revision."""
        revision = hashlib.sha1(repr((len(self.commits), sorted(files))).encode()).hexdigest()
        self.commits[revision] = files
        return revision

    def resolve(self, revision: str) -> str | None:
        revision = self.head if revision == "main" else revision
        return revision if revision in self.commits else None


class HubServer:
    """A Hub while its `with` block lasts.

    Attributes:
        repositories: By `models/owner/name` or `datasets/owner/name`.
        requests: Method and path of every request, in order.
        uploaded: Every body that was sent, joined: what left the client, whatever became of it.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.blobs: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.uploaded = b""
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "HubServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environment(self, home: Path) -> dict[str, str]:
        """Variables for a process that is to use this Hub; they are read when the libraries are imported."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_TOKEN": "hf_test",
            "HF_HOME": str(home),
            "HF_MODULES_CACHE": str(home / "modules"),
            "NO_PROXY": "127.0.0.1",
        }

    def files(self, repo_id: str, kind: str = "models") -> dict[str, bytes]:
        """The files of a repository's last commit."""
        repository = self.repositories[f"{kind}/{repo_id}"]
        return repository.commits[repository.head]


class _Handler(BaseHTTPRequestHandler):
    """The routes that huggingface_hub, transformers and datasets use."""

    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._route("GET")

    def do_HEAD(self) -> None:
        self._route("HEAD")

    def do_POST(self) -> None:
        self._route("POST")

    def do_PUT(self) -> None:
        self._route("PUT")

    def _route(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((method, path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if method in ("POST", "PUT") else b""
        self.hub.uploaded += body
        for pattern, answer in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match:
                answer(self, body, **match.groupdict())
                return
        self._error(404, "RouteNotFound", f"No route {method} {path}")

    def _send(self, content: Any, status: int = 200, **headers: str) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), "Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _error(self, status: int, code: str, message: str) -> None:
        self._send({"error": message}, status, X_Error_Code=code, X_Error_Message=message)

    def _find(self, kind: str, repo_id: str, revision: str) -> Iterator[tuple[str, dict[str, bytes]]]:
        """The revision and its files; nothing, after an error was sent, if there is no such thing."""
        repository = self.hub.repositories.get(f"{kind}/{repo_id}")
        if repository is None:
            self._error(404, "RepoNotFound", "Repository not found")
            return
        found = repository.resolve(revision)
        if found is None:
            self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        yield found, repository.commits[found]

    def whoami(self, body: bytes) -> None:
        if self.headers.get("Authorization") != "Bearer hf_test":
            self._error(401, "", "Invalid user token.")
            return
        self._send({"type": "user", "name": USER, "orgs": [], "auth": {"accessToken": {"role": "write"}}})

    def validate(self, body: bytes) -> None:
        has_head = re.match(r"---\n(.+: .+\n|- .+\n|.+:\n)", json.loads(body)["content"])
        self._send({"errors": [], "warnings": []} if has_head else b"no metadata", 200 if has_head else 400)

    def create(self, body: bytes) -> None:
        wanted = json.loads(body)
        owner = wanted.get("organization") or USER
        repo_id = wanted["name"] if "/" in wanted["name"] else f"{owner}/{wanted['name']}"
        kind = f"{wanted.get('type') or 'model'}s"
        address = f"{self.hub.url}/{'' if kind == 'models' else kind + '/'}{repo_id}"
        if f"{kind}/{repo_id}" in self.hub.repositories:
            self._send({"error": "You already created this repo", "url": address}, 409)
            return
        private = bool(wanted.get("private")) or wanted.get("visibility") == "private"
        repository = self.hub.repositories[f"{kind}/{repo_id}"] = Repository(private)
        repository.commit({".gitattributes": b"*.safetensors filter=lfs\n"})
        self._send({"url": address, "name": repo_id, "id": repo_id})

    def preupload(self, body: bytes, **_: str) -> None:
        files = json.loads(body)["files"]
        for file in files:
            large = file["path"].endswith((".safetensors", ".parquet")) or file["size"] > 100_000
            file |= {"uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
        self._send({"files": files})

    def lfs(self, body: bytes, kind: str, repo_id: str) -> None:
        objects = [
            {**item, "actions": {"upload": {"href": f"{self.hub.url}/blobs/{item['oid']}"}}}
            for item in json.loads(body)["objects"]
        ]
        self._send({"transfer": "basic", "objects": objects})

    def blob(self, body: bytes, oid: str) -> None:
        self.hub.blobs[oid] = body
        self._send({})

    def commit(self, body: bytes, kind: str, repo_id: str, revision: str) -> None:
        for _, files in self._find(kind, repo_id, revision):
            files = dict(files)
            for line in map(json.loads, body.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    files[value["path"]] = self.hub.blobs[value["oid"]]
                elif line["key"] == "deletedFile":
                    del files[value["path"]]
            oid = self.hub.repositories[f"{kind}/{repo_id}"].commit(files)
            self._send({"commitOid": oid, "commitUrl": f"{self.hub.url}/{repo_id}/commit/{oid}", "success": True})

    def info(self, body: bytes, kind: str, repo_id: str, revision: str | None = None) -> None:
        for oid, files in self._find(kind, repo_id, revision or "main"):
            private = self.hub.repositories[f"{kind}/{repo_id}"].private
            siblings = [{"rfilename": path, "size": len(content)} for path, content in files.items()]
            tags = {"tags": [], "downloads": 0, "likes": 0, "pipeline_tag": "token-classification"}
            self._send({"id": repo_id, "sha": oid, "private": private, "siblings": siblings, **tags})

    def refs(self, body: bytes, kind: str, repo_id: str) -> None:
        for oid, _ in self._find(kind, repo_id, "main"):
            branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": oid}
            self._send({"branches": [branch], "converts": [], "tags": []})

    def tree(self, body: bytes, kind: str, repo_id: str, revision: str, folder: str | None = None) -> None:
        for _, files in self._find(kind, repo_id, revision):
            inside = f"{folder.strip('/')}/" if folder and folder.strip("/") else ""
            entries = _with_folders(files)
            if inside and inside.rstrip("/") not in entries:
                self._error(404, "EntryNotFound", f"{folder} does not exist")
                return
            recursive = "recursive=true" in self.path.lower()
            self._send(
                [
                    entry
                    for path, entry in entries.items()
                    if path.startswith(inside) and (recursive or "/" not in path[len(inside) :])
                ]
            )

    def paths(self, body: bytes, kind: str, repo_id: str, revision: str) -> None:
        for _, files in self._find(kind, repo_id, revision):
            entries = _with_folders(files)
            self._send([entries[path] for path in json.loads(body)["paths"] if path in entries])

    def resolve(self, body: bytes, repo_id: str, revision: str, path: str, kind: str | None = None) -> None:
        for oid, files in self._find(kind or "models", repo_id, revision):
            if path not in files:
                self._error(404, "EntryNotFound", f"{path} not in repository")
                return
            content = files[path]
            self._send(
                content,
                ETag=f'"{hashlib.sha256(content).hexdigest()}"',
                X_Repo_Commit=oid,
                Content_Type="application/octet-stream",
            )


def _with_folders(files: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """What the Hub says of each file, and of each folder that holds some."""
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents} - {"."}
    entries = {path: {"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in folders}
    for path, content in files.items():
        entries[path] = {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
    return entries


_REPO = r"/api/(?P<kind>models|datasets)/(?P<repo_id>[^/]+/[^/]+)"
_ROUTES = [
    (r"/api/whoami-v2", _Handler.whoami),
    (r"/api/validate-yaml", _Handler.validate),
    (r"/api/repos/create", _Handler.create),
    (_REPO + r"/preupload/(?P<revision>.+)", _Handler.preupload),
    (_REPO + r"/commit/(?P<revision>.+)", _Handler.commit),
    (_REPO + r"/refs", _Handler.refs),
    (_REPO + r"/tree/(?P<revision>[^/]+)(?P<folder>/.*)?", _Handler.tree),
    (_REPO + r"/paths-info/(?P<revision>.+)", _Handler.paths),
    (_REPO + r"(/revision/(?P<revision>.+))?", _Handler.info),
    (r"/((?P<kind>datasets)/)?(?P<repo_id>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)", _Handler.resolve),
    (r"/(?P<kind>datasets/)?(?P<repo_id>[^/]+/[^/]+)\.git/info/lfs/objects/batch", _Handler.lfs),
    (r"/blobs/(?P<oid>\w+)", _Handler.blob),
]
