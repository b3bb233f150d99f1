// What Streamlit leaves undone round a page, on every page; once for each load of the browser.

// Where Streamlit lays the sidebar over the page.
const NARROW = matchMedia("(max-width: 768px)");
const CLOSED_BY_ITSELF = 80;

const one = (selector) => document.querySelector(selector);
const every = (selector, root = document) => [...root.querySelectorAll(selector)];

// On what calls itself a phone Streamlit closes the sidebar when a page is chosen, in a narrow
// window it does not.
function closeSidebar(event) {
  const link = event.target.closest?.('[data-testid="stSidebarNavLink"]');
  if (!link || !NARROW.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
  setTimeout(() => {
    const open = '[data-testid="stSidebar"][data-collapsed="false"]';
    one(`${open} [data-testid="stSidebarCollapseButton"] button`)?.click();
  }, CLOSED_BY_ITSELF);
}

// The pages are one list whose items stand in groups, which no list may hold: each is a list.
function mendNavigation() {
  const list = one('[data-testid="stSidebarNavItems"]');
  if (!list || !every(":scope > div", list).length) return;
  set(list, "role", "presentation");
  for (const group of list.children) {
    if (group.tagName !== "DIV") continue;
    set(group, "role", "list");
    const head = group.querySelector('[data-testid="stNavSectionHeader"] p');
    set(group, "aria-label", head?.textContent ?? "Pages");
  }
}

function set(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

// A long text in a popover scrolls, by the keyboard too.
function mendPopovers() {
  for (const body of every('[data-testid="stPopoverBody"]')) set(body, "tabindex", "0");
}

// Popovers lie outside of the app, which alone knows whether it is light or dark.
function tellScheme() {
  const app = one(".stApp");
  if (app) document.documentElement.style.colorScheme = getComputedStyle(app).colorScheme;
}

// What a page is about, by its name: the first of each that a component marks. Streamlit has a
// link to the content itself.
function targets() {
  const named = new Map();
  for (const host of every('[data-testid="stBidiComponentIsolated"]')) {
    for (const node of every("[data-skip]", host.shadowRoot ?? host)) {
      if (!named.has(node.dataset.skip)) named.set(node.dataset.skip, node);
    }
  }
  return named;
}

function offerSkips(nav) {
  const names = [...targets().keys()];
  if (nav.dataset.names === String(names)) return;
  nav.dataset.names = String(names);
  nav.hidden = !names.length;
  nav.replaceChildren(...names.map((name) => skipTo(name)));
}

function skipTo(name) {
  const button = document.createElement("button");
  button.textContent = `Skip to ${name}`;
  button.onclick = () => {
    const target = targets().get(name);
    target?.scrollIntoView({ block: "nearest" });
    target?.focus({ focusVisible: true });
  };
  return button;
}

function begin() {
  const nav = document.createElement("nav");
  nav.className = "skip-links";
  nav.setAttribute("aria-label", "Skip links");
  document.body.prepend(nav);
  let pending = false;
  const mend = () => {
    pending = false;
    mendNavigation();
    mendPopovers();
    tellScheme();
    offerSkips(nav);
  };
  const soon = () => {
    if (!pending) requestAnimationFrame(mend);
    pending = true;
  };
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("click", closeSidebar);
  mend();
}

if (!one(".skip-links")) begin();
