// What Python writes into the address of the page in view takes the place of its entry in the
// history, as what a widget writes does: Back then leaves the page in one press.
if (!window.neurogalleryHistory) {
  window.neurogalleryHistory = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, address) => {
    const isSamePage = new URL(address ?? location.href, location.href).pathname === location.pathname;
    if (isSamePage) history.replaceState(state, title, address);
    else push(state, title, address);
  };
}
