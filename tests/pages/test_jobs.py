"""The page Jobs: what every job does, in words, whoever submitted it and whenever."""

from core import jobs
from core.operations import OPERATIONS, Operation
from tests.pages.app import open_page, texts
from tests.pages.shared.frame.counting import end


def test_requests_are_told_in_words():
    recording = {"dataset": "simulated", "subject": "S1", "options": {"stimuli": 80, "snr": 0.4}}
    matrix = {"rois": ["V1", "V2"], "metric": "cosine", "noise": "none", "order": "original"}
    jobs.submit("rdm", {**recording, "stimuli": [], "fingerprint": "abc", **matrix})
    space = {"source": "responses", "method": "tsne", "parameters": {"perplexity": 10}, "seed": 0}
    jobs.submit("map", {**recording, **space, "fingerprint": "abc", "roi": "V1"})
    shown = texts(open_page("jobs"))
    assert "**RDM** — dataset simulated, subject S1, rois V1 + V2, metric cosine, " in shown
    assert "metric cosine, stimuli 80" in shown
    assert "**Map** — dataset simulated, subject S1, source responses, method tsne, " in shown
    assert "roi V1, perplexity 10, stimuli 80" in shown
    assert "abc" not in shown


def test_jobs_of_plugins_old_new_and_gone(monkeypatch):
    monkeypatch.setattr(OPERATIONS, "_entries", dict(OPERATIONS._entries))
    OPERATIONS.register("old", "plugin:old")
    OPERATIONS.register("new", Operation("plugin:new", "Baking", fields=("cake",)))
    for operation in ("old", "new", "gone"):
        jobs.submit(operation, {"cake": "lemon_1", "oven": 3})
    end(jobs.all_jobs()[0], "failed")
    app = open_page("jobs")
    assert not app.exception
    assert "**old** — cake lemon\\_1, oven 3" in texts(app)
    assert "**gone** — cake lemon\\_1, oven 3" in texts(app)
    assert "**Baking** — cake lemon\\_1" in texts(app)
    assert texts(app).count("oven") == 2
