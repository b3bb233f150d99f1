// A visit to a page is one entry in the history, so that Back leaves the page in one press. What
// Python writes into the address of the page in view takes the place of its entry, as what a
// widget writes does. What it writes just before another page comes is meant for that one: the
// entry that is left keeps the address that it had. And a run that Back has overtaken no longer
// brings its page into the history.
if (!window.neurogalleryHistory) {
  window.neurogalleryHistory = true;
  const JUST_BEFORE = 1000;
  const push = history.pushState.bind(history);
  const written = { time: -Infinity, before: null };
  let isBack = false;
  window.addEventListener("popstate", () => { isBack = true; }, true);
  for (const action of ["click", "keydown"]) {
    window.addEventListener(action, () => { isBack = false; }, true);
  }
  history.pushState = (state, title, address) => {
    const isRecent = performance.now() - written.time < JUST_BEFORE;
    const { pathname } = new URL(address ?? location.href, location.href);
    if (pathname === location.pathname) {
      if (!isRecent) written.before = location.href;
      written.time = performance.now();
      history.replaceState(state, title, address);
      return;
    }
    if (isBack) return;
    if (isRecent) history.replaceState(state, title, written.before);
    written.time = -Infinity;
    push(state, title, address);
  };
}
