"""A recording as requests name it: by id, subject and options instead of by content."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.datasets.catalogue import load_with
from core.datasets.dataset import Dataset
from core.errors import InputError
from core.jobs.request import check_mapping, check_names
from core.paths import composed

FIELDS = ("dataset", "subject", "options", "stimuli", "fingerprint")


@dataclass(frozen=True)
class Reference:
    """One subject of a recording, or some of its stimuli, by name.

    Attributes
    ----------
    dataset : str
    subject : str or None
        None for the first.
    options : mapping
        JSON values; defaults for those not given.
    stimuli : tuple of str
        Ids, where not all of them are meant.
    fingerprint : str
        Of the content when it was opened, so that a recording that has changed since makes
        another request; '' where it was not opened.
    """

    dataset: str
    subject: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    stimuli: tuple[str, ...] = ()
    fingerprint: str = ""
    _opened: Dataset | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, ds: Dataset) -> Reference:
        """The name of an open recording, which is not opened again."""
        return cls(
            ds.info.name,
            ds.subject,
            {name: list(v) if isinstance(v, tuple) else v for name, v in ds.options.items()},
            tuple(ds.stimuli["id"]) if ds.is_subset else (),
            ds.fingerprint,
            ds,
        )

    def open(self) -> Dataset:
        """The recording with exactly these stimuli, in this order; it is read once.

        Raises
        ------
        NotFoundError, InputError, CorruptDataError
            As ``datasets.load``, and where the subject did not see one of the stimuli.
        """
        return self._open(lambda ds: self.stimuli)

    def open_seen(self) -> Dataset:
        """The recording with those of the stimuli that the subject saw, in its own order."""
        chosen = {*self.stimuli, *map(composed, self.stimuli)}
        return self._open(lambda ds: [name for name in ds.stimuli["id"] if name in chosen])

    def _open(self, choose: Callable[[Dataset], Sequence[str]]) -> Dataset:
        if self._opened is None:
            ds = load_with(self.dataset, self.subject, self.options)
            ds = ds.subset(choose(ds)) if self.stimuli else ds
            object.__setattr__(self, "_opened", ds)
            return ds
        return self._opened

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values; those that say nothing are left out."""
        return {
            "dataset": self.dataset,
            "subject": self.subject,
            "options": dict(self.options),
            **({"stimuli": list(self.stimuli)} if self.stimuli else {}),
            **({"fingerprint": self.fingerprint} if self.fingerprint else {}),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Reference:
        """From the fields of a request; other fields are left to it.

        Raises
        ------
        InputError
            If the recording is not named, or a field is of another type.
        """
        if not isinstance(values.get("dataset"), str):
            raise InputError(f"The dataset is {values.get('dataset')!r}", "a name")
        for name in ("subject", "fingerprint"):
            if not isinstance(values.get(name), str | None):
                raise InputError(f"The {name} is {values[name]!r}", "a name")
        return cls(
            values["dataset"],
            values.get("subject"),
            dict(check_mapping("options", values.get("options") or {})),
            check_names("stimuli", values.get("stimuli") or ()),
            values.get("fingerprint") or "",
        )
