// Each entry has two buttons: its name shows it alone, its box selects what it stands for. Texts
// come from people's files: textContent only.

function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  if (tag === "button") node.type = "button";
  return node;
}

const number = (count) => count.toLocaleString("en-US");

function tell(component, event, index, more) {
  const serial = `${Date.now()}/${index}`;
  component.setTriggerValue("chosen", { event, index, more, serial });
}

function nameOf(component, entry, index, isShown) {
  const button = element("button", "show");
  const swatch = element("span", "swatch");
  swatch.style.background = entry.colour;
  button.append(swatch, element("span", "name", entry.name));
  button.setAttribute("aria-pressed", String(isShown));
  button.setAttribute("aria-label", `${entry.name}: ${isShown ? "show all again" : "show alone"}`);
  button.title = isShown ? "Shows all again" : "Shows these alone; with Shift beside others";
  button.onclick = (event) => tell(component, "show", index, event.shiftKey || event.ctrlKey);
  return button;
}

function boxOf(component, { name, count, selected }, index) {
  const button = element("button", "select");
  const all = selected === count;
  const words = all ? "Take these out of the selection" : "Add these to the selection";
  button.append(element("span", "count", `${number(selected)} / ${number(count)}`));
  button.append(element("span", "box"));
  button.setAttribute("role", "checkbox");
  button.setAttribute("aria-checked", all ? "true" : selected ? "mixed" : "false");
  button.setAttribute("aria-label", `${name}: ${number(selected)} of ${number(count)} selected`);
  button.title = words;
  button.onclick = () => tell(component, "select", index, false);
  return button;
}

// Focus stays on what was pressed, although its button is made anew.
function focused(list) {
  const active = list.getRootNode().activeElement;
  const item = active?.closest?.("li");
  return item ? [[...list.children].indexOf(item), active.className] : null;
}

export default function legend(component) {
  const list = component.parentElement.querySelector(".legend");
  const { entries, shown, selectable } = component.data;
  const content = JSON.stringify(component.data);
  if (list.dataset.content === content) return;
  list.dataset.content = content;
  const focus = focused(list);
  list.replaceChildren(
    ...entries.map((entry, index) => {
      const item = element("li", "");
      const isShown = shown.includes(index);
      item.toggleAttribute("data-shown", isShown);
      item.toggleAttribute("data-hidden", shown.length > 0 && !isShown);
      item.append(nameOf(component, entry, index, isShown));
      if (selectable) item.append(boxOf(component, entry, index));
      else item.append(element("span", "count", number(entry.count)));
      return item;
    }),
  );
  if (focus) list.children[focus[0]]?.querySelector(`.${focus[1]}`)?.focus();
}
