"""The generative rivals of study C beside ridge, linear InfoNCE and BrainSem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from core.decoders.generative.classifier import LATENT
from core.decoders.generative.parameters import FEATURES
from core.decoders.heads import HEADS
from core.progress import Progress, portion
from core.report import plan, tables
from core.report.plan import Condition, Scale
from core.report.scores import AVERAGED, differences, score
from core.zero_shot.published import PUBLISHED

TITLE = "## The rivals of study C"
RIVALS = ("cada_vae", "mvae", "mmvae", "mopoe_vae", "bravl")
BOTH, ORDERED = "V&T", "bravl"
BRAINSEM = "BrainSem"
SEEDS, SHUFFLES = 2, 5
MEASURES = ("two-way", "top-1", "top-5", f"top-1{LATENT}", f"top-5{LATENT}")
# Retrieval and latent classifier, by which the order is told, and what controls are tested by.
DECIDING, CONTROLLED = ("top-1", f"top-1{LATENT}"), ("two-way", f"top-1{LATENT}")
CHANCE, SEPARATOR = "chance", "\n"
NUMBERS = (
    *("mean", "low", "high", "chance", "p"),
    *("runs", "n", "images", "categories", "candidates"),
)
COLUMNS = ("kind", "head", "features", "measure", *NUMBERS, "over")


def measure(scale: Scale, progress: Progress) -> pd.DataFrame:
    """Train and score each rival with V, T and V&T features, and on permuted responses.

    Returns
    -------
    pd.DataFrame
        ``kind``: 'decoder', 'control', 'difference' (BraVL with V&T less the same with the
        features that are named, on the same images, corrected for the two comparisons) or
        'published' (mean over subjects of GOD, as study C prints it). Averaged repeats in the
        test set; of several seeds and shuffles as in ``core.report.scores.score``.
    """
    plan.register_shuffled()
    scale = replace(scale, seeds=min(scale.seeds, SEEDS), shuffles=min(scale.shuffles, SHUFFLES))
    rows = list(_conditions(scale))
    parts = []
    for number, (kind, features, condition) in enumerate(rows):
        step = portion(progress, number / len(rows), (number + 1) / len(rows))
        table = score(condition, scale.draws, step)
        kept = table[(table["side"] == "test") & (table["protocol"] == AVERAGED)]
        kept = kept[kept["measure"].isin(MEASURES)]
        head = BRAINSEM if condition.name == BRAINSEM else condition.head
        parts.append(kept.assign(kind=kind, features=features, head=head))
    by_features = {
        features: condition
        for kind, features, condition in rows
        if kind == "decoder" and condition.head == ORDERED
    }
    parts += [_ordering(by_features, scale, progress), _published()]
    table = pd.concat([part.reindex(columns=COLUMNS) for part in parts], ignore_index=True)
    return table.astype(dict.fromkeys(NUMBERS, float))


def section(table: pd.DataFrame) -> str:
    decoders, controls = (table[table["kind"] == kind] for kind in ("decoder", "control"))
    first, shuffled = decoders.iloc[0], controls.iloc[0]
    return "\n".join(
        [
            f"{TITLE}\n",
            f"The simulated experiment, repeats averaged, {first['images']:.0f} test images of "
            f"{first['categories']:.0f} categories never trained, {first['runs']:.0f} seeds: "
            "two-way identification, and the category among all by cosine retrieval and by the "
            "rivals' own protocol, the latent classifier. V, T: trained with visual or textual "
            "features. Brackets are 95 % intervals over categories. Published figures are those "
            "of study C's table 1 for another recording (GOD: 50 categories, chance 2.0 / 10.0; "
            "means of five subjects; rivals on single trials, BrainSem on averaged repeats).\n",
            _of_decoders(table),
            f"\nWith responses permuted over images, {shuffled['runs']:.0f} shuffles; intervals "
            "are Student's t over shuffles.\n",
            _of_controls(controls),
            f"\nVerdict: {_order(table)} {_at_chance(controls)}\n",
        ]
    )


def _conditions(scale: Scale) -> Iterator[tuple[str, str, Condition]]:
    """Kind, features and row of all that is trained."""
    for head in ("ridge", "linear"):
        yield "decoder", "", plan.condition("rivals", head, head, scale)
    fuzzy, settings = plan.ARMS[next(iter(plan.ARMS))]
    training, loss = {**scale.training, **settings}, (("fuzzy", 1.0, fuzzy),)
    brainsem = {"training": training, "loss": loss}
    yield "decoder", "", plan.condition("rivals", BRAINSEM, "roi_transformer", scale, **brainsem)
    for head in RIVALS:
        for features in FEATURES:
            own = {"head_parameters": {"features": features}}
            name = f"{head}, {features}"
            yield "decoder", features, plan.condition("rivals", name, head, scale, **own)
    for head in RIVALS:
        control = plan.control(plan.PERMUTED, head, plan.SHUFFLED, {}, scale.shuffles, scale)
        yield "control", BOTH, control


def _ordering(by_features: dict[str, Condition], scale: Scale, progress: Progress) -> pd.DataFrame:
    """How much higher BraVL scores with both features than with each alone."""
    others = {name: condition for name, condition in by_features.items() if name != BOTH}
    table = differences(by_features[BOTH], others, scale.draws, progress)
    table = table[(table["protocol"] == AVERAGED) & table["measure"].isin(MEASURES)]
    named = {"name": "features", "difference": "mean", "difference_p": "p"}
    named |= {"difference_low": "low", "difference_high": "high"}
    return table.rename(columns=named).assign(kind="difference", head=ORDERED)


def _published() -> pd.DataFrame:
    heads = {HEADS[head].label: head for head in RIVALS} | {BRAINSEM: BRAINSEM}
    rows = [
        {
            **{"kind": "published", "head": heads[row.method], "measure": f"top-{k}"},
            "features": "" if row.method == BRAINSEM else BOTH,
            **{"mean": row.mean(k).mean, "chance": k / row.n_way, "candidates": row.n_way},
        }
        for row in PUBLISHED
        if row.method in heads
        for k in (1, 5)
    ]
    return pd.DataFrame(rows)


def _of_decoders(table: pd.DataFrame) -> str:
    decoders = table[table["kind"] == "decoder"].fillna({"features": ""})
    chance = decoders.drop_duplicates("measure").set_index("measure")["chance"]
    lines = [[CHANCE, "", *(tables.share(chance[name]) for name in MEASURES), ""]]
    by_row = decoders["head"] + SEPARATOR + decoders["features"]
    for key, rows in decoders.groupby(by_row, sort=False):
        head, features = str(key).split(SEPARATOR)
        cells = {row["measure"]: _cell(row) for _, row in rows.iterrows()}
        shown = _as_published(table, head) if features in ("", BOTH) else ""
        lines.append([_name(head), features, *(cells.get(name, "") for name in MEASURES), shown])
    return tables.table(["decoder", "features", *MEASURES, "published, GOD (%)"], lines)


def _as_published(table: pd.DataFrame, head: str) -> str:
    """Top-1 and top-5, as '14.0 / 53.1'; '' where the study does not have the decoder."""
    rows = table[(table["kind"] == "published") & (table["head"] == head)]
    return " / ".join(f"{100 * value:.1f}" for value in rows["mean"])


def _of_controls(controls: pd.DataFrame) -> str:
    lines = []
    for head, rows in controls.groupby("head", sort=False):
        cells = {row["measure"]: row for _, row in rows.iterrows()}
        held = all(_holds(cells[name]) for name in CONTROLLED)
        scored = [_cell(cells[name]) for name in CONTROLLED]
        lines.append([_name(str(head)), *scored, "yes" if held else "no"])
    return tables.table(["permuted control", *CONTROLLED, "at chance"], lines)


def _order(table: pd.DataFrame) -> str:
    """Whether V and T alone stand below V&T for BraVL, by retrieval and by its classifier."""
    less = table[(table["kind"] == "difference") & table["measure"].isin(DECIDING)]
    seen = "seen" if (less["mean"] > 0).all() else "**not** seen"
    apart = less[(less["low"] > 0) | (less["high"] < 0)]
    words = [f"{row['features']} by {row['measure']} {_cell(row)}" for _, row in less.iterrows()]
    return (
        f"BraVL's published order, one modality below both, is {seen} in every mean; V&T less "
        f"{', '.join(words)}: {len(apart)} of {len(less)} intervals exclude 0."
    )


def _at_chance(controls: pd.DataFrame) -> str:
    rows = controls[controls["measure"].isin(CONTROLLED)]
    missed = [
        f"{_name(row['head'])} by {row['measure']}" for _, row in rows.iterrows() if not _holds(row)
    ]
    held = f"{len(rows) - len(missed)} of {len(rows)} intervals of permuted controls hold chance"
    luck = f"by luck alone one or more of {len(rows)} miss it in {1 - 0.95 ** len(rows):.0%}"
    if not missed:
        return f"Every rival's permuted control is at chance ({held})."
    return (
        f"**Not** every rival's permuted control is at chance: {held}, not {', '.join(missed)} "
        f"({luck})."
    )


def _holds(row: pd.Series) -> bool:
    return bool(row["low"] <= row["chance"] <= row["high"])


def _cell(row: pd.Series) -> str:
    return tables.interval(row["mean"], row["low"], row["high"])


def _name(head: str) -> str:
    return BRAINSEM if head == BRAINSEM else f"`{head}`"
