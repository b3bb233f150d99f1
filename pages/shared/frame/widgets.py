"""Widgets of declared parameters, bound to the address, and what they say of its values."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core.errors import InputError
from core.registry import Parameter
from pages.shared.frame.text import plain

OptionValues = tuple[tuple[str, Any], ...]
NO_DEFAULTS: Mapping[str, Any] = MappingProxyType({})


def warn_unknown(key: str, choices: Iterable[str], found: str) -> None:
    """Say which values of the address are left out, before a widget drops them."""
    known = {str(choice) for choice in choices}
    unknown = [value for value in st.query_params.get_all(key) if value not in known]
    if unknown and key not in st.session_state:
        st.warning(f"{plain(found)} {plain(', '.join(unknown))}.", icon=":material/warning:")


def warn_of_option(parameter: Parameter, key: str) -> None:
    """Say that a value of the address is out of range, before a widget drops it."""
    asked = st.query_params.get_all(key)
    if not asked or key in st.session_state:
        return
    try:
        parameter.check(asked if parameter.several else asked[-1])
    except InputError as error:
        st.warning(f"{plain(error)} The default is used.", icon=":material/warning:")


def option_widgets(parameters: tuple[Parameter, ...]) -> OptionValues:
    if not parameters:
        return ()
    for parameter in parameters:
        warn_of_option(parameter, parameter.name)
    with st.expander("Options of this recording"):
        return tuple((parameter.name, option_widget(parameter)) for parameter in parameters)


def option_widget(
    parameter: Parameter, prefix: str = "", width: int | Literal["stretch"] = "stretch"
) -> Any:
    """The widget that a declared parameter asks for, bound to the address."""
    key = prefix + parameter.name
    shared: dict[str, Any] = {
        "key": key,
        "help": parameter.help or None,
        "bind": "query-params",
    }
    if parameter.several:
        return tuple(
            st.pills(
                parameter.label,
                parameter.choices,
                selection_mode="multi",
                default=parameter.default,
                **shared,
            )
        )
    if parameter.choices:
        first = parameter.choices.index(parameter.default)
        return st.selectbox(parameter.label, parameter.choices, index=first, width=width, **shared)
    if isinstance(parameter.default, bool):
        return st.toggle(parameter.label, value=parameter.default, **shared)
    kind = type(parameter.default)
    if kind is float:
        shared |= {"format": "%g", "step": _step(parameter.default)}
    return st.number_input(
        parameter.label,
        min_value=None if parameter.minimum is None else kind(parameter.minimum),
        max_value=None if parameter.maximum is None else kind(parameter.maximum),
        value=parameter.default,
        width=width,
        **shared,
    )


def _step(default: float) -> float:
    """A tenth of the default, rounded up to a power of ten and at most 1."""
    return 10.0 ** min(0, math.ceil(math.log10(default)) - 1) if default > 0 else 0.1


def set_widgets(values: Mapping[str, Any], defaults: Mapping[str, Any] = NO_DEFAULTS) -> None:
    """Set bound widgets, in view or not, and the address with them; a callback.

    Those of ``defaults`` without a value go back to it; a default is left out of the address.
    """
    for key, value in {**defaults, **values}.items():
        st.session_state[key] = value
        # The address of a widget in view follows the widget.
        with contextlib.suppress(StreamlitAPIException):
            if key in defaults and value == defaults[key]:
                st.query_params.pop(key, None)
            else:
                st.query_params[key] = value
