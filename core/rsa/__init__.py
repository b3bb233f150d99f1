"""Representational similarity analysis: what there is to compare, and what models are worth."""

from core.rsa.arrangement import Dendrogram, RdmMap, arrange_rdms
from core.rsa.bank import RdmSet, brain_sources, gather
from core.rsa.ceilings import SubjectCeiling
from core.rsa.exchange import export_hdf5
from core.rsa.inference import Evaluation, ModelDifference, ModelPerformance, evaluate
from core.rsa.models import FixedModel, RdmModel, SelectedModel, WeightedModel
from core.rsa.sources import RDM_KINDS, RdmSource, available, usual_models, usual_parts
from core.rsa.uploads import UploadedRdm, keep, read_upload, remove

__all__ = [
    "RDM_KINDS",
    "Dendrogram",
    "Evaluation",
    "FixedModel",
    "ModelDifference",
    "ModelPerformance",
    "RdmMap",
    "RdmModel",
    "RdmSet",
    "RdmSource",
    "SelectedModel",
    "SubjectCeiling",
    "UploadedRdm",
    "WeightedModel",
    "arrange_rdms",
    "available",
    "brain_sources",
    "evaluate",
    "export_hdf5",
    "gather",
    "keep",
    "read_upload",
    "remove",
    "usual_models",
    "usual_parts",
]
