"""A plan becomes pixels: place, shadows, things from far to near, light."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from core.simulation.scenes import svg
from core.simulation.scenes.plan import Placed, Plan

OVERSAMPLING = 2
DARKEST_GRAIN = 251
# Multipliers of (background, things) in red, green and blue.
TINTS = {
    ("day", False): ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    ("day", True): ((1.0, 1.0, 0.98), (1.0, 1.0, 1.0)),
    ("dusk", False): ((1.0, 0.83, 0.74), (1.0, 0.9, 0.82)),
    ("dusk", True): ((0.98, 0.86, 0.72), (1.0, 0.93, 0.84)),
    ("night", False): ((0.46, 0.52, 0.76), (0.8, 0.83, 0.97)),
    ("night", True): ((0.76, 0.68, 0.6), (0.96, 0.9, 0.82)),
}
STANDING = ("ground", "floor", "surface")


class Painted(NamedTuple):
    """An image, and how much of it each thing fills.

    ``shares`` (things,) counts what one sees of each, ``alone`` (things,) what one would
    see if nothing hid it; both as shares of the image.
    """

    image: Image.Image
    shares: np.ndarray
    alone: np.ndarray


def paint(plan: Plan, side: int, rng: np.random.Generator) -> Painted:
    """Paint a plan as an RGB image of (side, side) pixels."""
    large = side * OVERSAMPLING
    indoor = plan.place.semantics.get("indoor", 0.0) > 0.5
    behind, before = TINTS[plan.light, indoor]
    canvas = _tinted(_background(plan, large, rng), behind).convert("RGBA")
    owner = np.full((large // 4, large // 4), -1)
    alone = np.zeros(len(plan.things))
    for index in sorted(range(len(plan.things)), key=lambda index: plan.things[index].depth):
        thing = plan.things[index]
        layer, corner = _layer(thing, large)
        _shade(canvas, plan, thing, layer, corner)
        over = Image.new("RGBA", canvas.size)
        over.paste(_tinted(layer, before), corner)
        canvas.alpha_composite(over)
        covered = np.asarray(over.getchannel("A").reduce(4)) > 127
        owner[covered] = index
        alone[index] = covered.mean()
    lit = ImageChops.multiply(canvas.convert("RGB"), _gradient(rng, large))
    shares = np.array([(owner == index).mean() for index in range(len(plan.things))])
    return Painted(lit.resize((side, side), Image.Resampling.LANCZOS), shares, alone)


def _background(plan: Plan, side: int, rng: np.random.Generator) -> Image.Image:
    image = svg.render(plan.place.drawings[plan.version], side, side, plan.fills).convert("RGB")
    if plan.mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    grain = rng.integers(DARKEST_GRAIN, 256, size=(44, 44), dtype=np.uint8)
    texture = Image.fromarray(grain).resize((side, side), Image.Resampling.BICUBIC)
    return ImageChops.multiply(image, texture.convert("RGB"))


def _layer(thing: Placed, side: int) -> tuple[Image.Image, tuple[int, int]]:
    """Pixels of a thing, turned, and where its upper left corner lies."""
    width, height = (max(2, round(length * side)) for length in thing.extent)
    layer = svg.render(thing.drawing, width, height, thing.fills, thing.pattern)
    if thing.mirrored:
        layer = layer.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if thing.angle:
        layer = layer.rotate(thing.angle, Image.Resampling.BICUBIC, expand=True)
    layer = layer.crop(layer.getbbox())
    centre = (thing.base - thing.extent[1] / 2) * side
    stands = thing.depth == thing.base
    top = thing.base * side - layer.height if stands else centre - layer.height / 2
    return layer, (round(thing.x * side - layer.width / 2), round(top))


def _shade(
    canvas: Image.Image, plan: Plan, thing: Placed, layer: Image.Image, corner: tuple[int, int]
) -> None:
    """Lay the shadow of a thing that stands or lies on something."""
    if not _casts_shadow(thing, plan):
        return
    side, support = canvas.width, plan.place.support
    shadow = Image.new("L", canvas.size, 0)
    if support in (*STANDING, "backdrop") and thing.depth == thing.base:
        width = layer.width * 0.46
        x, y = corner[0] + layer.width / 2, corner[1] + layer.height - 0.006 * side
        draw = ImageDraw.Draw(shadow)
        draw.ellipse([x - width, y - 0.11 * width, x + width, y + 0.11 * width], fill=95)
        blur = 0.008 * side
    else:
        offset = round(0.012 * side)
        shadow.paste(90, (corner[0] + offset, corner[1] + offset), layer.getchannel("A"))
        blur = 0.012 * side
    dark = Image.new("RGBA", canvas.size, (16, 14, 30, 255))
    dark.putalpha(shadow.filter(ImageFilter.GaussianBlur(blur)))
    canvas.alpha_composite(dark)


def _casts_shadow(thing: Placed, plan: Plan) -> bool:
    afloat = thing.category.anchor in ("air", "horizon", "portrait")
    bare = plan.place.support == "backdrop" and plan.place.id != "studio"
    return not (afloat or bare or plan.place.support in ("water", "air"))


def _tinted(image: Image.Image, tint: tuple[float, float, float]) -> Image.Image:
    """Multiply red, green and blue; an alpha band stays as it is."""
    factors = (*tint, 1.0)[: len(image.getbands())]
    table = [round(level * factor) for factor in factors for level in range(256)]
    return image.point(table)


def _gradient(rng: np.random.Generator, side: int) -> Image.Image:
    """Light that falls in from one side. RGB."""
    corners = rng.integers(205, 256, size=(2, 2), dtype=np.uint8)
    return Image.fromarray(corners).resize((side, side), Image.Resampling.BILINEAR).convert("RGB")
