// Between Python and a stage: where to stand, and the thumbnails that the stage has asked for.

export default function link(component) {
  const { data } = component;
  const own = { component, data };
  shelf.links.set(data.key, own);
  keep(data.scope, data.thumbnails);
  shelf.stages.get(data.key)?.follow(own);
  return () => {
    if (shelf.links.get(data.key) === own) shelf.links.delete(data.key);
  };
}
