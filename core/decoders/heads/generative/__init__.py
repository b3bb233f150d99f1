"""Generative heads: variational autoencoders of responses, images and texts (study C's rivals)."""

from core.registry import discover

discover(__name__, __path__, first=("cada_vae", "mvae", "mmvae", "mopoe_vae", "bravl"))
