"""Training of the small CLIP by contrast of images and captions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from transformers import CLIPModel, PreTrainedTokenizerFast

from core.clip_small.augment import augmented
from core.clip_small.captions import CLAIMS, Caption, article, caption, facts_claimed
from core.clip_small.corpus import Corpus
from core.clip_small.model import CONTEXT, make_model, make_tokenizer
from core.progress import Progress
from core.simulation.scenes import object_categories

CAPTIONS_EACH = 6
PROMPTS = ("a {}", "a picture of a {}", "a drawing of a {}", "this is a {}", "there is a {}", "{}")
SHARPEST = math.log(100)
LONGEST_GRADIENT = 1.0


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of one training.

    Hidden matrices are trained with Muon (Jordan et al. 2024), everything else with AdamW.
    """

    scenes: int = 48_000
    steps: int = 4_000
    batch: int = 256
    muon_rate: float = 2e-3
    adam_rate: float = 1e-3
    weight_decay: float = 0.1
    warm_up: int = 100
    seed: int = 0


def train(
    corpus: Corpus,
    settings: TrainingSettings,
    progress: Progress | None = None,
) -> tuple[CLIPModel, PreTrainedTokenizerFast]:
    """Train by contrast: a caption fits every image of the batch of which it is true.

    Source: Radford et al. (2021), ICML; many fitting captions for one image after Yang
    et al. (2022), CVPR. Each image is also told from all kinds by their names.

    Parameters
    ----------
    corpus : Corpus
    settings : TrainingSettings
    progress : callable, optional
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    texts = _Texts(corpus, settings.seed)
    model = make_model(len(texts.tokenizer), settings.seed).train()
    model.to(device)
    images, facts = torch.from_numpy(corpus.images), texts.facts
    optimisers = _optimisers(model, settings)
    generator = torch.Generator().manual_seed(settings.seed)
    for step, rows in enumerate(_batches(len(images), settings, generator)):
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * _share_of_peak(step, settings)
        tokens, claims = texts.drawn(rows, generator)
        prompts = texts.prompts[int(torch.randint(len(PROMPTS), (), generator=generator))]
        pixels = augmented(images[rows], generator)
        loss = _loss(
            model,
            pixels.to(device),
            _without_padding(torch.cat([tokens, prompts])).to(device),
            _fits(claims, facts[rows]).to(device),
            texts.kinds[rows].to(device),
        )
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), LONGEST_GRADIENT)
        for optimiser in optimisers:
            optimiser.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, SHARPEST)
        if progress is not None and step % 10 == 0:
            progress(step / settings.steps, f"step {step:,}, loss {loss.item():.3f}")
    return model.eval(), texts.tokenizer


class _Texts:
    """Captions and kind names as tokens, and what they claim as numbers."""

    def __init__(self, corpus: Corpus, seed: int) -> None:
        captions = _captions(corpus.facts, seed)
        texts = [caption.text for several in captions for caption in several]
        names = [kind.name for kind in object_categories().values()]
        prompts = [[article(prompt.format(name)) for name in names] for prompt in PROMPTS]
        self.tokenizer = make_tokenizer([*texts, *(text for row in prompts for text in row)])
        self._tokens = self._tokenised(texts).reshape(len(captions), CAPTIONS_EACH, CONTEXT)
        self.prompts = torch.stack([self._tokenised(row) for row in prompts])
        order = {kind: number for number, kind in enumerate(object_categories())}
        self.kinds = torch.from_numpy(corpus.facts["kind"].map(order).to_numpy(np.int64, copy=True))
        self._claims, self.facts = _codes(captions, facts_claimed(corpus.facts))

    def drawn(
        self, rows: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One caption of each image: tokens and claims."""
        which = torch.randint(CAPTIONS_EACH, (len(rows),), generator=generator)
        return self._tokens[rows, which], self._claims[rows, which]

    def _tokenised(self, texts: list[str]) -> torch.Tensor:
        tokens = self.tokenizer(texts, padding="max_length", truncation=True, max_length=CONTEXT)
        return torch.tensor(tokens["input_ids"])


