"""Results on disk: found by what they were made from, checked when read, bounded in size.

A result is a folder ``store/<key>`` with one ``.npy`` file an array and a
``result.json``. It is written under another name and renamed, so that a reader
sees a whole result or none. Results that come with the project (``data/ready``) have
the same form, and are found where the user has none of that key.
"""

from core.store.files import (
    locked,
    read_json,
    read_sealed,
    replacing,
    sweep_parts,
    write_json,
    write_sealed,
    writing,
)
from core.store.fingerprints import check_operation, fingerprint, key
from core.store.results import (
    KEY,
    Entry,
    Result,
    adopt,
    discard,
    entries,
    entry,
    is_own,
    load,
    load_ready,
    reading,
    remove,
    save,
    save_blocks,
    supersede,
    written,
    written_ready,
)

__all__ = [
    "KEY",
    "Entry",
    "Result",
    "adopt",
    "check_operation",
    "discard",
    "entries",
    "entry",
    "fingerprint",
    "is_own",
    "key",
    "load",
    "load_ready",
    "locked",
    "read_json",
    "read_sealed",
    "reading",
    "remove",
    "replacing",
    "save",
    "save_blocks",
    "supersede",
    "sweep_parts",
    "write_json",
    "write_sealed",
    "writing",
    "written",
    "written_ready",
]
