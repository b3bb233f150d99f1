"""How a decoder scores when training and test images are held apart in other ways."""

from core.generalisation.comparison import Generalisation, load
from core.generalisation.job import KINDS, GeneralisationRequest

__all__ = ["KINDS", "Generalisation", "GeneralisationRequest", "load"]
