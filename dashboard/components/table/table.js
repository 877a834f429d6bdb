// A table whose rows lead somewhere: real links, arrow keys between rows, text only.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".sl");
  const focused = parentElement.activeElement?.closest("tr")?.dataset.key;
  if (data.rows.length === 0) {
    root.replaceChildren(node("div", { class: "scroll" }, node("div", { class: "nothing" }, data.nothing)));
    return;
  }
  const head = node("tr");
  for (const column of data.columns) head.append(node("th", { scope: "col", class: `kind-${column.kind} ${column.align ?? ""}`, title: column.help || null }, column.title));
  const body = node("tbody");
  for (const row of data.rows) body.append(drawRow(row, data.columns, setTriggerValue));
  body.addEventListener("keydown", moveBetweenRows);
  const table = node("table", { "aria-label": data.caption }, node("thead", {}, head), body);
  root.replaceChildren(node("div", { class: data.is_bare ? "scroll bare" : "scroll", tabindex: "-1" }, table));
  if (focused) body.querySelector(`tr[data-key="${CSS.escape(focused)}"] a`)?.focus();
}

function drawRow(row, columns, setTriggerValue) {
  const line = node("tr", { class: row.href ? "linked" : null, "data-key": row.key });
  row.cells.forEach((cell, i) => {
    const column = columns[i];
    const content = drawCell(cell, column);
    const holder = node("td", { class: `kind-${column.kind} ${column.align ?? ""}${i === 0 ? " first" : ""}` });
    if (cell && cell.title) holder.title = cell.title;
    if (i === 0 && row.href) holder.append(node("a", { href: row.href, onclick: (event) => follow(event, row.target, setTriggerValue) }, content));
    else holder.append(content);
    line.append(holder);
  });
  if (row.href) line.addEventListener("click", (event) => { if (!event.target.closest("a")) follow(event, row.target, setTriggerValue); });
  return line;
}

function drawCell(cell, column) {
  if (cell === null) return node("span", { class: "quiet" }, "–");
  if (column.kind === "spark") return spark(cell.values, { kind: "bar", width: 110, height: 22, label: cell.text });
  if (column.kind === "badge") return node("span", { class: "badge", "data-tone": cell.tone }, cell.text);
  if (column.kind === "bar") {
    const fill = node("div", { class: "fill" });
    fill.style.width = `${Math.min(100, Math.max(cell.share * 100, cell.share > 0 ? 2 : 0))}%`;
    return node("div", { class: `bar${cell.is_quiet ? " quiet" : ""}`, "data-tone": cell.tone }, node("div", { class: "track" }, fill), node("span", {}, cell.text));
  }
  const classes = [cell.tone ? "toned" : "", cell.is_quiet ? "quiet" : "", cell.is_mono ? "mono" : ""].join(" ").trim();
  return node("span", { class: classes || null, "data-tone": cell.tone }, cell.text);
}

function moveBetweenRows(event) {
  const direction = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const line = event.target.closest("tr");
  if (!direction || !line) return;
  const next = direction > 0 ? line.nextElementSibling : line.previousElementSibling;
  const link = next?.querySelector("a");
  if (link) { event.preventDefault(); link.focus(); }
}
