"""Neurogallery: page set-up, navigation and the shared sidebar."""

from functools import partial
from pathlib import Path

import streamlit as st

from core import operations
from pages.shared.components.shell.shell import shell
from pages.shared.export import figures
from pages.shared.frame import address, guard, jobs, navigation, recording, widgets
from pages.shared.frame.address_parts import left_out
from pages.shared.frame.server import memory
from pages.shared.frame.server.turns import turns
from pages.shared.selections import filtering, panel

with turns.turn():
    page = navigation.navigate()
    st.html(Path(__file__).parent / "pages" / "shared" / "frame" / "style.css")
    navigation.keep_one_entry()
    shell()
    guard.guard_callbacks()
    operations.load_plugins()
    address.redirect(navigation.page_in_view())
    left_out.begin(navigation.page_in_view(), address.SHARED, address.PREFIXES)
    widgets.read_choices()
    guard.guarded(partial(recording.sidebar, filtering.offer, panel.show))
    notes = st.container()
    figures.begin(recording.source())
    guard.show_failed_callback()
    guard.guarded(page.run)
    jobs.forget_former()
    figures.end()
    left_out.tell(notes)
    memory.collect_later()
