"""The model card of the small CLIP, written from what was measured."""

from __future__ import annotations

from pathlib import Path

from transformers import CLIPModel

from core.clip_small.captions import CLAIMS
from core.clip_small.corpus import HELD_OUT_EXEMPLAR, HELD_OUT_SHARE, SIDE
from core.clip_small.evaluation import FITTING, PHRASES, Measured
from core.clip_small.model import PATCH, PIXELS
from core.clip_small.training import TrainingSettings

WEIGHTS = "model.safetensors"
CARD = """# Small CLIP

An image-text dual encoder in the CLIP architecture of `transformers` (`CLIPModel`), trained
from scratch by Neurogallery on its own drawn scenes and captions. It is made for the simulated
experiment and knows the 80 object categories drawn there. It does not understand photographs.

Open it with `CLIPModel.from_pretrained("data/clip-small", dtype=torch.float32)`, or as the
encoder `clip-small`.

## What it is

- {parameters:.2f} million parameters, {size:.1f} MB (16-bit safetensors). Images of {pixels} x
  {pixels} pixels in patches of {patch}; byte-pair tokenizer of its own.
- Trained on {settings.scenes:,} scenes of {side} x {side} pixels, {settings.steps:,} batches of
  {settings.batch} pairs, seed {settings.seed}; {minutes:.0f} minutes on {device}. Captions name
  {claims} and {last_claim}, any of them left out at times.
- Loss: contrast of images and captions (Radford et al. 2021), a caption counting as right for
  every image of which it is true (Yang et al. 2022), and each image against the names of all
  object categories. Hidden matrices trained with Muon, the rest with AdamW.

## What it never saw

- Drawing {exemplar} of every category, neither as main object nor in the background. (Ten of
  these 80 drawings share more than half of their shapes with a drawing that it saw.)
- One in {share} of all combinations of category, colour and time of day: the main object of no
  scene, and in no caption. Smaller objects in the background may have them.

The categories themselves and their names were learned: here 'zero-shot' means new drawings of
known categories, matched to text, without a classifier.

## Measured by the training command

| | |
|---|---|
| Zero-shot top-1 of 80 categories, {measured.images} images of unseen drawings | {measured.top1} |
| Zero-shot top-5 | {measured.top5} |
| Zero-shot top-1, in a wording that training did not have | {measured.other_words} |
| Text search, precision at {fitting}, {phrases} phrases of unseen combinations | \
{measured.precision} |
| The same, images drawn at random | {measured.chance:.2%} |

Intervals resample whole categories, and phrases. Text search looks for {fitting} fitting images
of unseen drawings for each phrase, and those of the gallery, among {measured.searched:,}; an
image fits when its main object, its colour and the time of day are those of the phrase.

## Train it again

`make clip-small` draws the scenes, trains, measures and writes this folder. The same seed gives
the same scenes; the weights may differ in the last bits from one machine to another.
"""


def describe(
    settings: TrainingSettings,
    measured: Measured,
    model: CLIPModel,
    folder: Path,
    minutes: float,
    device: str,
) -> str:
    """Markdown of the card."""
    return CARD.format(
        settings=settings,
        measured=measured,
        minutes=minutes,
        device=device,
        parameters=sum(values.numel() for values in model.parameters()) / 1e6,
        size=(folder / WEIGHTS).stat().st_size / 1e6,
        pixels=PIXELS,
        patch=PATCH,
        side=SIDE,
        claims=", ".join(["object category", *CLAIMS[1:-1]]),
        last_claim=CLAIMS[-1],
        exemplar=HELD_OUT_EXEMPLAR,
        share=HELD_OUT_SHARE,
        fitting=FITTING,
        phrases=PHRASES,
    )
