// A table whose rows lead somewhere: real links, arrow keys between rows, text only.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".sl");
  const focused = parentElement.activeElement?.closest("tr")?.dataset.key;
  if (data.rows.length === 0) {
    root.replaceChildren(node("div", { class: "scroll" }, node("div", { class: "nothing" }, data.nothing)));
    return;
  }
  const head = node("tr");
  const body = node("tbody");
  const kept = MEMORY.get(root) ?? {};
  MEMORY.set(root, kept);
  const fill = () => body.replaceChildren(...ordered(data.rows, kept).map((row) => drawRow(row, data.columns)));
  data.columns.forEach((column, i) => head.append(drawHead(column, i, data, kept, head, fill)));
  fill();
  body.addEventListener("keydown", moveBetweenRows);
  const table = node("table", { "aria-label": data.caption }, node("thead", {}, head), body);
  root.replaceChildren(node("div", { class: data.is_bare ? "scroll bare" : "scroll", tabindex: "-1" }, table));
  if (focused) body.querySelector(`tr[data-key="${CSS.escape(focused)}"] a`)?.focus();
}

// A column whose cells say their order can be sorted by: first the largest, then the smallest, then as it was.
function drawHead(column, i, data, kept, head, fill) {
  const holder = node("th", { scope: "col", class: `kind-${column.kind} ${column.align ?? ""}`, title: column.help || null });
  if (data.rows.length < 2 || !data.rows.some((row) => row.cells[i]?.order !== undefined)) { holder.append(column.title); return holder; }
  const mark = () => { holder.setAttribute("aria-sort", kept.column !== i ? "none" : kept.isRising ? "ascending" : "descending"); };
  holder.append(node("button", { type: "button", class: "sort", onclick: () => {
    const next = kept.column !== i ? { column: i, isRising: false } : kept.isRising ? { column: null, isRising: false } : { column: i, isRising: true };
    Object.assign(kept, next);
    for (const other of head.children) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    mark();
    fill();
  } }, column.title));
  mark();
  return holder;
}

function ordered(rows, { column, isRising }) {
  if (column === null || column === undefined) return rows;
  const value = (row) => row.cells[column]?.order ?? null;
  const sign = isRising ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return sign * (typeof x === "string" ? x.localeCompare(y) : x - y);
  });
}

function drawRow(row, columns) {
  const line = node("tr", { class: row.href ? "linked" : null, "data-key": row.key });
  row.cells.forEach((cell, i) => {
    const column = columns[i];
    const content = drawCell(cell, column);
    const holder = node("td", { class: `kind-${column.kind} ${column.align ?? ""}${i === 0 ? " first" : ""}` });
    if (cell && cell.title) holder.title = cell.title;
    if (i === 0 && row.href) holder.append(node("a", { href: row.href, onclick: (event) => follow(event, row.href) }, content));
    else holder.append(content);
    line.append(holder);
  });
  if (row.href) line.addEventListener("click", (event) => { if (!event.target.closest("a")) follow(event, row.href); });
  return line;
}

function drawCell(cell, column) {
  if (cell === null) return node("span", { class: "quiet" }, "–");
  if (column.kind === "spark") return spark(cell.values, { kind: "bar", width: 110, height: 22, label: cell.text });
  if (column.kind === "badge") return node("span", { class: "badge", "data-tone": cell.tone }, cell.text);
  if (column.kind === "bar") {
    const fill = node("div", { class: "fill" });
    fill.style.width = `${Math.min(100, Math.max(cell.share * 100, cell.share > 0 ? 2 : 0))}%`;
    return node("div", { class: `bar${cell.is_quiet ? " quiet" : ""}`, "data-tone": cell.tone }, node("div", { class: "track" }, fill), node("span", {}, cell.text), ...(cell.note ? [node("small", { class: "note" }, cell.note)] : []));
  }
  const classes = [cell.tone ? "toned" : "", cell.is_quiet ? "quiet" : "", cell.is_mono ? "mono" : ""].join(" ").trim();
  const main = node("span", { class: classes || null, "data-tone": cell.tone }, cell.text);
  return cell.note ? node("span", {}, main, node("small", { class: "note" }, cell.note)) : main;
}

function moveBetweenRows(event) {
  const direction = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const line = event.target.closest("tr");
  if (!direction || !line) return;
  const next = direction > 0 ? line.nextElementSibling : line.previousElementSibling;
  const link = next?.querySelector("a");
  if (link) { event.preventDefault(); link.focus(); }
}
