"""As much of W&B's server as a run needs, on this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import decompress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server(BaseHTTPRequestHandler):
    """Answers as much of W&B as a run needs, and keeps all that it is sent."""

    protocol_version = "HTTP/1.1"
    received: list[bytes]

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
        self.received.append(self.path.encode() + b" " + str(self.headers).encode() + body)
        reply: dict[str, Any] = {}
        if self.path == "/graphql":
            asked = json.loads(body)
            name, variables = asked.get("operationName") or "", asked.get("variables") or {}
            project = {"id": "p", "name": "andraeus", "entity": {"id": "e", "name": "someone"}}
            if name == "Viewer":
                reply = {"viewer": {"id": "v", "username": "someone", "entity": "someone", "flags": "{}"}}
            elif name == "UpsertBucket":
                bucket = {"id": "b", "name": variables.get("name"), "displayName": "d", "project": project}
                reply = {"upsertBucket": {"bucket": bucket, "inserted": True}}
            elif name == "RunResumeStatus":
                reply = {"model": {"id": "p", "bucket": None}}
            elif name == "CreateRunFiles":
                here = f"http://{self.headers['Host']}/"
                files = [{"name": file, "uploadUrl": here + file} for file in variables["files"]]
                reply = {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": files}}
            reply = {"data": reply}
        self.answer(reply)

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
def serving() -> Iterator[tuple[str, list[bytes]]]:
    """Serve on this machine; yield the address and what has been received."""
    received: list[bytes] = []

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass

    with Quiet(("127.0.0.1", 0), type("Handler", (Server,), {"received": received})) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", received
        running.shutdown()
        thread.join()
