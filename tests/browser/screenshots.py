"""Draw every page at two widths, light and dark, into screenshots/ (make screenshots)."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from core import datasets, encoders
from tests.browser.chromium import browser
from tests.browser.server import PROJECT, server

VIEWS = {
    "start": "",
    "lessons": "lessons",
    "lesson": "rdm?rdm.pick=fish-05&rdm.pick=fish-07&lesson=tour&step=1",
    "overview": "overview",
    "responses": "responses",
    "rdm": "rdm?roi=LOC&rdm.order=category&rdm.pick=dog-02&rdm.pick=house-04",
    "rdm_side_by_side": "rdm?roi=V1&roi=FFA&roi=PPA&rdm.combine=side+by+side&rdm.order=category",
    "encoders": "encoders?encoders.encoder=clip-small&encoders.text=a+red+car+at+night"
    "&encoders.count=24",
    "encoders_side_by_side": "encoders?encoders.encoder=clip-small&encoders.encoder=pixels"
    "&encoders.query=image&encoders.image=gallery-dog-07",
    "maps": "maps?maps.space=responses:LOC&maps.space=responses:V1&maps.method=tsne"
    "&maps.point=dog-02",
    "clusters": "clusters?clusters.k=6&clusters.cluster=2",
    "train": "train?roi=LOC&roi=PPA&roi=FFA&train.head=ridge",
    "retrieval": "retrieval?retrieval.response=giraffe-02",
    "retrieval_two": "retrieval?retrieval.decoder=linear-2d3650,+infonce"
    "&retrieval.decoder=mlp-ec7280,+fuzzy",
    "retrieval_responses": "retrieval?retrieval.what=responses&retrieval.text=a+volcano",
    "retrieval_present": "retrieval?retrieval.present=true",
    "zero_shot": "zero_shot",
    "ablations": "ablations",
    "compare": "compare",
    "dissimilarity": "dissimilarity",
    "ground_truth": "ground_truth?recording.stimuli=240",
    "jobs": "jobs",
}
ENCODERS_SHOWN = ("clip-small", "pixels")
WIDTHS = (1440, 800)
README = PROJECT / "data" / "readme"
README_VIEWS = ("overview", "rdm", "maps", "encoders", "train", "retrieval", "ground_truth")
README_HEIGHT = 1500
JOBS_BEGIN_MS = 3000
TO_TRAIN = re.compile("^(model_training )?Train Ridge")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="data root; default: none but the simulated")
    parser.add_argument("--view", action="append", default=[], metavar="NAME=PATH")
    options = parser.parse_args()
    views = dict(view.split("=", 1) for view in options.view) or VIEWS
    folder = PROJECT / "screenshots"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, browser() as chromium:
        data = options.data or Path(temporary) / "recordings"
        results = Path(os.environ.get("NEUROGALLERY_RESULTS") or Path(temporary) / "results")
        os.environ["NEUROGALLERY_RESULTS"] = str(results)
        for encoder in ENCODERS_SHOWN:
            encoders.encode_images(datasets.load("simulated"), encoder, "gallery")
        with server(data, results) as address:
            for name, path in views.items():
                for width in WIDTHS:
                    for scheme in ("light", "dark"):
                        file = folder / f"{name}_{width}_{scheme}.png"
                        draw(chromium, f"{address}/{path}", width, scheme, file)
    if views is VIEWS:
        README.mkdir(exist_ok=True)
        for name in README_VIEWS:
            with Image.open(folder / f"{name}_1440_light.png") as image:
                top = image.crop((0, 0, image.width, min(image.height, README_HEIGHT)))
                top.quantize(256).save(README / f"{name}.png", optimize=True)


def draw(chromium: Browser, address: str, width: int, scheme: str, file: Path) -> None:
    viewport = {"width": width, "height": 1000}
    context = chromium.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    settle(page)
    for button in page.get_by_role("button", name=TO_TRAIN).all():
        button.click()
        page.get_by_role("button", name="Scores (CSV)").wait_for(timeout=300_000)
    page.wait_for_timeout(JOBS_BEGIN_MS)
    while page.get_by_test_id("stProgress").count():
        settle(page)
    settle(page)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(2600, max(1000, height + 20))})
    settle(page)
    page.screenshot(path=file)
    context.close()
    print(file)


def settle(page: Page) -> None:
    """Wait until the script has run and the page is quiet."""
    page.get_by_test_id("stApp").wait_for()
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'",
        timeout=60_000,
    )
    page.wait_for_timeout(1200)


if __name__ == "__main__":
    main()
