"""What a decoder says of the images of its test set, category by category."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import encoders, scores
from core.decoders.runs import Run
from core.decoders.scoring.evaluation import check_same, queries
from core.decoders.scoring.prototypes import prototypes_of
from core.decoders.scoring.score_table import PROTOCOLS
from core.decoders.training.data import Data, prepare
from core.progress import Progress, portion, silent
from core.scores.evaluation import AMONG
from core.scores.ways import OVER
from core.splits.pool import texts
from core.zero_shot.job import DRAWS, ZeroShot

WAYS = (*range(2, 51), 75, 100, 150, 200, AMONG)


def analyse(
    run: Run,
    prototypes: str = "images",
    prompts: Sequence[str] = (encoders.PROMPT,),
    progress: Progress | None = None,
    permutations: int = 1000,
    resamples: int = 1000,
) -> ZeroShot:
    """Accuracy against the number of candidates, and the nearest category of each response.

    Parameters
    ----------
    run : Run
    prototypes, prompts, permutations, resamples
        As in ``core.decoders.evaluate``, whose two-way identification, top-1 and top-1 of 300
        are points of the curves.
    progress : callable, optional
        ``progress(fraction, message)``; may raise ``Cancelled``.

    Raises
    ------
    InputError
        As ``core.decoders.evaluate``.
    """
    progress = progress or silent
    data = prepare(run.config, portion(progress, 0.0, 0.3))
    check_same(run, data)
    progress(0.3, "Encoding the categories")
    kind, notes = prototypes_of(prototypes, run.config, data.names, prompts)
    curves, answers, drawn = [], [], {}
    scoring = portion(progress, 0.4, 1.0)
    averaged = queries(run, data, "test", "mean")
    for place, (protocol, trials) in enumerate(PROTOCOLS.items()):
        own = averaged if trials == "mean" else queries(run, data, "test", trials)
        if trials == "all" and len(own.image) == len(averaged.image):  # no repeats
            continue
        for step, over in enumerate(OVER):
            scoring((place + step / 2) / 2, f"Scoring {protocol} over {over}")
            table = scores.n_way(own, over, WAYS, kind, run.config.seed, permutations, resamples)
            curves.append(table.assign(protocol=protocol, over=over))
        drawn[protocol] = scores.draws(own, AMONG, DRAWS, run.config.seed).tolist()
        answers.append(_answers(data, own, kind).assign(protocol=protocol))
    curve = pd.concat([table for table in curves if len(table)], ignore_index=True)
    return ZeroShot(curve, pd.concat(answers, ignore_index=True), drawn, tuple(notes))


def _answers(data: Data, own: scores.Queries, kind: scores.Prototypes) -> pd.DataFrame:
    """The nearest category of each response, beside the right one, with the image seen."""
    table = scores.nearest_categories(own, kind)
    stimuli = data.opened[0].stimuli
    rows = data.fold.test[table["image"].to_numpy(dtype=np.intp)]
    subject = np.zeros(len(own.image), dtype=int) if own.subject is None else own.subject
    names = np.array([ds.subject for ds in data.opened])
    above = _supercategories(texts(stimuli, "category"), texts(stimuli, "supercategory"))
    return pd.DataFrame(
        {
            "subject": names[subject[table["query"].to_numpy(dtype=np.intp)]],
            "id": stimuli["id"].to_numpy()[rows],
            "category": table["category"],
            "predicted": table["predicted"],
            "supercategory": table["category"].map(above),
            "predicted_supercategory": table["predicted"].map(above),
        }
    )


def _supercategories(category: np.ndarray, supercategory: np.ndarray) -> dict[str, str]:
    """The supercategory that most stimuli of each category have, '' where unknown."""
    table = pd.DataFrame({"category": category, "supercategory": supercategory})
    known = table[(table["category"] != "") & (table["supercategory"] != "")]
    most = known.groupby("category")["supercategory"].agg(lambda names: names.mode().iloc[0])
    return {str(name): str(most.get(name, "")) for name in set(category) - {""}}
