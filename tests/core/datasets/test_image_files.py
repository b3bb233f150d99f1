"""One rule of what an image looks like, and files that are found by what people call them."""

from __future__ import annotations

import io
import os
import unicodedata

import numpy as np
import pytest
from PIL import Image

from core import encoders
from core.datasets.checks import check
from core.datasets.image_files import ImageFolder, orientation, read_image
from core.encoders import check_upload
from core.errors import CorruptDataError, InputError
from core.galleries.folder import FolderImages
from core.galleries.listing import current, forget
from tests.core.datasets.shared import load, paint, write

ORIENTATION = 0x0112
# What a camera that was held so writes, and how its pixels lie then.
LYING = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
PIXELS = np.random.default_rng(0).integers(0, 255, (32, 48, 3), dtype=np.uint8)


def _save(path, tag, kind="PNG", **options):
    image = Image.fromarray(PIXELS)
    if tag in LYING:
        image = image.transpose(LYING[tag])
    exif = image.getexif()
    exif[ORIENTATION] = tag
    image.save(path, kind, exif=exif, **options)


@pytest.mark.parametrize("tag", [1, *LYING])
@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})]
)
def test_every_door_turns_an_image_as_its_camera_says(tmp_path, tag, kind, options):
    root = write(tmp_path / "recordings" / "r", files=["a.png", "b.png", "c.png", ""])
    path = root / "images" / "a.png"
    _save(path, tag, kind, **options)
    ds = load(root)
    np.testing.assert_array_equal(np.asarray(ds.image("a")), PIXELS)
    np.testing.assert_array_equal(np.asarray(read_image(path, "a")), PIXELS)
    np.testing.assert_array_equal(np.asarray(check_upload(path.read_bytes())), PIXELS)
    gallery = tmp_path / "recordings" / "galleries" / "g" / "cat"
    gallery.mkdir(parents=True)
    path.rename(gallery / "a.png")
    np.testing.assert_array_equal(np.asarray(FolderImages("g").image("cat/a.png")), PIXELS)
    assert orientation(gallery / "a.png") == (1 if kind == "TIFF" else tag)
    # A second look turns nothing again.
    turned = Image.open(gallery / "a.png")
    again = check_upload(_png(read_image(gallery / "a.png", "a")))
    assert turned.format == kind
    assert again.size == (48, 32)


def _png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_jpeg_and_exif_behind_the_pixels(tmp_path):
    _save(tmp_path / "a.jpg", 6, "JPEG", quality=95)
    shown = np.asarray(read_image(tmp_path / "a.jpg", "a")).astype(int)
    assert shown.shape == PIXELS.shape
    assert orientation(tmp_path / "a.jpg") == 6
    _save(tmp_path / "a.png", 8)
    content = (tmp_path / "a.png").read_bytes()
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4], "big")
    behind = content[:start] + content[end:-12] + content[start:end] + content[-12:]
    (tmp_path / "b.png").write_bytes(behind)
    np.testing.assert_array_equal(np.asarray(read_image(tmp_path / "b.png", "b")), PIXELS)
    assert orientation(tmp_path / "b.png") == 8


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_broken_note_takes_nothing_from_the_image(tmp_path):
    for junk in (b"junk", b"II*\0\xff\xff\xff\x7f", b"MM\0*\0\0\0\x08\0\x05"):
        Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=b"Exif\0\0" + junk)
        assert read_image(tmp_path / "a.jpg", "a").size == (48, 32)
        assert orientation(tmp_path / "a.jpg") == 1


def test_only_turned_images_change_the_fingerprints(tmp_path):
    root = write(tmp_path / "r", files=["a.png", "b.png", "c.png", "d.png"])
    for number, name in enumerate("abcd"):
        paint(root / "images" / f"{name}.png", number)
    os.utime(root / "images" / "a.png", ns=(1, 1))
    before = load(root).images_fingerprint
    plain = [orientation(root / "images" / f"{name}.png") for name in "abcd"]
    assert plain == [1, 1, 1, 1]
    # The same size and time, another orientation.
    _save(root / "images" / "a.png", 6)
    size = (root / "images" / "a.png").stat().st_size
    os.utime(root / "images" / "a.png", ns=(1, 1))
    six = load(root).images_fingerprint
    _save(root / "images" / "a.png", 8)
    assert (root / "images" / "a.png").stat().st_size == pytest.approx(size, abs=400)
    os.utime(root / "images" / "a.png", ns=(1, 1))
    assert len({before, six, load(root).images_fingerprint}) == 3


MODES = {
    "L": lambda: Image.new("L", (3, 2), 90),
    "LA": lambda: Image.new("LA", (3, 2), (0, 0)),
    "P with transparency": lambda: Image.new("P", (3, 2), 0),
    "RGBA": lambda: Image.new("RGBA", (3, 2), (255, 0, 0, 0)),
    "I;16": lambda: Image.fromarray(np.full((2, 3), 257 * 90, np.uint16)),
    "CMYK": lambda: Image.new("CMYK", (3, 2), (0, 255, 255, 0)),
    "1": lambda: Image.new("1", (3, 2), 1),
}
SHOWN = {"L": 90, "I;16": 90, "CMYK": (255, 0, 0)}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_shown_by_one_rule(tmp_path, mode):
    kind = "TIFF" if mode == "CMYK" else "PNG"
    options = {"transparency": 0} if mode.startswith("P") else {}
    MODES[mode]().save(tmp_path / "a", kind, **options)
    image = read_image(tmp_path / "a", "a")
    shown = SHOWN.get(mode, 255)
    assert image.mode == "RGB"
    assert image.getpixel((0, 0)) == (shown if isinstance(shown, tuple) else (shown,) * 3)
    assert image.tobytes() == check_upload((tmp_path / "a").read_bytes()).tobytes()


