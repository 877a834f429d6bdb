// One span in detail: what was said, what it carries, what happened, and the record as stored.

export default function ({ data, parentElement }) {
  const host = parentElement.querySelector(".sl");
  const kept = MEMORY.get(host) ?? { tab: null };
  MEMORY.set(host, kept);
  const tabs = [
    ["messages", data.messages.length ? `Messages (${data.messages.length})` : "Messages", () => drawMessages(data)],
    ["attributes", `Attributes (${data.attributes.length})`, () => drawAttributes(data)],
    ["events", data.events.length ? `Events (${data.events.length})` : "Events", () => drawEvents(data)],
    ["raw", "Raw", () => drawRaw(data)],
  ];
  const wanted = kept.tab ?? (data.messages.length ? "messages" : data.events.length ? "events" : "attributes");
  const strip = node("div", { class: "tabs", role: "tablist" });
  const panel = node("div", { class: "panel", role: "tabpanel", tabindex: "0" });
  const show = (name) => {
    for (const button of strip.children) {
      button.setAttribute("aria-selected", String(button.dataset.tab === name));
      button.tabIndex = button.dataset.tab === name ? 0 : -1;
    }
    panel.replaceChildren(tabs.find(([key]) => key === name)[2]());
    panel.scrollTop = 0;
  };
  for (const [name, label] of tabs) strip.append(node("button", { type: "button", role: "tab", "data-tab": name, onclick: () => { kept.tab = name; show(name); } }, label));
  strip.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = [...strip.children];
    const next = buttons[(buttons.indexOf(event.target) + step + buttons.length) % buttons.length];
    next.click();
    next.focus();
  });
  const frame = node("div", { class: "inspector" }, drawHead(data, strip), panel);
  frame.style.setProperty("--height", data.height);
  host.replaceChildren(frame);
  show(wanted);
}

function drawHead(data, strip) {
  const line = node("div", { class: "line" }, node("h2", {}, data.title), node("span", { class: "badge", "data-tone": data.tone }, data.kind));
  if (data.failure) line.append(node("span", { class: "badge", "data-tone": "error" }, "failed"));
  const facts = node("div", { class: "facts" });
  for (const fact of data.facts) facts.append(node("span", {}, fact));
  return node("div", { class: "head" }, line, facts, data.failure ? node("div", { class: "failure" }, data.failure) : null, strip);
}

function drawMessages(data) {
  const box = node("div");
  if (data.messages.length === 0) {
    box.append(node("div", { class: "nothing" }, data.no_messages));
    return box;
  }
  let direction = null;
  for (const message of data.messages) {
    if (message.direction !== direction && message.direction === "output") box.append(node("div", { class: "divide" }, "answer"));
    direction = message.direction;
    box.append(drawMessage(message));
  }
  return box;
}

function drawAttributes(data) {
  const list = node("div", { class: "pairs" });
  const draw = (wanted) => {
    list.replaceChildren();
    for (const [title, pairs] of [["Span", data.attributes], ["Resource", data.resource]]) {
      const shown = pairs.filter(([key, value]) => !wanted || key.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted));
      if (!shown.length) continue;
      list.append(node("div", { class: "group" }, title));
      for (const [key, value] of shown) list.append(node("div", { class: "key" }, key), foldable(value, "value", "div"));
    }
    if (!list.children.length) list.append(node("div", { class: "nothing group" }, wanted ? "No attribute matches." : "This span carries no attributes."));
  };
  const input = node("input", { type: "search", placeholder: "Search names and values", "aria-label": "Search attributes", oninput: () => draw(input.value.trim().toLowerCase()) });
  draw("");
  return node("div", {}, node("div", { class: "search" }, input), list);
}

function drawEvents(data) {
  const box = node("div");
  if (!data.events.length) { box.append(node("div", { class: "nothing" }, "This span carries no events.")); return box; }
  for (const event of data.events) {
    const list = node("div", { class: "pairs" });
    for (const [key, value] of event.attributes) list.append(node("div", { class: "key" }, key), foldable(value, "value", "div"));
    box.append(node("div", { class: "event", "data-tone": event.is_exception ? "error" : "volume" }, node("div", {}, node("b", {}, event.name), " ", node("span", { class: "quiet" }, event.offset)), list));
  }
  return box;
}

function drawRaw(data) {
  return node("div", { class: "raw" }, node("button", { type: "button", onclick: (event) => copyText(data.raw, event.currentTarget) }, "Copy"), foldable(data.raw, null, "pre"));
}
