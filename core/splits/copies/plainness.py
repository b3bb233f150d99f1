"""Images too simple to tell an altered copy from another image: words, gratings, plain shapes."""

from __future__ import annotations

import numpy as np

from core.splits.copies.agreement import one_curve_rest
from core.splits.copies.alignment import local_contrast

# Share of pixels on one tone from which an image is a ground with little on it.
MOST_GROUND = 0.9
# Share of the rest on one more tone: silhouettes, letters, checkers.
MOST_TWO_TONED = 0.75
# Share of the range of an image within which two pixels are of one tone.
ONE_TONE = 0.04
# Independent details below which another grating or bar fits as well as a copy.
FEWEST_DETAILS = 12.0
SIZE = 48
# Differences of images that are one, as they stand, by their standard deviation; levels.
NOISE, LEVELS = 0.1, 0.5


def is_simple(grey: np.ndarray) -> np.ndarray:
    """Mark images of one or two tones or of few independent details. (n, 96, 96) -> (n,) bool.

    A turned, mirrored, cropped or inverted grating, letter or shape is another stimulus of the
    same kind; so is a letter or shape of another colour.
    """
    toned = np.array([_toned(image) for image in grey], dtype=bool)
    few = details(local_contrast(grey, SIZE)) < FEWEST_DETAILS
    simple: np.ndarray = toned | few
    return simple


def details(contrast: np.ndarray) -> np.ndarray:
    """Independent details: participation ratios over places and over frequencies. (n,)

    Of m pixels, m * (places / m) * (frequencies / m): white noise has nearly m / 6 of them, a
    grating 2. ``contrast`` is (n, size, size).

    Source: the ratio (sum x)^2 / sum x^2 of Bell & Dean (1970), Discuss. Faraday Soc. 50:55.
    """
    power = np.abs(np.fft.fft2(contrast)) ** 2
    places, frequencies = (_participation(each) for each in (contrast**2, power))
    number: np.ndarray = places * frequencies / (contrast.shape[1] * contrast.shape[2])
    return number


def equal_as_they_stand(grey: np.ndarray, coloured: np.ndarray) -> bool:
    """Whether two thumbnails are one as they stand; of many tones, brightness may differ.

    Two images of one or two tones are equal in these tones. Of others the brightness of one may
    follow from that of the other by a rising curve, and the chroma by a factor.

    Parameters
    ----------
    grey : np.ndarray of shape (2, 96, 96), uint8
    coloured : np.ndarray of shape (2, 48, 48, 3), uint8
        YCbCr.
    """
    first, second = grey.reshape(2, -1).astype(np.float64) - 128.0
    chroma = coloured.reshape(2, -1, 3)[..., 1:].astype(np.float64) - 128.0
    if any(_toned(image) for image in grey):
        return _small(first - second, second) and _small(chroma[0] - chroma[1], chroma[1])
    rising = float(first @ second - first.sum() * second.mean()) > 0
    factor = float((chroma[0] * chroma[1]).sum()) / max(float((chroma[0] ** 2).sum()), 1e-6)
    rest = chroma[1] - max(0.0, factor) * chroma[0]
    return rising and _small(one_curve_rest(first, second), second) and _small(rest, chroma[1])


def _small(rest: np.ndarray, values: np.ndarray) -> bool:
    return float(np.sqrt(np.mean(rest**2))) <= NOISE * float(values.std()) + LEVELS


def _participation(values: np.ndarray) -> np.ndarray:
    total, square = values.sum(axis=(1, 2)), (values**2).sum(axis=(1, 2))
    ratio: np.ndarray = total**2 / np.maximum(square, 1e-9)
    return ratio


def _toned(grey: np.ndarray) -> bool:
    """Whether an image (96, 96) has hardly more than one tone, or than two."""
    counts = np.bincount(grey.ravel(), minlength=256).astype(float)
    reach = max(2, round(ONE_TONE * float(np.ptp(grey))))
    rest = _without_commonest(counts, reach)
    if counts.sum() - rest.sum() >= MOST_GROUND * grey.size:
        return True
    further = _without_commonest(rest, reach)
    return bool(rest.sum() - further.sum() >= MOST_TWO_TONED * rest.sum())


def _without_commonest(counts: np.ndarray, reach: int) -> np.ndarray:
    """Counts (256,) without those around the level where most are."""
    level = int(np.convolve(counts, np.ones(2 * reach + 1), "same").argmax())
    rest = counts.copy()
    rest[max(0, level - reach) : level + reach + 1] = 0
    return rest
