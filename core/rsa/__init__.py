"""Representational similarity analysis: models beside the RDMs of subjects."""

from core.rsa.ceilings import SubjectCeiling
from core.rsa.inference import Evaluation, ModelDifference, ModelPerformance, evaluate
from core.rsa.models import FixedModel, RdmModel, SelectedModel, WeightedModel

__all__ = [
    "Evaluation",
    "FixedModel",
    "ModelDifference",
    "ModelPerformance",
    "RdmModel",
    "SelectedModel",
    "SubjectCeiling",
    "WeightedModel",
    "evaluate",
]
