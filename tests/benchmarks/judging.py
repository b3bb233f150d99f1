"""What judging a decoder costs: 'Can this score be trusted?', and one decoder under four splits."""

from __future__ import annotations

from tests.benchmarks.beside import seconds

# Counts the decompositions of ridge and what its fits take; each script begins with it.
COUNTED = """
import time
from pathlib import Path
from core import decoders, encoders, ridge
from core.decoders import Config
from core.progress import silent
spent, decomposed, encoded = [], [], []
fit, decompose, compute = ridge.fit, ridge._decompose, encoders.encode._compute
def timed(*given):
    began = time.process_time()
    fitted = fit(*given)
    spent.append(time.process_time() - began)
    return fitted
ridge.fit = timed
ridge._decompose = lambda x, y: decomposed.append(len(x)) or decompose(x, y)
encoders.encode._compute = lambda *given: encoded.append(given[1]) or compute(*given)
folder = Path()  # which neither writes into
"""
TRUST = f"""{COUNTED}
from core.trust.job import TrustRequest, run
decoder = decoders.train(Config("simulated", head="ridge"))
spent.clear()
began = time.process_time()
run(TrustRequest.of(decoder), silent, folder)
print("panel", time.process_time() - began)
print("fits", sum(spent))
print("decoders", len(spent))
"""
# Of an encoder whose embeddings do not come along.
SPLITS = f"""{COUNTED}
from core.generalisation import KINDS, GeneralisationRequest
from core.generalisation.job import run
config = Config("simulated", head="ridge", encoder="pixels", encoder_parameters={{"side": 16}})
began = time.process_time()
run(GeneralisationRequest(config), silent, folder)
print("view", time.process_time() - began)
print("decompositions", len(decomposed) / len(KINDS))
print("encoded", len(encoded))
"""


def trust_panel() -> dict[str, float]:
    """CPU seconds of the ``panel`` of a ridge decoder of the simulated experiment and of the bare
    ``fits`` of its ``decoders``, with one thread."""
    return seconds(TRUST)


def four_splits() -> dict[str, float]:
    """CPU seconds of the ``view``, ``decompositions`` a split, and how often images were
    ``encoded``."""
    return seconds(SPLITS)
