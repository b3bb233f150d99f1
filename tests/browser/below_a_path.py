"""A reverse proxy for a test: below a path it hands on to a server, everywhere else nothing is."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from tests.browser.server import free_port

NOTHING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextlib.contextmanager
def proxy(path: str, port: int) -> Iterator[str]:
    """Hand ``/<path>/`` on to a server on a port of this machine; yields the address."""
    loop, own = asyncio.new_event_loop(), free_port()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(
            lambda reader, writer: _serve(reader, writer, path, port), "localhost", own
        )

    asyncio.run_coroutine_threadsafe(begin(), loop).result(60)
    yield f"http://localhost:{own}/{path}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join(60)


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, port: int
) -> None:
    """One request a connection, so that each has its path looked at; a web socket goes on."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.split(b" ")[1].startswith(f"/{path}/".encode()):
            writer.write(NOTHING)
        else:
            first, *fields = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
            if not any(field.lower().startswith(b"upgrade:") for field in fields):
                fields = [f for f in fields if not f.lower().startswith(b"connection:")]
                fields.append(b"Connection: close")
            fields.append(b"X-Forwarded-For: 192.0.2.1")
            there, back = await asyncio.open_connection("localhost", port)
            back.write(b"\r\n".join((first, *fields, b"", b"")))
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    writer.close()
