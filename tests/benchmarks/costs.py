"""Scripts of work and pages of the built-in experiment, for ``beside``."""

ENCODING = """
import os, time
os.environ["NEUROGALLERY_READY"] = "none"
from core import datasets, encoders
ds = datasets.load("simulated", stimuli=320)
encoders.encode_image(ds.image(ds.stimuli["id"][0]), "clip-small")
began = time.process_time()
encoders.encode_images(ds, "clip-small")
print("encoding", time.process_time() - began)
"""
