"""What an address means: its keys, those of former addresses, and the recording that it names.

A key is ``recording.<option>``, ``<page>.<setting>``, or one of ``SHARED``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core import datasets
from core.datasets import Dataset
from core.errors import NeurogalleryError
from pages.shared.frame.guard import show_error
from pages.shared.frame.navigation import START
from pages.shared.frame.text import plain

DEFAULT = "simulated"
OPTION = "recording."
OF_A_RECORDING = ("recording", "subject")
IN_ADDRESS = "recording_in_address"
# One key each on every page: a choice made on one page is the choice of the next.
LESSON, STEP = "lesson", "step"
CHOICES = ("recording", "subject", "roi", "metric", "random_seed")
SHARED = (*CHOICES, "job", "selected", LESSON, STEP)

# Keys of former addresses, by page: what is in them opens under the present key.
FORMER: dict[str, dict[str, str]] = {
    "responses": {"roi_shown": "roi"},
    "rdm": {
        "published": "rdm.published",
        "combine": "rdm.combine",
        "noise": "rdm.noise",
        "order": "rdm.order",
        "colours": "rdm.colours",
        "scale": "rdm.scale",
        "show": "rdm.tab",
        "pairs": "rdm.pairs",
        "pick": "rdm.pick",
    },
    "maps": {
        "space": "maps.space",
        "map": "maps.method",
        "map_seed": "random_seed",
        "colour": "maps.colour",
        "unit": "maps.unit",
        "as_pictures": "maps.as_images",
        "as_images": "maps.as_images",
        "divide": "maps.groups_by",
        "side_a": "maps.group_a",
        "side_b": "maps.group_b",
        "point": "maps.point",
    },
    "clusters": {
        "of": "clusters.source",
        "of_roi": "roi",
        "distance": "metric",
        "k": "clusters.k",
        "k_seed": "random_seed",
        "show_clusters": "clusters.tab",
        "cluster": "clusters.cluster",
        "nearest": "clusters.nearest",
        "words": "clusters.words",
        "with": "clusters.column",
        "across": "clusters.across",
    },
    "encoders": {
        "encoder": "encoders.encoder",
        "which": "encoders.which",
        "query_by": "encoders.query",
        "found": "encoders.count",
        "q": "encoders.text",
        "like": "encoders.image",
        "beside": "roi",
        "show_encoders": "encoders.tab",
    },
    "train": {
        "train_rois": "roi",
        "target": "train.embedding",
        "head": "train.head",
        "loss": "train.loss",
        "split": "train.split",
        "train_seed": "random_seed",
        "fold": "train.fold",
        "train_subjects": "train.subjects",
        "protocol": "train.protocol",
        "decoder_filter": "train.filter",
        "only_here": "train.only_here",
    },
    "ground_truth": {
        "truth_roi": "roi",
        "truth_metric": "metric",
        "measure": "ground_truth.measure",
        "target": "ground_truth.target",
        "region": "ground_truth.region",
    },
}
FORMER_EVERYWHERE = {"dataset": "recording"}
PREFIXES = (
    "recording",
    "overview",
    "selection",
    "lessons",
    "jobs",
    "data",
    "retrieval",
    "zero_shot",
    "ablations",
    "compare",
    "components",
    "cortex",
    "dissimilarity",
    "encoding",
    *FORMER,
)
# Parameters, such as 'tsne.perplexity': what comes before them now, by what they began with.
FORMER_PARAMETERS: dict[str, dict[str, str]] = {
    "maps": {"": "maps."},
    "encoders": {"": "encoders."},
    "train": {"target.": "train.embedding.", "": "train."},
}
# Former values, by the present key; no value of a ROI is every unit.
FORMER_VALUES: dict[str, dict[str, str]] = {
    "roi": {"every unit": "", "all units": ""},
    "rdm.combine": {"joined": "concatenated"},
    "clusters.tab": {
        "Contents": "Stimuli and labels",
        "How many": "Choosing k",
        "Composition": "Cross-tabulation",
        "Consistency": "Reproducibility",
    },
    "encoders.query": {"picture": "image"},
}
# What former values began with, by the present key.
FORMER_STARTS: dict[str, dict[str, str]] = {
    "encoders.encoder": {"brought:": "precomputed:"},
    "train.embedding": {"brought:": "precomputed:"},
    "maps.space": {"embedding:brought:": "embedding:precomputed:"},
}


def redirect(page: str) -> None:
    """Put the present keys and values into an address of former ones, and run again.

    A session that begins at the root with a recording goes to Overview, which once stood there.
    """
    address = {key: st.query_params.get_all(key) for key in st.query_params}
    present = translate(page, address)
    begins = IN_ADDRESS not in st.session_state
    if page == START and begins and any(key.startswith(OF_A_RECORDING) for key in present):
        st.switch_page("pages/overview.py", query_params=present)
    present |= _dropped(page, present)
    if present == address:
        return
    try:
        st.query_params.from_dict(present)
    except StreamlitAPIException:  # back to a former address: widgets are there, and keep theirs
        for key in address.keys() - present.keys():
            del st.query_params[key]
        for key in present.keys() - address.keys():
            try:
                st.query_params[key] = present[key]
            except StreamlitAPIException:
                if key in st.session_state:  # set again, it enters the address
                    st.session_state[key] = st.session_state[key]
        if present.keys() == address.keys():
            return
    st.rerun()


def _dropped(page: str, present: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What a click to another page dropped of the recording, as it came before its widgets were
    in the browser, which then goes there without them.
    """
    of_recording = {key: present[key] for key in present if key.startswith(OF_A_RECORDING)}
    before, kept = st.session_state.get(IN_ADDRESS, (page, of_recording))
    dropped = {}
    if page != before and _is_still("recording", kept.get("recording", [DEFAULT])):
        dropped = {k: kept[k] for k in kept if k not in present and _is_still(k, kept[k])}
    st.session_state[IN_ADDRESS] = page, of_recording | dropped
    return dropped


