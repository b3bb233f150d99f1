"""The model card of the small CLIP, written from what was measured."""

from __future__ import annotations

from pathlib import Path

from transformers import CLIPModel

from core.clip_small.captions import CLAIMS
from core.clip_small.corpus import HELD_OUT_EXEMPLAR, HELD_OUT_SHARE, SIDE
from core.clip_small.evaluation import FITTING, PHRASES, Measured
from core.clip_small.model import PATCH, PIXELS
from core.clip_small.training import Recipe

WEIGHTS = "model.safetensors"


def written(
    recipe: Recipe,
    measured: Measured,
    model: CLIPModel,
    folder: Path,
    minutes: float,
    device: str,
) -> str:
    """Markdown of the card."""
    weights = sum(values.numel() for values in model.parameters())
    size = (folder / WEIGHTS).stat().st_size / 1e6
    return f"""# Small CLIP

An image-text dual encoder in the CLIP architecture of `transformers` (`CLIPModel`), trained
from scratch by Neurogallery on its own drawn scenes and captions. It is made for the simulated
experiment and knows the 80 kinds of things drawn there. It does not understand photographs.

Open it with `CLIPModel.from_pretrained("data/clip-small", dtype=torch.float32)`, or as the
encoder `clip-small`.

## What it is

- {weights / 1e6:.2f} million weights, {size:.1f} MB (16-bit safetensors). Images of {PIXELS} x
  {PIXELS} pixels in patches of {PATCH}; byte-pair tokenizer of its own.
- Trained on {recipe.scenes:,} scenes of {SIDE} x {SIDE} pixels, {recipe.steps:,} batches of
  {recipe.batch} pairs, seed {recipe.seed}; {minutes:.0f} minutes on {device}. Captions name
  {", ".join(CLAIMS[:-1])} and {CLAIMS[-1]}, any of them left out at times.
- Loss: contrast of images and captions (Radford et al. 2021), a caption counting as right for
  every image of which it is true (Yang et al. 2022), and each image against the names of all
  kinds. Hidden matrices trained with Muon, the rest with AdamW.

## What it never saw

- Drawing {HELD_OUT_EXEMPLAR} of every kind, neither as main thing nor in the background. (Ten of
  these 80 drawings share more than half of their shapes with a drawing that it saw.)
- One in {HELD_OUT_SHARE} of all combinations of kind, colour and time of day: the main thing of no
  scene, and in no caption. Smaller things in the background may have them.

The kinds themselves and their names were learned: here 'zero-shot' means new drawings of known
kinds, matched to text, without a classifier.

## Measured by the training command

| | |
|---|---|
| Zero-shot top-1 of 80 kinds, {measured.images} images of unseen drawings | {measured.top1} |
| Zero-shot top-5 | {measured.top5} |
| Zero-shot top-1, in a wording that training did not have | {measured.other_words} |
| Text search, precision at {FITTING}, {PHRASES} phrases of unseen combinations | \
{measured.precision} |
| The same, images drawn at random | {measured.chance:.2%} |

Intervals resample whole kinds, and phrases. Text search looks for {FITTING} fitting images of
unseen drawings for each phrase, and those of the gallery, among {measured.searched:,}; an image
fits when its main thing, its colour and the time of day are those of the phrase.

## Train it again

`make clip-small` draws the scenes, trains, measures and writes this folder. The same seed gives
the same scenes; the weights may differ in the last bits from one machine to another.
"""
