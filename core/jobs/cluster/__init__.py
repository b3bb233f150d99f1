"""Jobs on a cluster: dask.distributed and Slurm run what else is a process of this machine.

A job on an engine is the same folder. ``keeper`` hands it to a worker, where ``hosting`` starts
``python -m core job FOLDER`` and watches it; ``engines/`` has one file an engine.
"""

from core.jobs.cluster.engine import Engine, Worker, current, is_set, offers_gpu, runs_here
from core.jobs.cluster.keeper import wake

__all__ = ["Engine", "Worker", "current", "is_set", "offers_gpu", "runs_here", "wake"]
