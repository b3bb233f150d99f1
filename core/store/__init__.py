"""Results on disk: found by what they were made from, checked when read, bounded in size.

A result is a folder ``store/<key>`` with one ``.npy`` file an array and a
``result.json``. It is written under another name and renamed, so that a reader
sees a whole result or none.
"""

from core.store.files import locked, read_json, replacing, write_json
from core.store.fingerprints import check_operation, fingerprint, key
from core.store.results import Entry, Result, entries, entry, load, remove, save, written

__all__ = [
    "Entry",
    "Result",
    "check_operation",
    "entries",
    "entry",
    "fingerprint",
    "key",
    "load",
    "locked",
    "read_json",
    "remove",
    "replacing",
    "save",
    "write_json",
    "written",
]
