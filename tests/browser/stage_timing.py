"""How long the stage takes from a click to the drawn grid; tests and benchmarks use it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page

# From the click until a frame shows every image of the new response.
WATCH = """
() => {
  const stage = [...document.querySelectorAll("*")]
    .map((node) => node.shadowRoot?.querySelector("dialog.stage")).find(Boolean);
  const before = stage.dataset.slide;
  window.drawnAfter = null;
  document.addEventListener("click", () => {
    const began = performance.now();
    const isDrawn = () =>
      stage.dataset.slide !== before &&
      [...stage.querySelectorAll(".tile:not([hidden])")].every((tile) => {
        const image = tile.querySelector("img");
        const isShown = !image.hidden && image.complete && image.naturalWidth > 0;
        return isShown || !tile.querySelector(".words").hidden;
      });
    const look = () => requestAnimationFrame(() => {
      if (isDrawn()) window.drawnAfter = performance.now() - began;
      else look();
    });
    look();
  }, { capture: true, once: true });
}
"""


def drawn_after(
    page: Page, button: Callable[[], Locator], count: int, pause_ms: int = 700
) -> list[float]:
    """Milliseconds from each of ``count`` clicks until all retrieved images are drawn.

    Parameters
    ----------
    page : Page
        Open on a stage whose first response is drawn.
    button : callable
        Finds what is clicked.
    count : int
    pause_ms : int
        Between clicks, as an audience would look at the images.

    Returns
    -------
    list of float
    """
    times = []
    for _ in range(count):
        page.evaluate(WATCH)
        button().click()
        page.wait_for_function("window.drawnAfter !== null")
        times.append(float(page.evaluate("window.drawnAfter")))
        page.wait_for_timeout(pause_ms)
    return times
