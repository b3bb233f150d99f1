"""A request whose result is a number in the store, and the end of its job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import jobs, store
from core.jobs import Request, state


@dataclass(frozen=True)
class CountRequest(Request):
    operation = "count"

    number: int
    content: str = "as it was"
    knows_key: bool = True
    takes: float | None = 1.0

    @property
    def label(self) -> str:
        return f"Count to {self.number} * 2"

    @property
    def seconds(self) -> float | None:
        return self.takes

    def key(self) -> str | None:
        return key_of(self.number, self.content) if self.knows_key else None

    def to_json(self) -> dict[str, Any]:
        return {"number": self.number}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CountRequest:
        return cls(**values)

    def device(self) -> str:
        return "cuda:1"


def key_of(number: int, content: str = "as it was") -> str:
    return store.key("count", store.fingerprint(content), {"number": number})


def keep(number: int, content: str = "as it was") -> str:
    store.save(key_of(number, content), {}, {"counted": 2 * number})
    return key_of(number, content)


def load(key: str) -> int | None:
    result = store.load(key)
    return None if result is None else int(result.facts["counted"])


def end(job: jobs.Job, status: str = "done", **result: Any) -> None:
    """End a job as its process would."""
    store.write_json(job.folder / state.RESULT, result)
    state.end(job.folder, state.read_state(job.folder), status)


def draw(job: jobs.Job) -> None:
    """What a job has so far."""
    import streamlit as st

    st.markdown(f"{Path(job.folder).name} so far")
