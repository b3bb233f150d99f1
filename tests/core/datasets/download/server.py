"""A server on this machine that interrupts, lies, redirects and lists as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class FileServer(ThreadingHTTPServer):
    """Serves ``files`` below ``/files/``, ``article`` like figshare, ``bucket`` like S3."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.files: dict[str, bytes] = {}
        self.article: list[dict] = []
        self.bucket: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.redirects: dict[str, str] = {}
        self.page_size = 1000
        self.status = 200
        self.busy = 0
        self.stop_after: int | None = None
        self.says_length = True
        self.ranges = True
        self.heeds_if_range = True
        self.requests: list[tuple[str, str | None, str | None]] = []

    def add_to_article(self, name: str, content: bytes, /, **changes: object) -> None:
        number = 1000 + len(self.article)
        self.files[str(number)] = content
        entry = {"id": number, "name": name, "size": len(content), "is_link_only": False}
        entry |= {"computed_md5": md5(content).hexdigest(), "supplied_md5": ""}
        self.article.append(entry | {"download_url": "file:///etc/passwd"} | changes)


@contextmanager
def serving() -> Iterator[FileServer]:
    with FileServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        server, parts = self.server, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = self.headers.get("Range"), self.headers.get("If-Range")
        server.requests.append((unquote(parts.path), *headers))
        if server.busy:
            server.busy -= 1
            self._answer(503, b"", {})
        elif parts.path in server.redirects:
            self._answer(302, b"", {"Location": server.redirects[parts.path]})
        elif "list-type" in query:
            self._answer(200, self._listing(query), {})
        elif parts.path.endswith("/files") and "page" in query:
            size, page = int(query["page_size"]), int(query["page"])
            entries = server.article[size * (page - 1) : size * page]
            self._answer(200, json.dumps(entries).encode(), {})
        else:
            self._file(unquote(parts.path))

    def _file(self, path: str) -> None:
        server = self.server
        content = server.files.get(path.rsplit("/", 1)[-1], server.bucket.get(path.lstrip("/")))
        if content is None:
            return self._answer(404, b"", {})
        etag = server.etags.get(path.rsplit("/", 1)[-1], "")
        headers = {"ETag": etag} if etag else {}
        asked, condition = self.headers.get("Range"), self.headers.get("If-Range")
        is_same = not condition or condition == etag or not server.heeds_if_range
        if not (asked and server.ranges and is_same):
            return self._answer(server.status, content, headers)
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            return self._answer(416, b"", headers)
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return self._answer(206, content[start:], headers)

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        if self.server.says_length:
            self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: self.server.stop_after])

    def _listing(self, query: dict[str, str]) -> bytes:
        keys = [key for key in sorted(self.server.bucket) if key.startswith(query["prefix"])]
        start = int(query.get("continuation-token", 0))
        page = keys[start : start + self.server.page_size]
        more = start + len(page) < len(keys)
        body = "".join(map(self._entry, page))
        token = f"<NextContinuationToken>{start + len(page)}</NextContinuationToken>"
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/'
            f'2006-03-01/"><IsTruncated>{str(more).lower()}</IsTruncated>{body}'
            f"{token if more else ''}</ListBucketResult>"
        ).encode()

    def _entry(self, key: str) -> str:
        content = self.server.bucket[key]
        etag = self.server.etags.get(key, f'"{md5(content).hexdigest()}"')
        return (
            f"<Contents><Key>{escape(key)}</Key><Size>{len(content)}</Size>"
            f"<ETag>{escape(etag)}</ETag></Contents>"
        )

    def log_message(self, *arguments: object) -> None:
        pass
