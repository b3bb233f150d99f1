"""The small CLIP before it is trained: tokenizer, architecture, preparation of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, PreTrainedTokenizerFast

PIXELS, PATCH = 60, 10
WIDTH, LAYERS = 192, 6
TEXT_WIDTH, TEXT_LAYERS = 128, 3
HEAD = 32
DIMENSIONS = 128
CONTEXT = 24
VOCABULARY = 800
MEAN, DEVIATION = (0.48, 0.48, 0.48), (0.25, 0.25, 0.25)
# The end token must not have the id 2: transformers would then take the token of highest id.
PAD, UNKNOWN, START, END = SPECIAL = (
    "<|pad|>", "<|unknown|>", "<|startoftext|>", "<|endoftext|>"
)  # fmt: skip


def make_tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """Byte-pair tokenizer of the captions' words, lower case."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN, end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL),
        end_of_word_suffix="</w>",
        initial_alphabet=list("abcdefghijklmnopqrstuvwxyz0123456789"),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}",
        special_tokens=[(token, SPECIAL.index(token)) for token in (START, END)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        bos_token=START,
        eos_token=END,
        model_max_length=CONTEXT,
    )


def make_model(vocabulary: int, seed: int) -> CLIPModel:
    """A CLIP of about three million parameters; the same seed gives the same weights."""
    torch.manual_seed(seed)
    text = {
        "vocab_size": vocabulary,
        "hidden_size": TEXT_WIDTH,
        "intermediate_size": 4 * TEXT_WIDTH,
        "hidden_act": "gelu",
        "num_hidden_layers": TEXT_LAYERS,
        "num_attention_heads": TEXT_WIDTH // HEAD,
        "max_position_embeddings": CONTEXT,
        "pad_token_id": SPECIAL.index(PAD),
        "bos_token_id": SPECIAL.index(START),
        "eos_token_id": SPECIAL.index(END),
    }
    vision = {
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "hidden_act": "gelu",
        "num_hidden_layers": LAYERS,
        "num_attention_heads": WIDTH // HEAD,
        "image_size": PIXELS,
        "patch_size": PATCH,
    }
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=DIMENSIONS)
    # On a CPU, training is twice as fast as with the fused attention.
    return CLIPModel._from_config(config, attn_implementation="eager")


def image_processor() -> CLIPImageProcessor:
    """Sizing and scaling of images, as the model was trained with."""
    return CLIPImageProcessor(
        size={"shortest_edge": PIXELS},
        crop_size={"height": PIXELS, "width": PIXELS},
        image_mean=list(MEAN),
        image_std=list(DEVIATION),
        resample=3,
    )


def save(model: CLIPModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Save what ``from_pretrained`` opens, the weights as 16-bit safetensors."""
    model.half().cpu().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    image_processor().save_pretrained(folder)
