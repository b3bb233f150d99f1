"""The checks of an audit, each a function of the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.errors import InputError
from core.splits.case import Case
from core.splits.copies import MOST_IMAGES
from core.splits.findings import AuditCheck, Finding, Hits, joined
from core.splits.groups import clusters
from core.splits.partners import paired, resembling, typical_similarity
from core.splits.pool import Pool, has_response, image_names, linked, numbered, texts
from core.words import counted

SAME_IMAGE = AuditCheck(
    "same-image",
    "Same image by id or file",
    "red",
    "have an id or a file that the training or validation set has too ('rep_' not counted)",
)
SAME_CONTENT = AuditCheck(
    "same-content",
    "Same image by content",
    "red",
    "equal an image of the training or validation set in every pixel",
)
COPIES = AuditCheck(
    "copies",
    "Altered copies of an image",
    "red",
    "show an image of the training or validation set, altered (encoded again, cropped, turned, "
    "mirrored, brightened ...)",
)
# Amber at any height: what a cosine of .98 means depends on the encoder, and proves no copy.
NEAR = AuditCheck("near-duplicates", "Near-duplicates in feature space", "amber", "")
CATEGORIES = AuditCheck(
    "categories",
    "Shared categories",
    "amber",
    "are of a category that the training or validation set holds too",
    by_similarity=True,
)
# Green until it is measured that it moves the score: clusters divide any images, near or far.
CLUSTERS = AuditCheck("clusters", "Shared clusters of features", "green", "", by_similarity=True)
FITTED = AuditCheck(
    "fitted-on",
    "Statistics fitted on test images",
    "red",
    "are among the rows on which scaling or components were fitted",
)
VALIDATION = AuditCheck(
    "validation",
    "Validation images in training",
    "amber",
    "are the same image, by id, file or content, as one of the training set, which would "
    "mislead early stopping",
    held="validation",
)


def same_image(case: Case) -> Finding:
    """The same image under one id or file, copies marked by ``rep_`` included."""
    return case.shared(SAME_IMAGE, case.images, image_names(case.ds.stimuli)[0])


def same_content(case: Case) -> Finding:
    """The same image, pixel for pixel, under whatever name."""
    if case.ds.images is None:
        return SAME_CONTENT.skipped("the recording comes without images")
    hashes, unread = case.hashes
    if unread == len(case.rows):
        return SAME_CONTENT.skipped(f"none of the {unread:,} images can be read")
    note = f"{counted(unread, 'image')} could not be read, nor compared." if unread else ""
    return case.shared(SAME_CONTENT, case.contents, hashes, note)


def altered_copies(case: Case) -> Finding:
    """The same image, altered: seen in the images themselves, whatever the encoder."""
    if case.ds.images is None:
        return COPIES.skipped("the recording comes without images")
    if len(case.rows) > MOST_IMAGES:
        return COPIES.skipped(f"there are more than {MOST_IMAGES:,} images")
    copies = case.copies
    unread = int(np.count_nonzero(~np.isin(case.rows, copies.compared)))
    if unread == len(case.rows):
        return COPIES.skipped(f"none of the {unread:,} images can be read")
    pairs = (copies.first, copies.second, copies.agreement)
    parts = [
        paired(fold, held, known, sets, pairs) for fold, held, known, sets in case.comparisons()
    ]
    note = f"{counted(unread, 'image')} could not be read, nor compared." if unread else ""
    return case.finding(COPIES, _strongest(joined(parts)), note)


def near_duplicates(case: Case) -> Finding:
    """Images that resemble a known one in feature space, far more than two images do."""
    if case.features is None:
        return NEAR.skipped("no features were given")
    typical = typical_similarity(case.features, case.rows[case.finite[case.rows]], case.seed)
    near = 1.0 - (1.0 - case.near) * (1.0 - typical)
    check = AuditCheck(
        NEAR.id,
        NEAR.title,
        NEAR.level,
        f"have a cosine similarity of {near:.3g} or more to one of the training or "
        f"validation set (two images have {typical:.2f}, the median)",
    )
    parts = []
    for fold, held, known, sets in case.comparisons():
        finite = case.finite[known]
        parts.append(
            resembling(
                fold,
                held[case.finite[held]],
                known[finite],
                case.features,
                near,
                sets[finite],
                case.telling(fold, "Comparing features"),
            )
        )
    return case.finding(check, _strongest(joined(parts)), _without_features(case))


def shared_categories(case: Case) -> Finding:
    """Test images of a category that was trained."""
    names = texts(case.ds.stimuli, "category")
    unknown = int(np.count_nonzero(names[case.rows] == ""))
    if unknown == len(case.rows):
        return CATEGORIES.skipped("no category is known")
    lacking = counted(unknown, "image has", "images have")
    note = f"{lacking} no category: not compared." if unknown else ""
    return case.shared(CATEGORIES, numbered(names, unknown=""), names, note)


def shared_clusters(case: Case) -> Finding:
    """Test images from a k-means cluster of which something was trained."""
    if case.features is None:
        return CLUSTERS.skipped("no features were given")
    pool = Pool(case.ds.stimuli, case.rows[case.finite[case.rows]], case.features)
    codes = np.full(case.ds.n_stimuli, -1, dtype=np.intp)
    case.tell(0.0, "Clustering features")
    try:
        codes[pool.rows] = clusters(pool, case.clusters, case.seed).codes
    except InputError as error:
        return CLUSTERS.skipped(error.problem[0].lower() + error.problem[1:])
    check = AuditCheck(
        CLUSTERS.id,
        CLUSTERS.title,
        CLUSTERS.level,
        f"are in one of {case.clusters} k-means clusters with images of the training or "
        "validation set",
        by_similarity=True,
    )
    return case.shared(check, codes, note=_without_features(case))


def fitted_on_test(case: Case) -> Finding:
    """Test images that had a part in scaling, components or feature selection."""
    if case.fitted_on is None:
        return FITTED.skipped("it was not said on which rows scaling and components were fitted")
    parts = []
    for number, (fold, fitted) in enumerate(zip(case.folds, case.fitted_on, strict=True)):
        held = fold.test[np.isin(fold.test, fitted)]
        named = np.full(len(held), "fitted", dtype=object)
        parts.append(Hits(np.full(len(held), number), held, held, case.ids[held], named))
    return case.finding(FITTED, joined(parts))


def validation_in_training(case: Case) -> Finding:
    """Validation images that were trained: they make early stopping blind."""
    if not any(len(fold.validation) for fold in case.folds):
        return replace(VALIDATION.skipped("there is no validation set"), level="green")
    return case.shared(VALIDATION, linked(case.images, case.contents, case.altered), case.ids)


def left_out(case: Case) -> Finding:
    """How many stimuli are in no set, and why; information, always green."""
    n = case.ds.n_stimuli
    idle = np.ones(n, dtype=bool)
    idle[case.rows] = False
    count = int(idle.sum())
    message = f"Checked, nothing found: all {n:,} stimuli are in a set."
    if count:
        message = f"{count:,} of {n:,} stimuli are in no set: {_reasons(case, idle)}."
    return Finding("left-out", "green", "Stimuli left out", message, count=count)


CHECKS: tuple[Callable[[Case], Finding], ...] = (
    same_image,
    same_content,
    altered_copies,
    near_duplicates,
    shared_categories,
    shared_clusters,
    fitted_on_test,
    validation_in_training,
    left_out,
)


def _strongest(hits: Hits) -> Hits:
    order = np.argsort(-hits.value, kind="stable")
    return Hits(*(column[order] for column in hits))


def _without_features(case: Case) -> str:
    missing = int(np.count_nonzero(~case.finite[case.rows]))
    lacking = counted(missing, "image has", "images have")
    return f"{lacking} no finite features: not compared." if missing else ""


def _reasons(case: Case, idle: np.ndarray) -> str:
    silent = idle & ~has_response(case.ds)
    reasons = [(int(silent.sum()), "without a usable response")]
    rest = idle & ~silent
    if case.features is not None:
        reasons.append((int((rest & ~case.finite).sum()), "without finite features"))
        rest = rest & case.finite
    reasons.append((int(rest.sum()), "for which this kind of split has no place"))
    return ", ".join(f"{count:,} {reason}" for count, reason in reasons if count)