def _captions(facts: pd.DataFrame, seed: int) -> list[list[Caption]]:
    rng = np.random.default_rng(seed)
    names = [str(name) for name in facts]
    rows = facts.itertuples(index=False, name=None)
    images = (dict(zip(names, row, strict=True)) for row in rows)
    return [[caption(image, rng) for _ in range(CAPTIONS_EACH)] for image in images]


def _codes(captions: list[list[Caption]], facts: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor]:
    """Claims (n, captions, 6) and facts (n, 6) as numbers, -1 where a caption is silent."""
    claims = np.full((len(captions), CAPTIONS_EACH, len(CLAIMS)), -1)
    codes = np.empty(facts.shape, dtype=np.int64)
    for column, name in enumerate(CLAIMS):
        codes[:, column], values = pd.factorize(facts[name])
        code = {value: number for number, value in enumerate(values)}
        for row, several in enumerate(captions):
            claims[row, :, column] = [code.get(text.claims[column], -1) for text in several]
    return torch.from_numpy(claims), torch.from_numpy(codes)


def _without_padding(tokens: torch.Tensor) -> torch.Tensor:
    """Tokens without the columns that are padding in every text."""
    return tokens[:, : int((tokens != 0).sum(dim=1).max())]


def _fits(claims: torch.Tensor, facts: torch.Tensor) -> torch.Tensor:
    """Which caption (columns) is true of which image (rows). (b, b) float32."""
    silent = claims[None] < 0
    return (silent | (facts[:, None] == claims[None])).all(dim=2).float()


def _loss(
    model: CLIPModel,
    pixels: torch.Tensor,
    tokens: torch.Tensor,
    fits: torch.Tensor,
    kind: torch.Tensor,
) -> torch.Tensor:
    with torch.autocast(pixels.device.type, torch.bfloat16):
        output = model(input_ids=tokens, attention_mask=(tokens != 0).long(), pixel_values=pixels)
    scores = output.logits_per_image.float()
    of_captions, of_kinds = scores.split([len(pixels), len(tokens) - len(pixels)], dim=1)
    by_image = fits / fits.sum(dim=1, keepdim=True)
    by_text = fits / fits.sum(dim=0, keepdim=True)
    first = -(by_image * of_captions.log_softmax(dim=1)).sum(dim=1).mean()
    second = -(by_text * of_captions.log_softmax(dim=0)).sum(dim=0).mean()
    return (first + second) / 2 + torch.nn.functional.cross_entropy(of_kinds, kind)


def _batches(
    count: int, settings: TrainingSettings, generator: torch.Generator
) -> Iterator[torch.Tensor]:
    rows = torch.empty(0, dtype=torch.long)
    for _ in range(settings.steps):
        while len(rows) < settings.batch:
            rows = torch.cat([rows, torch.randperm(count, generator=generator)])
        yield rows[: settings.batch]
        rows = rows[settings.batch :]


def _optimisers(model: CLIPModel, settings: TrainingSettings) -> list[torch.optim.Optimizer]:
    hidden = {
        name
        for name, weights in model.named_parameters()
        if weights.ndim == 2 and ".encoder.layers." in name
    }
    rest: list[dict[str, Any]] = [
        {"params": [], "weight_decay": settings.weight_decay},
        {"params": [], "weight_decay": 0.0},
    ]
    for name, weights in model.named_parameters():
        if name not in hidden:
            rest[weights.ndim < 2]["params"].append(weights)
    muon = torch.optim.Muon(
        [weights for name, weights in model.named_parameters() if name in hidden],
        lr=settings.muon_rate,
        weight_decay=settings.weight_decay,
        adjust_lr_fn="match_rms_adamw",
    )
    adam = torch.optim.AdamW(rest, lr=settings.adam_rate, betas=(0.9, 0.98))
    for optimiser in (muon, adam):
        for group in optimiser.param_groups:
            group["peak"] = group["lr"]
    return [muon, adam]


def _share_of_peak(step: int, settings: TrainingSettings) -> float:
    """Rising at first, then straight down to nearly nothing."""
    if step < settings.warm_up:
        return (step + 1) / settings.warm_up
    done = (step - settings.warm_up) / max(1, settings.steps - settings.warm_up)
    return max(0.01, 1 - done)
