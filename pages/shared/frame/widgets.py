"""Widgets bound to the address, and what they say of its values: of parameters, and shared ones.

What pages share (ROIs, metric, seed) is chosen once: a choice made on one page is shown by the
next, a default that nobody chose is not.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitAPIException

from core.errors import InputError
from core.registry import Parameter
from pages.shared.frame import navigation
from pages.shared.frame.address import OPTION
from pages.shared.frame.address_parts import left_out
from pages.shared.frame.address_parts.left_out import SEED
from pages.shared.frame.text import plain
from pages.shared.glossary import glossary

OptionValues = tuple[tuple[str, Any], ...]
NO_DEFAULTS: Mapping[str, Any] = MappingProxyType({})
SHARED_CHOICES = ROI, METRIC, RANDOM_SEED = "roi", "metric", "random_seed"
# Streamlit does not hand the value of a key from the widget of one page to that of another.
CHOICES, SHOWN_ON, RESTORED = "shared_choices", "shared_choices_shown_on", "choices_restored"
# A click that comes while a page runs ends the run that would have shown the choice again.
MOST_RESTORED = 3


def warn_unknown(key: str, choices: Iterable[str], lacking: str) -> None:
    """Say which values of the address are left out, before a widget drops them."""
    known = {str(choice) for choice in choices}
    unknown = [value for value in st.query_params.get_all(key) if value not in known]
    if unknown and key not in st.session_state:
        left_out.say(key)
        st.warning(f"{plain(lacking)} {plain(', '.join(unknown))}.", icon=":material/warning:")


def warn_of_option(parameter: Parameter, key: str) -> None:
    """Say that a value of the address is out of range, before a widget drops it."""
    values = st.query_params.get_all(key)
    if not values or key in st.session_state:
        return
    try:
        parameter.check(values if parameter.several else values[-1])
    except InputError as error:
        left_out.say(key)
        st.warning(f"{plain(error)} The default is used.", icon=":material/warning:")


def option_widgets(parameters: tuple[Parameter, ...]) -> OptionValues:
    if not parameters:
        return ()
    for parameter in parameters:
        warn_of_option(parameter, OPTION + parameter.name)
    with st.expander("Options of this recording"):
        return tuple((parameter.name, option_widget(parameter, OPTION)) for parameter in parameters)


def option_widget(
    parameter: Parameter, prefix: str, width: int | Literal["stretch"] = "stretch"
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
    if kind is str:
        return st.text_input(parameter.label, parameter.default, width=width, **shared)
    if kind is float:
        shared |= {"format": "%g", "step": _step(parameter.default)}
    left_out.forget_infinite(key)
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
        if key in SHARED_CHOICES:
            _choices()[key] = value
        # The address of a widget in view follows the widget.
        with contextlib.suppress(StreamlitAPIException):
            if key in defaults and value == defaults[key]:
                st.query_params.pop(key, None)
            else:
                st.query_params[key] = value


def read_choices() -> None:
    """Take the shared choices out of the address with which a session begins."""
    if CHOICES in st.session_state:
        return
    address = {key: st.query_params.get_all(key) for key in SHARED_CHOICES}
    choices: dict[str, Any] = {key: values[-1] for key, values in address.items() if values}
    if ROI in choices:
        choices[ROI] = [name for name in address[ROI] if name]
    st.session_state[CHOICES] = choices


def choose_rois(
    options: Sequence[str],
    lacking: str,
    default: Sequence[str] = (),
    most: int | None = None,
    label: str = "ROIs",
    notes: DeltaGenerator | None = None,
    **how: Any,
) -> list[str]:
    """ROIs, of which none is every unit; the first ones where a page takes no more.

    Parameters
    ----------
    options : sequence of str
    lacking : str
        Says, before their names, that there are no such ROIs.
    default : sequence of str
        Shown until ROIs are chosen on some page.
    most : int, optional
    label : str
    notes : DeltaGenerator, optional
        Where to say which ROIs are left out.
    **how
        Further arguments of ``st.multiselect``.
    """

    def fit(chosen: Sequence[str]) -> list[str]:
        known = [name for name in chosen if name in options]
        if len(known) < len(chosen):
            left_out = ", ".join(name for name in chosen if name not in options)
            _note(notes, f"{lacking} {left_out}.")
        return known if known or not chosen else list(default)

    how = {
        "default": default or None,
        "placeholder": "every unit",
        "help": glossary.explain(["ROI", *options]),
        **how,
    }
    chosen: list[str] = _shared(
        ROI, list(default), fit, lambda **shared: st.multiselect(label, options, **how, **shared)
    )
    taken = chosen[:most]
    if len(taken) < len(chosen):
        with notes or contextlib.nullcontext():
            first = "first is" if most == 1 else f"first {most} are"
            st.caption(f"Of {len(chosen)} ROIs the {first} taken: {plain(', '.join(taken))}.")
    return taken


def choose_metric(
    options: Sequence[str],
    label: str = "Metric",
    notes: DeltaGenerator | None = None,
    **how: Any,
) -> str:
    """A metric; the first one where a page has not the one that was chosen on another."""

    def fit(chosen: str) -> str:
        if chosen in options:
            return chosen
        _note(notes, f"There is no metric {chosen} here; {options[0]} is taken.")
        return options[0]

    return _shared(
        METRIC, options[0], fit, lambda **shared: st.selectbox(label, options, **how, **shared)
    )


def choose_seed(**how: Any) -> int:
    """The seed of whatever is drawn at random on a page."""
    return _shared(
        RANDOM_SEED,
        SEED.default,
        int,
        lambda **shared: st.number_input(
            SEED.label,
            SEED.minimum,
            SEED.maximum,
            **{"help": glossary.explain(["seed"]), **how, **shared},
        ),
    )


def _shared(key: str, default: Any, fit: Callable[[Any], Any], widget: Callable[..., Any]) -> Any:
    """The value of a widget that shows what was chosen on any page, as far as it fits this one."""
    choices, page = _choices(), navigation.page_in_view()
    shown_on = st.session_state.setdefault(SHOWN_ON, {})
    is_new = shown_on.get(key) != page
    shown_on[key] = page
    choice = fit(choices[key]) if key in choices else default
    if key in choices and str(choice) != str(choices[key]):  # as ``fit`` has said
        left_out.say(key)
    in_address = key in st.query_params
    if is_new:
        st.session_state.pop(key, None)
    if st.session_state.get(key) != choice:
        st.session_state[key] = choice
    if is_new and not in_address and choice != default:
        with contextlib.suppress(StreamlitAPIException):  # bound, so the address follows the widget
            st.query_params[key] = choice or ""
    value = widget(key=key, bind="query-params", on_change=_choose, args=(key,))
    restored = st.session_state.pop(RESTORED, 0)
    if value != choice:
        # The reader went back in the browser, to an address without the key, or to that of
        # another page, of which Streamlit drops a key that this page has too.
        if (is_new or not in_address) and restored < MOST_RESTORED:
            st.session_state[RESTORED] = restored + 1
            st.rerun()
        if in_address:  # what nobody chose and no address says is no choice
            choices[key] = value
    return value


def _choices() -> dict[str, Any]:
    choices: dict[str, Any] = st.session_state[CHOICES]
    return choices


def _choose(key: str) -> None:
    """Keep what the reader has chosen; a callback."""
    _choices()[key] = st.session_state[key]


def _note(notes: DeltaGenerator | None, text: str) -> None:
    with notes or contextlib.nullcontext():
        st.warning(plain(text), icon=":material/warning:")
