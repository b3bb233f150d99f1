"""Averages of several decoders, such as seeds or heads, scored as one."""

from core.ensembles.average import AVERAGE, Ensemble, load
from core.ensembles.job import EnsembleRequest
from core.ensembles.members import averaged, differing

__all__ = ["AVERAGE", "Ensemble", "EnsembleRequest", "averaged", "differing", "load"]
