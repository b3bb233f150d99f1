"""Places that list their files: articles of figshare and public buckets of S3."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from core.datasets.download.remote import RemoteFile, is_left_behind
from core.datasets.download.web import read_listing
from core.errors import CorruptDataError
from core.progress import Progress, silent

PAGE_SIZE = 100
MOST_PAGES = 10_000
MD5 = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class FigshareArticle:
    """An article of figshare.

    Attributes
    ----------
    article : int
        Its id, the number at the end of its address.
    api : str
        Address of the API. Files come through it too: `figshare.com/ndownloader` answers
        programs with a check for browsers.
    """

    article: int
    api: str = "https://api.figshare.com/v2"

    def listing(self, prefix: str = "", progress: Progress = silent) -> list[RemoteFile]:
        """List the files whose name begins so, page by page.

        Raises
        ------
        CorruptDataError
            If the answer is no list of files, or a name leads outside.
        NeurogalleryError
            If figshare cannot be reached.
        """
        files: list[RemoteFile] = []
        for page in range(1, MOST_PAGES):
            progress(0.0, f"Listing figshare article {self.article}")
            query = urlencode({"page": page, "page_size": PAGE_SIZE})
            address = f"{self.api}/articles/{self.article}/files?{query}"
            entries = _entries(read_listing(address), address)
            for entry in entries:
                name = entry["name"]
                is_here = not entry.get("is_link_only") and not is_left_behind(name)
                if is_here and name.startswith(prefix):
                    files.append(self._file(entry, address))
            if len(entries) < PAGE_SIZE:
                break
        return files

    def _file(self, entry: Mapping[str, Any], address: str) -> RemoteFile:
        checksums = (str(entry.get(f"{which}_md5") or "") for which in ("computed", "supplied"))
        md5 = next((text for text in checksums if MD5.fullmatch(text)), "")
        if not all(isinstance(entry.get(key), int) and entry[key] >= 0 for key in ("id", "size")):
            raise _no_listing(address, f"no id or size of {entry['name']!r}")
        where = f"{self.api}/file/download/{entry['id']}"
        return RemoteFile(where, "", entry["size"], md5, entry["name"])


def _entries(content: bytes, address: str) -> list[dict[str, Any]]:
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _no_listing(address, str(error)) from None
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in entries
    ):
        raise _no_listing(address, "no list of files")
    return entries


@dataclass(frozen=True)
class Bucket:
    """A public bucket of S3, read without an account.

    Attributes
    ----------
    address : str
        e.g. ``https://NAME.s3.amazonaws.com``.
    root : str
        Keys begin with it and are called without it.
    """

    address: str
    root: str = ""

    def listing(self, prefix: str = "", progress: Progress = silent) -> list[RemoteFile]:
        """List the objects whose key begins so (ListObjectsV2), page by page.

        Raises
        ------
        CorruptDataError
            If the answer is no listing, or a key leads outside.
        NeurogalleryError
            If the bucket cannot be reached.
        """
        files: dict[str, RemoteFile] = {}
        token = ""
        for _ in range(MOST_PAGES):
            progress(0.0, f"Listing {self.address.partition('://')[2]}: {len(files):,} files")
            values = {"list-type": "2", "prefix": self.root + prefix}
            query = urlencode(values | ({"continuation-token": token} if token else {}))
            address = f"{self.address}/?{query}"
            page = _xml(read_listing(address), address)
            for entry in page.iter("Contents"):
                key = entry.findtext("Key") or ""
                # Keys that end so are folders that someone made in a browser.
                if key and not key.endswith("/") and not is_left_behind(key):
                    files[key] = self._file(key, entry, address)
            former, token = token, page.findtext("NextContinuationToken") or ""
            if page.findtext("IsTruncated") != "true":
                return [*files.values()]
            if token in ("", former):
                raise _no_listing(address, "it does not end")
        raise _no_listing(self.address, f"more than {MOST_PAGES} pages")

    def _file(self, key: str, entry: ElementTree.Element, address: str) -> RemoteFile:
        size = entry.findtext("Size") or ""
        if not size.isdecimal():
            raise _no_listing(address, f"no size of {key!r}")
        # The ETag is the md5 of what was uploaded in one piece; with '-' it is none.
        etag = (entry.findtext("ETag") or "").strip('"')
        md5 = etag if MD5.fullmatch(etag) else ""
        name = key.removeprefix(self.root)
        return RemoteFile(f"{self.address}/{quote(key)}", "", int(size), md5, name)


def _xml(content: bytes, address: str) -> ElementTree.Element:
    """The elements of a listing, without their name space."""
    if b"<!DOCTYPE" in content:
        raise _no_listing(address, "it declares a document type")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise _no_listing(address, str(error)) from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag != "ListBucketResult":
        raise _no_listing(address, f"it is {root.tag!r}")
    return root


def _no_listing(address: str, reason: str) -> CorruptDataError:
    return CorruptDataError(
        f"{address} gives no listing of files ({reason[:200]})",
        "the listing of figshare or S3",
        "Fetch again later, or bring the files another way and name their folder with --from.",
    )
