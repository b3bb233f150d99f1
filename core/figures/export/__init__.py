"""Figures as files for a paper or slide: size in mm, font in points, text that stays text."""

from core.figures.export.chart import ChartDrawing
from core.figures.export.cloud import WordcloudDrawing
from core.figures.export.journals import WIDTHS, PrintWidth
from core.figures.export.map import MapDrawing
from core.figures.export.matrix import ColourBar, MatrixDrawing, MatrixPanel
from core.figures.export.rows import ImageRow, ImageRowsDrawing
from core.figures.export.settings import FORMATS, MIME, ExportSettings
from core.figures.export.writing import Drawing, font_used, write

__all__ = [
    "FORMATS",
    "MIME",
    "WIDTHS",
    "ChartDrawing",
    "ColourBar",
    "Drawing",
    "ExportSettings",
    "ImageRow",
    "ImageRowsDrawing",
    "MapDrawing",
    "MatrixDrawing",
    "MatrixPanel",
    "PrintWidth",
    "WordcloudDrawing",
    "font_used",
    "write",
]
