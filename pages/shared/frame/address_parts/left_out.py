"""What an address holds that nothing here takes: dropped before a widget reads it, and said."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitAPIException

from core.errors import InputError
from core.registry import Parameter
from pages.shared.frame.address_parts.known import is_known, is_several
from pages.shared.frame.text import plain

# What was dropped; keys of which the page itself has said so; the address that a run began with.
DROPPED, SAID, READ = "address_dropped", "address_said", "address_read"
MOST_LETTERS, MOST_VALUES, MOST_SHOWN, MOST_NAMED = 4000, 200, 30, 6
UNKNOWN, OF_RECORDING = "no such setting", "recording."
SEED = Parameter("random_seed", "Seed", 0, minimum=0, maximum=2**31 - 1)
# Numbers that every page has; of others their widget knows the range.
NUMBERS = {SEED.name: SEED, "step": Parameter("step", "Step", 1, minimum=1, maximum=999)}


def begin(page: str, shared: Sequence[str], prefixes: Sequence[str]) -> None:
    """Drop options that no page has, all values of one but the last, and what is far too long.

    Parameters
    ----------
    page : str
        As its address names it, which its keys begin with.
    shared, prefixes : sequence of str
        Keys that every page has; what the keys of any page begin with.
    """
    address = {key: st.query_params.get_all(key) for key in st.query_params}
    new = {key: values for key, values in address.items() if key not in st.session_state}
    is_changed = False
    for key, values in new.items():
        reason = _reason(page, key, values, shared, prefixes)
        if reason or (len(values) > 1 and not is_several(key)):
            is_changed |= _drop(key, [] if reason else values[-1:], reason or _shown(values[:-1]))
    if is_changed:
        st.rerun()  # widgets read the address with which a run begins
    st.session_state[SAID], st.session_state[READ] = set(), new


def _reason(
    page: str, key: str, values: Sequence[str], shared: Sequence[str], prefixes: Sequence[str]
) -> str:
    """Why a key of the address is dropped, '' where it is not."""
    prefix, dot, name = key.partition(".")
    is_foreign = prefix not in prefixes if dot else key not in shared
    if is_foreign or (prefix == page and not is_known(page, name)):
        return UNKNOWN
    if len(values) > MOST_VALUES:
        return f"{len(values):,} values"
    longest = max(map(len, values), default=0)
    if longest > MOST_LETTERS:
        return f"{longest:,} characters"
    if not any(values) and not is_several(key):
        return "empty"
    try:
        if key in NUMBERS:
            NUMBERS[key].check(values[-1])
    except InputError as error:
        return f"{error} The default is used."
    return ""


def _drop(key: str, values: Sequence[str], reason: str) -> bool:
    """Leave these values of a key; gives whether the address could be changed."""
    with contextlib.suppress(StreamlitAPIException):  # of a widget in view, which has its own value
        if values:
            st.query_params[key] = list(values)
        else:
            st.query_params.pop(key, None)
        st.session_state.setdefault(DROPPED, {})[key] = reason
        return True
    return False


def forget_infinite(key: str) -> None:
    """Take a number that is infinite out of the address: ``st.number_input`` fails on it.

    The page runs again, and what this run has said of the address is said then.
    """
    text = st.query_params.get(key, "")
    try:
        is_infinite = math.isinf(float(text))
    except ValueError:  # which it leaves out by itself
        return
    if is_infinite and st.session_state.get(key) is None and _drop(key, (), _shown([text])):
        _collect(st.session_state.get(READ, {}))
        st.rerun()


def _collect(address: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Why each key of an address was dropped so far."""
    dropped: dict[str, str] = st.session_state.setdefault(DROPPED, {})
    for key, values in address.items():
        rest = _left_out(key, values)
        if rest:
            dropped.setdefault(key, _shown(rest))
    return dropped


def say(key: str) -> None:
    """Note that the page itself says what of a key it leaves out."""
    st.session_state.setdefault(SAID, set()).add(key)


def tell(place: DeltaGenerator) -> None:
    """One line with all that was left out of the address, once the widgets have read it."""
    for key in [key for key in st.query_params if key.startswith(OF_RECORDING)]:
        if key not in st.session_state:  # every option of a recording has its widget
            _drop(key, (), UNKNOWN)
    said, read = st.session_state.get(SAID, set()), st.session_state.get(READ, {})
    dropped = _collect(read)
    dropped = {key: reason for key, reason in dropped.items() if key not in said}
    st.session_state[DROPPED] = {}
    if dropped:
        place.warning(plain(_in_words(dropped)), icon=":material/link_off:")


def _in_words(dropped: Mapping[str, str]) -> str:
    sentences = [reason for key, reason in dropped.items() if reason.startswith(f"{key} is ")]
    named = [f"{key[:MOST_SHOWN]} ({r})" for key, r in dropped.items() if r not in sentences]
    more = f" and {len(named) - MOST_NAMED:,} more" if len(named) > MOST_NAMED else ""
    first = [f"Left out of the address: {', '.join(named[:MOST_NAMED])}{more}."] if named else []
    return " ".join([*first, *sentences])


def _left_out(key: str, values: Sequence[str]) -> list[str]:
    """The values of a key that its widget, where there is one, has not taken."""
    if key not in st.session_state:
        return []
    if st.query_params.get_all(key) == list(values):
        return []
    value = st.session_state[key]
    taken = value if isinstance(value, list | tuple) else [value]
    return [text for text in values if text and not any(_is_same(text, each) for each in taken)]


def _is_same(text: str, value: Any) -> bool:
    if str(value).lower() == text.lower():
        return True
    try:
        return not isinstance(value, bool) and float(text) == float(value)
    except (TypeError, ValueError, OverflowError):
        return False


def _shown(values: Sequence[str]) -> str:
    """Values as the address has them, the first ones where there are many."""
    words = [each if len(each) <= MOST_SHOWN else f"{each[:MOST_SHOWN]} …" for each in values]
    return ", ".join(words[:MOST_NAMED])
