"""What speaks for the clusters: map, choice of k, profiles, columns, reproducibility."""

from __future__ import annotations

import streamlit as st

from core import clusters
from core.clusters import Choice, Clustering, ClustersRequest, ConsistencyRequest, Observations
from core.datasets import Dataset
from core.figures import clusters as figures
from core.words import p_words
from pages.shared.clusters import results
from pages.shared.clusters.settings import subjects_of
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame.text import plain
from pages.shared.maps import legend, spaces
from pages.shared.maps import view as map_view

WIDEST_CHART = 720


def draw_map(ds: Dataset, request: ClustersRequest, clustering: Clustering) -> None:
    """The map that was clustered, coloured by cluster."""
    view = results.map_of(request)
    map_ = None if view is None else spaces.stored(ds, view)
    if view is None or map_ is None:
        return
    colours = legend.show(ds, "cluster", figures.membership(clustering))
    with st.container(width=WIDEST_CHART):
        map_view.show(ds, view, map_, colours, as_images=False, classifier=None)


def show_rules(choice: Choice) -> None:
    """The rules over k, and the k that each of them chooses."""
    recommended = "Recommended: " if choice.k > 1 else ""
    st.markdown(f"**{recommended}{plain(choice.recommendation)}**")
    with st.container(key="halves_below"):
        columns = st.columns(2)
    for place, name in enumerate(clusters.RULES):
        chart, alt = drawn(figures.rule, choice, name), f"{clusters.RULES[name].label} over k"
        show_chart(chart, key=f"rule_{name}", alt=alt, place=columns[place % 2])
    lines = []
    for name in clusters.RULES:
        rule, k = clusters.RULES[name], choice.chosen.get(name)
        chosen = "none" if k is None else f"{k}{set_apart(choice, k)}"
        lines.append(f"- **{rule.label}**: {chosen} ({rule.help})")
    st.markdown("\n".join(lines))
    st.caption(
        "Set apart: fewer rows lie midway between two clusters than at the sparser of them, where "
        "half of the rows place the clusters and the other half is counted; p is over rows, "
        "corrected for the rules. Whatever varies gradually can be divided, and stably so, "
        "but not set apart."
    )
    if choice.most_rows < choice.rows:
        st.caption(
            f"Silhouette, gap, stability and p on {choice.most_rows:,} of {choice.rows:,} rows."
        )
    for note in choice.notes:
        st.caption(plain(note))
    st.download_button(
        "Values (CSV)",
        lambda: choice.table.to_csv(index=False),
        "clusters.csv",
        "text/csv",
        icon=":material/download:",
    )


def set_apart(choice: Choice, k: int) -> str:
    """Whether the clusters of a rule are set apart, in words."""
    p = choice.apart.get(k)
    if p is None:
        return ""
    return f", {'set apart' if p <= clusters.LEVEL else 'not set apart'} ({p_words(p)})"


def show_profiles(opened: list[Dataset], rows: Observations, clustering: Clustering) -> None:
    """The centroids, region by region."""
    if len(opened) > 1 or rows.names == opened[0].regions:
        table, unit = clusters.profile(clustering, rows.responses, rows.names), rows.unit
    elif len(opened[0].regions) > 2:
        ds = opened[0]
        table = clusters.profile(clustering, clusters.rows_of([ds]).responses, ds.regions)
        unit = ds.info.units
    else:
        st.info("This recording names no regions to profile.", icon=":material/info:")
        return
    names = [str(number + 1) for number in range(clustering.k)]
    shown = st.pills(
        "Clusters", names, selection_mode="multi", default=names, key="clusters.profiled"
    )
    chosen = [names.index(name) for name in shown] or list(range(clustering.k))
    show_chart(
        drawn(figures.profiles, table, unit, chosen),
        key="profiles",
        alt="Mean response of clusters",
    )


