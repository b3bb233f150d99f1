// Thumbnails outlive a mount: all stages of this tab share them until it is reloaded.

const KEPT = 3000;
const shelf = (window.neurogalleryShelf ??= {
  thumbnails: new Map(),
  stages: new Map(),
  links: new Map(),
});

const labelOf = (scope, id) => `${scope}\n${id}`;

// What is there of an image: its data URI, '' where it cannot be shown; undefined where unknown.
function thumbnail(scope, id) {
  const label = labelOf(scope, id);
  const kept = shelf.thumbnails.get(label);
  if (!kept) return undefined;
  shelf.thumbnails.delete(label);
  shelf.thumbnails.set(label, kept);
  return kept.uri;
}

const isKept = (scope, id) => shelf.thumbnails.has(labelOf(scope, id));

// The element keeps the decoded image in memory, so that a tile with this source is drawn at once.
function keep(scope, images) {
  for (const [id, uri] of Object.entries(images)) {
    const image = uri ? new Image() : null;
    if (image) image.src = uri;
    image?.decode().catch(() => {});
    shelf.thumbnails.set(labelOf(scope, id), { uri, image });
  }
  const labels = shelf.thumbnails.keys();
  while (shelf.thumbnails.size > KEPT) shelf.thumbnails.delete(labels.next().value);
}
