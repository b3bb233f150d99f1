// What heatmap and scatter share: small helpers, and one plot for each mount. Each of them defines
// createPlot, update, paint and release.

const DRAG = 4;
const plots = new WeakMap();

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

const number = (value) => value.toLocaleString("en-US");

const position = (plot, event) => {
  const box = plot.canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

// In pixels, also where the browser counts lines.
const wheelOf = (event) => clamp(event.deltaY * (event.deltaMode ? 16 : 1), -240, 240);

// Whether the first pointer is a finger, which has no wheel and no keys.
const touched = () => matchMedia("(pointer: coarse)").matches;

function announce(plot, words) {
  plot.parts.announcement.textContent = words;
}

function refresh(plot) {
  plot.pending ??= requestAnimationFrame(() => paint(plot));
}

function halt(plot, ...timers) {
  plot.observer.disconnect();
  for (const timer of timers) clearTimeout(timer);
  cancelAnimationFrame(plot.pending);
  plot.pending = null;
}

function mount(component, watched) {
  const root = component.parentElement;
  let plot = plots.get(root);
  if (!plot?.canvas.isConnected) {
    if (plot) release(plot);
    plot = createPlot(root);
    plots.set(root, plot);
  }
  const run = ++plot.run;
  update(plot, component);
  plot.observer.observe(watched(plot));
  // Streamlit may clean up after an overtaken run; only the latest run owns the plot.
  return () => {
    if (plot.run === run) release(plot);
  };
}