def _is_still(key: str, values: list[str]) -> bool:
    """Whether a widget has the value that the address had, or none."""
    value = st.session_state.get(key)
    shown = value if isinstance(value, list | tuple) else [value]
    return value is None or [str(each).lower() for each in shown] == [v.lower() for v in values]


def translate(page: str, address: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The present address of a former one; an address that is none of them stays as it is."""
    keys = {key: _present_key(page, key) for key in address}
    if any(_may_be_option(key) for key in keys.values()):
        options = _options_of(address)
        keys = {
            key: OPTION + present if _may_be_option(present) and present in options else present
            for key, present in keys.items()
        }
    present: dict[str, list[str]] = {}
    # What is in the address under its present key comes last, and stays.
    for key in sorted(keys, key=lambda key: key == keys[key]):
        present[keys[key]] = [_present_value(keys[key], value) for value in address[key]]
    return {key: present[key] for key in dict.fromkeys(keys.values())}


def _present_key(page: str, key: str) -> str:
    renamed = FORMER_EVERYWHERE | FORMER.get(page, {})
    if key in renamed:
        return renamed[key]
    if "." in key and key.partition(".")[0] not in PREFIXES:
        for former, prefix in FORMER_PARAMETERS.get(page, {}).items():
            if key.startswith(former):
                return prefix + key.removeprefix(former)
    return key


def _present_value(key: str, value: str) -> str:
    for former, start in FORMER_STARTS.get(key, {}).items():
        if value.startswith(former):
            return start + value.removeprefix(former)
    return FORMER_VALUES.get(key, {}).get(value, value)


def _may_be_option(key: str) -> bool:
    """Whether a key is neither shared nor of a page: options had no prefix."""
    return key not in SHARED and "." not in key


def _options_of(address: Mapping[str, list[str]]) -> set[str]:
    """Names of the options that the recording of an address declares."""
    name = [DEFAULT, *address.get("dataset", []), *address.get("recording", [])][-1]
    return {p.name for info in datasets.available() if info.name == name for p in info.options}


def refuse_unknown(infos: Iterable[str]) -> None:
    """Say why the recording of the address cannot be opened, before another is shown."""
    name = st.query_params.get("recording")
    if name is None or name in infos:
        return
    try:
        datasets.load(name)
    except NeurogalleryError as error:
        show_error(error)
    st.warning(f"Shown instead of {plain(name)}: {DEFAULT}.", icon=":material/warning:")


def widgets_of(ds: Dataset) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the sidebar's widgets that bring a recording into view, and their defaults."""
    values = {"recording": ds.info.name, **_as_widgets(ds.options)}
    declared = {option.name: option.default for option in ds.info.options}
    defaults = {"recording": DEFAULT, **_as_widgets(declared)}
    if len(ds.subjects) > 1:
        values["subject"], defaults["subject"] = ds.subject, ds.subjects[0]
    return values, defaults


def _as_widgets(values: Mapping[str, Any]) -> dict[str, Any]:
    return {OPTION + name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
