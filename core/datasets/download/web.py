"""Requests over http and https: redirects are followed within bounds, answers are bounded."""

from __future__ import annotations

import http.client
import ssl
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
)
from urllib.request import Request as HttpRequest

from core import __version__
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError

TIMEOUT_S = 30.0
MOST_REDIRECTS = 5
LONGEST_LISTING = 64 * 2**20
AGENT = f"Neurogallery/{__version__}"
NETWORK_ERRORS = (URLError, TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException)
ELSEWHERE = "Fetch again later, or bring the files another way and name their folder with --from."


class BusyServerError(ConnectionError):
    """A server that has no answer just now; a pause may help."""


class _Redirects(HTTPRedirectHandler):
    """Never to a file or another scheme, never from https down to http, not for ever."""

    max_redirections = MOST_REDIRECTS

    def redirect_request(
        self, req: HttpRequest, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> HttpRequest | None:
        before, after = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if after not in ("http", "https") or (before == "https" and after != "https"):
            raise HTTPError(newurl, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> OpenerDirector:
    # By hand: the usual opener also reads file: and ftp: addresses.
    opener = OpenerDirector()
    for handler in (
        ProxyHandler,
        HTTPHandler,
        HTTPSHandler,
        HTTPDefaultErrorHandler,
        _Redirects,
        HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def request(address: str, headers: dict[str, str] | None = None) -> Any:
    """Open an address; the answer has status 200 or 206.

    Returns
    -------
    http.client.HTTPResponse or None
        None where the server has nothing of the range that was asked for (416).

    Raises
    ------
    InputError
        If the address, or one that it leads to, is not http(s).
    NotFoundError
        If the server answers with something else than a file.
    BusyServerError
        If it has no answer just now.
    URLError, OSError
        If the server cannot be reached.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise InputError(f"The address is {address!r}", "an address with http or https")
    try:
        headers = {"User-Agent": AGENT, **(headers or {})}
        response = _opener().open(HttpRequest(address, headers=headers), timeout=TIMEOUT_S)
    except HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return None
        if error.code == http.client.TOO_MANY_REQUESTS or error.code >= 500:
            raise BusyServerError(f"the server answers {error.code}, {error.reason}") from None
        if 300 <= error.code < 400:
            raise InputError(
                f"{address} leads to {error.url!r}",
                f"at most {MOST_REDIRECTS} redirects, to https, or from http to http",
                ELSEWHERE,
            ) from None
        raise NotFoundError(
            f"The server answers {error.code} ({error.reason}) for {address}", remedy=ELSEWHERE
        ) from None
    if response.status not in (http.client.OK, http.client.PARTIAL_CONTENT):
        # Figshare answers programs with an empty 202 where it wants to see a browser.
        response.close()
        raise NotFoundError(
            f"The server answers {response.status} instead of the file {address}",
            remedy="Open the address in a browser and name the folder of the files with --from.",
        )
    return response


def read_listing(address: str) -> bytes:
    """Read a listing of files, whole.

    Raises
    ------
    CorruptDataError
        If it is longer than a listing can be.
    NeurogalleryError
        If the server cannot be reached.
    """
    try:
        with request(address) as response:
            content: bytes = response.read(LONGEST_LISTING + 1)
    except NETWORK_ERRORS as error:
        raise NeurogalleryError(
            f"{address} cannot be read ({error})",
            remedy="Check the connection and fetch again.",
        ) from error
    if len(content) > LONGEST_LISTING:
        raise CorruptDataError(f"{address} is longer than {LONGEST_LISTING} bytes", "a listing")
    return content
