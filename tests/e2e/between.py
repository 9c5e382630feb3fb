"""A line to Label Studio that a test can cut."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Between:
    """Stands between a pusher and Label Studio and calls `act` before a request is passed on, or before its answer is.

    `act(method, path, stage)` with stage `asked` or `answered`; True lets nothing more through: the line goes dead.
    """

    def __init__(self, studio_url: str, act: Callable[[str, str, str], bool]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def handle_all(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if act(self.command, self.path, "asked"):
                    return self.hang_up()
                kept = {
                    name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")
                }
                answer = httpx.request(self.command, studio_url + self.path, headers=kept, content=body, timeout=60)
                if act(self.command, self.path, "answered"):
                    return self.hang_up()
                try:
                    self.send_response(answer.status_code)
                    self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
                    self.send_header("Content-Length", str(len(answer.content)))
                    self.end_headers()
                    self.wfile.write(answer.content)
                except BrokenPipeError:
                    pass  # the pusher is dead by now
                return None

            do_GET = do_POST = do_DELETE = do_PATCH = handle_all  # noqa: N815

            def hang_up(self) -> None:
                self.close_connection = True

            def log_message(self, *words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
