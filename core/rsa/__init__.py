"""Representational similarity analysis: models beside the RDMs of subjects."""

from core.rsa.arrangement import Dendrogram, RdmMap, arrange_rdms
from core.rsa.ceilings import SubjectCeiling
from core.rsa.inference import Evaluation, ModelDifference, ModelPerformance, evaluate
from core.rsa.models import FixedModel, RdmModel, SelectedModel, WeightedModel

__all__ = [
    "Dendrogram",
    "Evaluation",
    "FixedModel",
    "ModelDifference",
    "ModelPerformance",
    "RdmMap",
    "RdmModel",
    "SelectedModel",
    "SubjectCeiling",
    "WeightedModel",
    "arrange_rdms",
    "evaluate",
]
