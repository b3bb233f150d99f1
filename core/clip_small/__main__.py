"""Train the small CLIP from scratch, measure it, and write ``data/clip-small``."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from core.clip_small import card
from core.clip_small.captions import words
from core.clip_small.corpus import Corpus, corpus
from core.clip_small.evaluation import measure
from core.clip_small.model import save
from core.clip_small.training import TrainingSettings, train
from core.encoders import device_label
from core.encoders.families.clip import OUTPUT, SMALL, WORDS, load_clip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m core.clip_small", description=__doc__)
    usual = TrainingSettings()
    parser.add_argument("--scenes", type=int, default=usual.scenes, help="images to train on")
    parser.add_argument("--steps", type=int, default=usual.steps)
    parser.add_argument("--seed", type=int, default=usual.seed)
    arguments = parser.parse_args()
    settings = TrainingSettings(arguments.scenes, arguments.steps, seed=arguments.seed)
    make(corpus(settings.scenes, settings.seed, _say), settings, SMALL)


def make(drawn: Corpus, settings: TrainingSettings, folder: Path) -> None:
    """Train on drawn scenes and save model and card; the folder changes at the very end."""
    began = time.monotonic()
    model, tokenizer = train(drawn, settings, _say)
    minutes = (time.monotonic() - began) / 60
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        fresh = Path(temporary) / folder.name
        save(model, tokenizer, fresh)
        (fresh / WORDS).write_text("\n".join(words()) + "\n", "utf-8")
        print("Measuring ...", flush=True)
        measured = measure(load_clip(fresh, OUTPUT.default, "cpu"))
        text = card.describe(settings, measured, model, fresh, minutes, device_label())
        (fresh / "README.md").write_text(text, "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    print(text)


def _say(fraction: float, message: str) -> None:
    print(f"{fraction:6.1%}  {message}", flush=True)


if __name__ == "__main__":
    main()
