"""The RDM as a figure for a paper or slide: SVG, PDF or PNG with title and colour bar."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.figures.heatmap import MISSING_COLOUR, colours
from core.rdm.order import Block

FORMATS = ("svg", "pdf", "png")


@dataclass(frozen=True)
class ColourBar:
    """What the colours of an RDM stand for.

    Attributes
    ----------
    colour_scale : str
        One of ``heatmap.COLOUR_SCALES``.
    ends : tuple of float
        Values at the ends of the scale.
    label : str
        Of the values.
    by_percentile : bool
        Whether colours follow the ranks of the pairs; the bar then shows 0 to 100.
    """

    colour_scale: str
    ends: tuple[float, float]
    label: str
    by_percentile: bool = False


def rdm_figure(
    display_levels: np.ndarray,
    n: int,
    title: str,
    colour_bar: ColourBar,
    blocks: Sequence[Block] = (),
    file_format: str = "svg",
) -> bytes:
    """Draw an ordered RDM.

    Parameters
    ----------
    display_levels : np.ndarray of shape (side, side), uint8
        From ``heatmap.levels``, in display order.
    n : int
        Stimuli on each axis (side is less where the image is an overview).
    title : str
    colour_bar : ColourBar
    blocks : sequence of Block
        Categories, named on the axis and parted by lines.
    file_format : {'svg', 'pdf', 'png'}
    """
    if file_format not in FORMATS:
        raise InputError(f"The format is {file_format!r}", choices=FORMATS)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize
    from matplotlib.figure import Figure

    table = colours(colour_bar.colour_scale) / 255.0
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    palette = np.vstack([table, np.array(MISSING_COLOUR) / 255.0])
    axes.imshow(palette[display_levels], extent=(0, n, n, 0), interpolation="none")
    axes.set_title(title, fontsize=10, loc="left", parse_math=False)
    axes.set_xticks([])
    axes.set_yticks([])
    if blocks:
        axes.set_yticks([(block.start + block.stop) / 2 for block in blocks])
        axes.set_yticklabels([block.label for block in blocks], fontsize=7, parse_math=False)
        for block in blocks[1:]:
            axes.axhline(block.start, color="white", linewidth=0.4)
            axes.axvline(block.start, color="white", linewidth=0.4)
    limits = (0.0, 100.0) if colour_bar.by_percentile else colour_bar.ends
    scale = ScalarMappable(Normalize(*limits), ListedColormap(table))
    bar = figure.colorbar(scale, ax=axes, shrink=0.8)
    suffix = ", percentile" if colour_bar.by_percentile else ""
    bar.set_label(f"{colour_bar.label}{suffix}")
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_format, dpi=200)
    return buffer.getvalue()
