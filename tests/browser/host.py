"""A web site of somebody else's, with the launcher on its pages."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Site:
    """Pages that a test writes; each is (html, headers)."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, dict[str, str]]] = {}
        self.url = ""

    def page(self, path: str, body: str, **headers: str) -> str:
        """Put up a page; its address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = f"<!doctype html><html><head><title>Shop{path}</title></head>{body}</html>", named
        return self.url + path


@contextmanager
def hosted() -> Iterator[Site]:
    """A site on a free port of "localhost", which is another site than 127.0.0.1."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, headers = site.pages.get(urlsplit(self.path).path, ("", {}))
            self.send_response(200 if body else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
