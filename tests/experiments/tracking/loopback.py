"""As much of W&B's server as runs need, on this machine: it keeps what it is sent, and knows a run again."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from gzip import decompress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HISTORY, SUMMARY = "wandb-history.jsonl", "wandb-summary.json"


@dataclass
class Held:
    """A run as the server has it.

    Attributes:
        said: What was last said of each of its variables (group, job type, config …).
        files: Lines of its streamed files. A client says at which line what it sends begins; what stood there is
            replaced, and what stood behind stays.
        uploaded: Its other files.
        exits: Exit codes, one for each time that it ended.
    """

    said: dict[str, Any] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    uploaded: dict[str, bytes] = field(default_factory=dict)
    exits: list[int] = field(default_factory=list)

    @property
    def history(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files.get(HISTORY, [])]

    @property
    def summary(self) -> dict[str, Any]:
        lines = self.files.get(SUMMARY, [])
        return json.loads(lines[-1]) if lines else {}

    @property
    def config(self) -> dict[str, Any]:
        return {key: value["value"] for key, value in json.loads(self.said["config"]).items()}

    def table(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of the table that the summary has under a name."""
        content = json.loads(self.uploaded[self.summary[name]["path"]])
        return [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]

    def stream(self, sent: dict[str, Any]) -> None:
        for name, part in (sent.get("files") or {}).items():
            lines = self.files.setdefault(name, [])
            lines[part["offset"] : part["offset"] + len(part["content"])] = part["content"]
        if sent.get("complete"):
            self.exits.append(sent["exitcode"])

    def status(self) -> dict[str, Any]:
        """Return what a client asks before it resumes the run."""
        history = self.files.get(HISTORY, [])
        return {
            "id": "b",
            "name": self.said["name"],
            "displayName": self.said.get("displayName"),
            "summaryMetrics": json.dumps(self.summary),
            "config": self.said.get("config") or "{}",
            "tags": self.said.get("tags") or [],
            "notes": "",
            "logLineCount": 0,
            "eventsLineCount": 0,
            "historyLineCount": len(history),
            "historyTail": json.dumps(history[-1:]),
            "eventsTail": "[]",
            "wandbConfig": json.dumps({"t": 1}),
        }


@dataclass
class Account:
    """What a server was sent: every request, and by the id of each run what it now holds."""

    url: str = ""
    received: list[bytes] = field(default_factory=list)
    runs: dict[str, Held] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def environment(self) -> dict[str, str]:
        """Return what makes a client use this server."""
        return {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": "a" * 40}

    def answer(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Answer a GraphQL request by the name of its operation."""
        project = {"id": "p", "name": "andraeus", "entity": {"id": "e", "name": "someone"}}
        run = str(variables.get("name"))
        if name == "Viewer":
            return {"viewer": {"id": "v", "username": "someone", "entity": "someone", "flags": "{}"}}
        if name == "UpsertBucket":
            held = self.runs.setdefault(run, Held())
            held.said |= {key: value for key, value in variables.items() if value is not None}
            bucket = {"id": "b", "name": run, "displayName": variables.get("displayName") or "d", "project": project}
            return {"upsertBucket": {"bucket": bucket, "inserted": True}}
        if name == "RunResumeStatus":
            bucket = self.runs[run].status() if run in self.runs else None
            return {"model": {**project, "bucket": bucket}}
        if name == "CreateRunFiles":
            run = variables["run"]
            files = [{"name": file, "uploadUrl": f"{self.url}/upload/{run}/{file}"} for file in variables["files"]]
            return {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": files}}
        return {}

    def receive(self, path: str, body: bytes) -> dict[str, Any]:
        """Take in one request, and return the reply."""
        with self.lock:
            if path == "/graphql":
                asked = json.loads(body)
                return {"data": self.answer(asked.get("operationName") or "", asked.get("variables") or {})}
            if upload := re.fullmatch(r"/upload/([^/]+)/(.*)", path):
                self.runs[upload[1]].uploaded[upload[2]] = body
            if stream := re.fullmatch(r"/files/[^/]+/[^/]+/([^/]+)/file_stream", path):
                self.runs[stream[1]].stream(json.loads(body))
            return {}


class Server(BaseHTTPRequestHandler):
    """Passes requests on to an account."""

    protocol_version = "HTTP/1.1"
    account: Account

    def log_message(self, *_: Any) -> None:
        pass

    def body(self) -> bytes:
        body = b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline(), 16):
                body += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def do_POST(self) -> None:
        body = self.body()
        self.account.received.append(self.path.encode() + b" " + str(self.headers).encode() + body)
        self.answer(self.account.receive(self.path, body))

    do_PUT = do_POST

    def do_GET(self) -> None:
        self.answer({})

    def answer(self, reply: dict[str, Any]) -> None:
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving() -> Iterator[Account]:
    """Serve an account on this machine."""
    account = Account()

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass

    with Quiet(("127.0.0.1", 0), type("Handler", (Server,), {"account": account})) as running:
        account.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield account
        running.shutdown()
        thread.join()
