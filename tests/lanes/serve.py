"""Serves build/site on localhost, as any static host would."""

from __future__ import annotations

import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from lanes.project import BUILD, say

PORT = 8000


class Handler(SimpleHTTPRequestHandler):
    extensions_map = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


def serve(port: int = PORT) -> None:
    handler = functools.partial(Handler, directory=str(BUILD / "site"))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        say(f"http://localhost:{port}/  (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("")
