// Shared by every component and put in front of its own script. Text from telemetry reaches the page only
// through textContent and attribute values set here: nothing in this directory builds markup from strings.

const GAP = "\u202f";
const SVG = "http://www.w3.org/2000/svg";

function node(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  for (const child of children) if (child !== null && child !== undefined && child !== "") element.append(child);
  return element;
}

function shape(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

function formatDuration(ms) {
  if (ms === null || ms === undefined) return "open";
  if (ms < 0.95) return `${Number(ms.toPrecision(2))}${GAP}ms`;
  if (ms < 999.5) return `${Math.round(ms)}${GAP}ms`;
  if (ms < 59950) return `${(ms / 1000).toFixed(1)}${GAP}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${GAP}min ${seconds % 60}${GAP}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}${GAP}h ${minutes % 60}${GAP}min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}${GAP}d ${hours % 24}${GAP}h`;
}

// Axis labels carry no idle decimals: 5 s, 10 min.
function formatTick(ms) {
  return formatDuration(ms).replace(/\.0(?=\D|$)/, "").replace(new RegExp(` 0${GAP}(s|min|h)$`), "");
}

function formatUsd(value) {
  if (value === 0) return "$0";
  if (value < 0.0001) return `$${value.toFixed(Math.min(12, 1 - Math.floor(Math.log10(value))))}`;
  if (value < 0.1) return `$${value.toFixed(4)}`;
  if (value < 0.995) return `$${value.toFixed(3)}`;
  if (value >= 999.5) return `$${Math.round(value).toLocaleString("en-US")}`;
  return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

function formatCount(value) {
  if (value < 9999.5) return value.toLocaleString("en-US");
  if (value < 999950) return `${(value / 1e3).toFixed(1).replace(/\.0$/, "")}${GAP}k`;
  return `${(value / 1e6).toFixed(1).replace(/\.0$/, "")}${GAP}M`;
}

// A small chart of one series. Values above four times the median are clipped, so that one outlier does not
// flatten the rest; a missing value leaves a gap, never a zero.
function spark(values, { kind = "line", width = 120, height = 32, label = "" } = {}) {
  const known = values.filter((value) => value !== null);
  const sorted = known.filter((value) => value > 0).sort((a, b) => a - b);
  const median = sorted.length ? sorted[Math.floor(sorted.length / 2)] : 1;
  const top = Math.max(Math.min(Math.max(...known, 0), 4 * median), Number.MIN_VALUE);
  const low = kind === "bar" ? 0 : Math.min(...known, top);
  const floor = kind === "bar" ? 0 : Math.max(0, low - (top - low) * 0.15);
  const span = top - floor || 1;
  const y = (value) => height - 2 - ((Math.min(value, top) - floor) / span) * (height - 4);
  const svg = shape("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  if (known.length === 0) return svg;
  const step = width / values.length;
  if (kind === "bar") {
    values.forEach((value, i) => {
      if (!value) return;
      const head = y(value);
      svg.append(shape("rect", { x: i * step + step * 0.15, y: Math.min(head, height - 1.5), width: step * 0.7, height: Math.max(height - head, 1.5), rx: 0.8 }));
    });
    return svg;
  }
  let path = "";
  let dots = "";
  let pen = false;
  const edge = values.length > 1 ? width / (values.length - 1) : width;
  values.forEach((value, i) => {
    if (value === null) { pen = false; return; }
    const alone = !pen && (i + 1 >= values.length || values[i + 1] === null);
    path += `${pen ? "L" : "M"}${(i * edge).toFixed(1)} ${y(value).toFixed(1)}`;
    if (alone) dots += `M${(i * edge).toFixed(1)} ${y(value).toFixed(1)}h0.01`;
    pen = true;
  });
  svg.append(shape("path", { d: path, fill: "none", "vector-effect": "non-scaling-stroke", "stroke-linecap": "round" }));
  if (dots) svg.append(shape("path", { d: dots, "vector-effect": "non-scaling-stroke", "stroke-linecap": "round", style: "stroke-width: 4" }));
  return svg;
}

// A link inside the application: a plain click stays in the session, any other opens the address as usual.
function follow(event, href) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(href);
}

// One step of history, which Streamlit follows as it follows Back. Its own switch of pages leaves two: the old page
// with the new query, then the new page.
function go(href) {
  history.pushState({}, "", href);
  dispatchEvent(new PopStateEvent("popstate"));
}

async function copyText(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copy failed";
  }
  setTimeout(() => { button.textContent = before; }, 1200);
}

const MEMORY = new WeakMap();
