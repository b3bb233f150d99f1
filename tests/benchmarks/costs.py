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

CHOOSING = """
import time
from core import datasets
from core.clusters import ClustersRequest
from core.clusters.pooling import rows_of
from core.progress import silent
ds = datasets.load("simulated")
request = ClustersRequest.of([ds])
rows = rows_of([ds], request.source, request.roi, request.seed)
quick = ClustersRequest.of([ds], ks=(2,))
quick.choose(rows.responses[:60], silent)
began = time.process_time()
request.choose(rows.responses, silent, rows.ids([ds]))
print("choosing", time.process_time() - began)
"""

CURVES = """
import time
from core import recovery
from core.datasets import DATASETS
options = {option.name: option.default for option in DATASETS["simulated"].info.options}
began = time.process_time()
recovery.measure({**options, "subjects": 1})
print("curves", time.process_time() - began)
"""

# Process time: what the server spends, all its threads together, without its imports of the test.
PAGES = """
import time
from core import jobs
from tests.pages.app import open_address
for page in ("overview", "rdm", "responses", "clusters"):
    began = time.process_time()
    app = open_address(page, {})
    if page == "overview":
        print("first", time.process_time() - began)
    app.run()
    while any(job.status in ("queued", "running") for job in jobs.all_jobs()):
        time.sleep(0.2)
    app.run()
    spent = []
    for _ in range(3):
        began = time.process_time()
        app.run()
        spent.append(time.process_time() - began)
    print(page, min(spent))
"""

# Lists and loads of what is kept: every record and state is checked when it is read.
KEPT = """
import time
from dataclasses import replace
from core import decoders, jobs, store
from core.decoders import runs
from core.decoders.scoring import score_table
from core.jobs import queue
queue._start = lambda *of_job: False
decoder = decoders.load(decoders.examples()[-1].key)
table = score_table.load_table(decoder.key)
keys = [store.key("decoder", f"{number:032d}", {}) for number in range(200)]
for key in keys:
    runs.write(replace(decoder, key=key), "kept", "")
    score_table.save_table(table, key, "images")
for number in range(200):
    jobs.submit("rdm", {"dataset": "simulated", "rois": [str(number)]})
steps = {
    "list_decoders": decoders.entries,
    "list_results": store.entries,
    "load_scores": lambda: [score_table.load_table(key) for key in keys],
    "load_decoders": lambda: [decoders.load(key) for key in keys[:50]],
    "list_jobs": lambda: [(job.status, job.created) for job in jobs.all_jobs()],
}
for name, step in steps.items():
    spent = []
    for _ in range(7):
        began = time.process_time()
        step()
        spent.append(time.process_time() - began)
    print(name, min(spent))
"""