def test_transparency_of_16_bits_first_frame_and_floats(tmp_path):
    values = np.full((2, 3), 257 * 50, np.uint16)
    values[0, 0] = 257 * 10
    Image.fromarray(values).save(tmp_path / "a.png", transparency=257 * 10)
    image = read_image(tmp_path / "a.png", "a")
    assert (image.getpixel((0, 0)), image.getpixel((1, 1))) == ((255,) * 3, (50,) * 3)
    red, lime = (Image.new("RGB", (3, 2), name) for name in ("red", "lime"))
    red.save(tmp_path / "a.gif", save_all=True, append_images=[lime])
    assert read_image(tmp_path / "a.gif", "a").getpixel((0, 0)) == (255, 0, 0)
    _save(tmp_path / "a.mpo", 6, "MPO", save_all=True, append_images=[lime])
    assert read_image(tmp_path / "a.mpo", "a").size == (48, 32)
    Image.new("F", (3, 2)).save(tmp_path / "f.tif")
    with pytest.raises((InputError, CorruptDataError), match="floats"):
        read_image(tmp_path / "f.tif", "f")


# --- finding


NFC, NFD = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        (f"{NFD}.png", f"{NFC}.png"),
        (f"{NFC}.png", f"{NFD}.png"),
        ("a.PNG", "a.png"),
        ("a.png", "a.PNG"),
        ("a.png", "images/a.png"),
        ("a.png", "./a.png"),
        ("a.png", ".\\a.png"),
        ("sub/a.png", "sub\\a.png"),
        ("sub/a.png", "images\\sub\\a.png"),
        (f"{NFD}/{NFD}.JPG", f"images\\{NFC}\\{NFC}.jpg"),
        ("images/a.png", "images/a.png"),
        ("a\\b.png", "a\\b.png"),
        ("sub/a.png", "sub/../sub/a.png"),
    ],
)
def test_a_file_is_found_by_what_the_table_calls_it(tmp_path, stored, written):
    root = write(tmp_path / "r", files=[written, "", "", ""])
    pixels = paint(root / "images" / stored)
    ds = load(root)
    assert ds.missing_images() == ["b", "c", "d"]
    np.testing.assert_array_equal(np.asarray(ds.image("a")), pixels)


@pytest.mark.parametrize(
    "written",
    ["../b.png", "..\\b.png", "/etc/passwd", "\\etc\\passwd", "images/../../b.png", "link/b.png"],
)
def test_nothing_outside_is_found(tmp_path, written):
    root = write(tmp_path / "r", files=[written, "", "", ""])
    paint(tmp_path / "b.png")
    paint(root / "b.png")
    (root / "images" / "link").symlink_to(tmp_path)
    with pytest.raises(InputError, match=r"stimuli\.csv has the file .* for 'a'.*outside"):
        load(root)


def test_links_inside_are_followed(tmp_path):
    root = write(tmp_path / "r", files=["b.png", "", "", ""])
    pixels = paint(root / "images" / "a.png")
    (root / "images" / "b.png").symlink_to("a.png")
    np.testing.assert_array_equal(np.asarray(load(root).image("a")), pixels)


def test_names_that_read_as_one_are_an_ambiguity(tmp_path):
    root = write(tmp_path / "r", files=["a.Png", "", "", ""])
    paint(root / "images" / "a.PNG")
    paint(root / "images" / "a.png")
    with pytest.raises(InputError, match=r"stimuli\.csv.*'a\.PNG' and 'a\.png'.*one name"):
        load(root)
    # A name that is written exactly so is no question.
    assert load(write(tmp_path / "r", files=["a.png", "", "", ""])).missing_images() == [*"bcd"]


def test_a_missing_image_is_named_with_the_place_that_was_searched(tmp_path):
    ds = load(write(tmp_path / "r", files=["sub\\a%20b.png", "", "", ""]))
    (images,) = [each for each in check(ds) if "images" in each.title]
    assert images.state == "problem"
    assert str(tmp_path / "r" / "images" / "sub" / "a%20b.png") in images.detail


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert ImageFolder(tmp_path / "none").find("a.png") == tmp_path / "none" / "a.png"


# --- exchanged


def test_images_that_changed_places_are_encoded_anew(tmp_path):
    root = write(tmp_path / "r", files=["a.png", "b.png", "c.png", "d.png"])
    for name, colour in zip("abcd", ("red", "lime", "blue", "white"), strict=True):
        path = root / "images" / f"{name}.png"
        Image.new("RGB", (32, 32), colour).save(path, "BMP")
        os.utime(path, ns=(10**18, 10**18))
    before = encoders.encode_images(load(root), "pixels").copy()
    # Not one of the first, whose content is read anyway.
    images = root / "images"
    (images / "b.png").rename(images / "t")
    (images / "d.png").rename(images / "b.png")
    (images / "t").rename(images / "d.png")
    after = encoders.encode_images(load(root), "pixels")
    np.testing.assert_array_equal(after, before[[0, 3, 2, 1]])


def test_a_turned_image_changes_the_listing_of_a_gallery(tmp_path):
    folder = tmp_path / "recordings" / "galleries" / "g" / "cat"
    paint(folder / "a.png")
    _save(folder / "b.png", 6)
    os.utime(folder / "b.png", ns=(1, 1))
    listing = current(folder.parent)
    turned = listing.fingerprint
    content = (folder / "b.png").read_bytes()
    place = content.index(b"eXIf")
    (folder / "b.png").write_bytes(content[:place] + b"eXIx" + content[place + 4 :])
    os.utime(folder / "b.png", ns=(1, 1))
    forget()
    assert current(folder.parent).fingerprint != turned