def cross_tabulate(opened: list[Dataset], rows: Observations, clustering: Clustering) -> None:
    """How sources and categories spread over the clusters."""
    stimuli = opened[0].stimuli
    columns = [
        name
        for name in ("theme", "supercategory", "source", "category", "split")
        if name in stimuli and stimuli[name].replace("", None).nunique() > 1
    ]
    if not columns:
        st.info("The stimulus list has no column to tabulate.", icon=":material/info:")
        return
    column = st.selectbox("Column", columns, key="clusters.column", bind="query-params", width=200)
    by_subject = {ds.subject: ds.stimuli[column].tolist() for ds in opened}
    values = [
        by_subject[str(subject)][row]
        for subject, row in zip(rows.subjects, rows.stimuli, strict=True)
    ]
    counts = clusters.composition(clustering, values)
    alt = f"{column} in each cluster"
    show_chart(drawn(figures.composition, counts, column), key="composition", alt=alt)
    if counts.adjusted_rand is not None:
        st.markdown(
            f"**Adjusted Rand index {counts.adjusted_rand:.2f}** (0 is chance, 1 is identity), "
            f"normalised mutual information {counts.normalised_mutual_information:.2f}, over "
            f"{counts.known:,} rows."
        )


def show_reproducibility(ds: Dataset, request: ClustersRequest, clustering: Clustering) -> None:
    """Whether the clusters come back in other subjects, or with another k."""
    are_regions = request.source != "map"
    choices = list(clusters.ACROSS) if len(ds.subjects) > 1 and are_regions else ["k"]
    across = st.segmented_control(
        "Compare centroids across",
        choices,
        default=choices[0],
        required=True,
        key="clusters.across",
        bind="query-params",
        help=f"every subject with {clustering.k} clusters; or the rows above with neighbouring k",
    )
    matched = results.consistency(_matching(ds, request, across, clustering.k))
    if matched is None:
        return
    with st.container(width=WIDEST_CHART):
        chart = drawn(figures.consistency, matched)
        show_chart(chart, key="consistency", alt="Mean matched correlation of centroids")
    come_back = "Clusters come back" if matched.p <= clusters.LEVEL else "No clusters come back"
    st.markdown(
        f"**{come_back}, {p_words(matched.p)}**: the larger of two p, for both must hold.\n\n"
        f"- Mean correlation of matched centroids {matched.mean:.2f} "
        f"({matched.above:.0%} of the matches lie above .8). Responses without clusters, with the "
        "same values in each region, the same covariance and the same signal shared by "
        f"subjects, reach {matched.null.mean():.2f} (at most {matched.null.max():.2f} in "
        f"{len(matched.null)} simulations), {p_words(matched.p_match)}.\n"
        f"- The clusters are {'' if matched.p_apart <= clusters.LEVEL else 'not '}set apart: "
        "whether fewer stimuli lie midway between them than at them, counted on other stimuli "
        f"{'and in other subjects ' if across == 'subjects' else ''}than those that placed the "
        f"clusters, {p_words(matched.p_apart)}."
    )
    st.caption(
        "Centroids are matched one to one by the Hungarian method. Correlated and skewed regions "
        "give high matches by chance, and what varies gradually is divided alike in every subject: "
        "only clusters that match more closely than simulations and are set apart come back. p is "
        "on the safe side: of 24 simulations without clusters each (Gaussian, skewed, "
        "heavy-tailed, with a signal that subjects share) it was .05 or less in none."
    )


def _matching(ds: Dataset, request: ClustersRequest, across: str, k: int) -> ConsistencyRequest:
    """The same rows with neighbouring k, or the regions of every subject with this k."""
    settings = {name: getattr(request, name) for name in ("source", "roi", "metric", "seed")}
    if across == "subjects":
        return ConsistencyRequest.of(subjects_of(ds), across=across, k=k, **settings)
    ks = tuple(range(max(2, k - 2), k + 3))
    return ConsistencyRequest(request.recordings, across=across, ks=ks, **settings)
