"""The simulated experiment: its embedded files, the model of its subjects, and its truth."""

from core.simulation.experiment import Experiment, rows_shown, run, truth
from core.simulation.files import Files, open_files
from core.simulation.model import PARTS, SUBJECTS, Model, subject_model, trial_list
from core.simulation.regions import REGIONS, ROIS, roi_of

__all__ = [
    "PARTS",
    "REGIONS",
    "ROIS",
    "SUBJECTS",
    "Experiment",
    "Files",
    "Model",
    "open_files",
    "roi_of",
    "rows_shown",
    "run",
    "subject_model",
    "trial_list",
    "truth",
]
