"""The address of a job's result: of the page that shows it, with the settings of the request."""

from __future__ import annotations

import html
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core import datasets
from core.datasets import Reference
from core.decoders import Config
from core.errors import NeurogalleryError
from core.jobs import Job
from pages.shared.decoders.apply import settings_of
from pages.shared.frame import navigation
from pages.shared.frame.address import OPTION
from pages.shared.frame.presets import Settings
from pages.shared.frame.widgets import ROI
from pages.shared.jobs.shown_by import ResultView, result_view


def link(job: Job) -> None:
    """A link to the result of a job that is done, where a page shows it."""
    address = result_address(job)
    if address:
        href = html.escape(navigation.path_to(address))
        st.html(f'<a class="button" href="{href}">Show result</a>', width="content")


def result_address(job: Job) -> str:
    """The address of the result of a job, '' where no page shows it."""
    view = result_view(job)
    try:
        return "" if view is None else address_of(view)
    # Of a plug-in that is not here any more, of another version, or damaged.
    except (NeurogalleryError, LookupError, TypeError, ValueError, AttributeError):
        return ""


def address_of(view: ResultView) -> str:
    """The address of a page, such as 'rdm?roi=LOC'."""
    settings, own = view.settings, view.recording
    if view.config is not None:
        settings = {**settings_of(view.config), **settings}
        own = _reference(view.config)
    values = {**({} if own is None else _of_recording(own)), **settings}
    # No ROI is every unit; of other lists an empty one is the default.
    written = {
        name: _written(value) for name, value in values.items() if value != [] or name == ROI
    }
    query = urlencode(written, doseq=True)
    return f"{view.page}?{query}" if query else view.page


def _reference(config: Config) -> Reference:
    return Reference(config.dataset, next(iter(config.subjects), None), config.options)


def _of_recording(own: Reference) -> Settings:
    """What brings a recording into view; it is not opened for that."""
    declared = [
        p for info in datasets.available() if info.name == own.dataset for p in info.options
    ]
    usual = {option.name: _written(option.default) for option in declared}
    values: Settings = {"recording": own.dataset}
    if own.subject:
        values["subject"] = own.subject
    return values | {
        OPTION + name: value
        for name, value in own.options.items()
        if usual.get(name) != _written(value)
    }


def _written(value: Any) -> str | list[str]:
    """A value as an address has it; no value of several is an empty one."""
    if isinstance(value, list | tuple):
        return [str(each) for each in value] or [""]
    return str(value).lower() if isinstance(value, bool) else str(value)
