"""Fixtures of the encoder tests: images, tiny checkpoints, and no encoder left in memory."""

from pathlib import Path

import pytest

from core.datasets import Dataset
from core.encoders import encode
from tests.core.encoders.shared import save_clip, save_images, save_vit


@pytest.fixture
def ds(tmp_path: Path) -> Dataset:
    return save_images(tmp_path / "images")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return save_clip(tmp_path / "tiny")


@pytest.fixture
def vit(tmp_path: Path) -> Path:
    return save_vit(tmp_path / "vit")


@pytest.fixture(autouse=True)
def nothing_loaded() -> None:
    encode.clear_loaded()
