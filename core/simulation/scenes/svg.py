"""Drawings as pixels: colour slots filled, patterns laid, rendered by resvg."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageColor

from core.errors import NotFoundError

PATTERNS = {
    "stripes": '<rect width="14" height="14" fill="{base}"/><rect width="6" height="14" '
    'fill="{second}"/>',
    "bands": '<rect width="16" height="16" fill="{base}"/><rect width="16" height="6" '
    'fill="{second}"/>',
    "dots": '<rect width="18" height="18" fill="{base}"/><circle cx="9" cy="9" r="4.5" '
    'fill="{second}"/>',
    "checks": '<rect width="20" height="20" fill="{base}"/><rect width="10" height="10" '
    'fill="{second}"/><rect x="10" y="10" width="10" height="10" fill="{second}"/>',
}
SIZES = {"stripes": 14, "bands": 16, "dots": 18, "checks": 20}


@functools.cache
def source(path: Path) -> str:
    """Text of a drawing."""
    return path.read_text(encoding="utf-8")


@functools.cache
def slots(path: Path) -> dict[str, str]:
    """Colour slots of a drawing and the colour each is drawn in."""
    root = source(path).partition(">")[0]
    return dict(re.findall(r'data-([a-z]+)="(#[0-9a-f]{6})"', root))


@functools.cache
def proportions(path: Path) -> float:
    """Width over height of a drawing."""
    box = re.search(r'viewBox="([^"]+)"', source(path))
    width, height = (float(value) for value in box.group(1).replace(",", " ").split()[2:])  # type: ignore[union-attr]
    return width / height


def render(
    path: Path,
    width: int,
    height: int,
    fills: Mapping[str, str] | None = None,
    pattern: tuple[str, str] | None = None,
) -> Image.Image:
    """Render one drawing.

    Parameters
    ----------
    path : Path
    width, height : int
        Pixels.
    fills : mapping of str to str, optional
        Hex colour of each slot; slots left out keep the colour they are drawn in.
    pattern : (str, str), optional
        Pattern of the slot ``main``, and its second hex colour.

    Returns
    -------
    PIL.Image.Image, RGBA
    """
    try:
        import resvg_py
    except ImportError:
        raise NotFoundError(
            "Drawing scenes needs the package resvg-py",
            remedy="Install it with: pip install -r requirements-dev.txt",
        ) from None
    png = resvg_py.svg_to_bytes(
        svg_string=_filled(path, fills or {}, pattern),
        width=max(1, width),
        height=max(1, height),
        skip_system_fonts=True,
    )
    return Image.open(io.BytesIO(png)).convert("RGBA")


def mixed(colour: str, other: str, share: float) -> str:
    """Hex colour between two hex colours."""
    first, second = ImageColor.getrgb(colour), ImageColor.getrgb(other)
    return "#" + "".join(
        f"{round(a * (1 - share) + b * share):02x}" for a, b in zip(first, second, strict=True)
    )


def _filled(path: Path, fills: Mapping[str, str], pattern: tuple[str, str] | None) -> str:
    """Text of a drawing in other colours; all are exchanged at once."""
    text, drawn = source(path), slots(path)
    if pattern is not None:
        text = _patterned(text, drawn["main"], fills.get("main", drawn["main"]), *pattern)
    exchanged = {colour: fills[slot] for slot, colour in drawn.items() if slot in fills}
    return re.sub(r"#[0-9a-f]{6}\b", lambda match: exchanged.get(match[0], match[0]), text)


def _patterned(text: str, drawn: str, base: str, name: str, second: str) -> str:
    """Lay a pattern into the areas of the main slot; its lines keep the plain colour."""
    tile = PATTERNS[name].format(base=base, second=second)
    definition = (
        f'<defs><pattern id="laid" width="{SIZES[name]}" height="{SIZES[name]}" '
        f'patternUnits="userSpaceOnUse">{tile}</pattern></defs>'
    )
    text = text.replace(f'fill="{drawn}"', 'fill="url(#laid)"')
    return re.sub(r"(<svg[^>]*>)", lambda match: match[1] + definition, text, count=1)
