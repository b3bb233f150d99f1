// Rows of small images. Those that this tab has already are not asked for again.

const LOST_MS = 1500;
const asking = new WeakMap();

function frameOf(image, scope, size) {
  const figure = document.createElement("figure");
  figure.style.width = `${size}px`;
  figure.title = image.caption || image.alt;
  const uri = thumbnail(scope, image.id);
  if (uri) {
    const picture = document.createElement("img");
    Object.assign(picture, { src: uri, alt: image.alt, draggable: false });
    figure.append(picture);
  } else {
    const words = document.createElement("span");
    words.className = "words";
    // Not there yet: an empty frame; there is no such image: its words.
    words.textContent = uri === "" ? image.alt : "";
    figure.append(words);
  }
  if (image.caption) {
    const caption = document.createElement("figcaption");
    caption.textContent = image.caption;
    figure.append(caption);
  }
  return figure;
}

function rowOf(row, scope, size) {
  const line = document.createElement("div");
  line.className = "row";
  if (row.label) {
    const label = document.createElement("p");
    label.textContent = row.label;
    line.append(label);
  }
  const frames = document.createElement("div");
  frames.className = "frames";
  frames.append(...row.images.map((image) => frameOf(image, scope, size)));
  line.append(frames);
  return line;
}

// A request that a run of the page has overtaken is made again.
function ask(component, root) {
  clearTimeout(asking.get(root));
  const { rows, scope } = component.data;
  const ids = new Set(rows.flatMap((row) => row.images.map((image) => image.id)));
  const missing = [...ids].filter((id) => !isKept(scope, id));
  if (!missing.length || !root.isConnected) return;
  component.setTriggerValue("needed", { ids: missing, scope, at: Date.now() });
  asking.set(root, setTimeout(() => ask(component, root), LOST_MS));
}

export default function film(component) {
  const { rows, scope, size, thumbnails } = component.data;
  const root = component.parentElement.querySelector(".film");
  keep(scope, thumbnails);
  root.replaceChildren(...rows.map((row) => rowOf(row, scope, size)));
  ask(component, root);
  return () => clearTimeout(asking.get(root));
}
