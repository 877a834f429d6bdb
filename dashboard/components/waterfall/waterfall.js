// The spans of a trace as a waterfall. Only the rows in sight exist in the page, whatever the trace holds.

const ROW_PX = 27;
const SPARE_ROWS = 8;
const DOUBLE_CLICK_MS = 350;
const LEGEND = [["agent", "agent"], ["model", "model"], ["tool", "tool"], ["retrieval", "retrieval"], ["error", "failed"]];

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".sl");
  const kept = MEMORY.get(host);
  if (kept && kept.version === data.version) {
    kept.view.report = setStateValue;
    kept.view.redrawMap();
    if (kept.turn !== data.turn) { kept.turn = data.turn; kept.view.show(data.selected); }
    return kept.stop;
  }
  kept?.stop();
  data.search = data.name.map((name, i) => `${name} ${data.detail[i] ?? ""} ${data.id[i]}`.toLowerCase());
  const view = new Waterfall(host, data, setStateValue, kept?.view.trace === data.trace ? kept.view : null);
  const watcher = new ResizeObserver(() => { view.redrawMap(); view.drawAxis(); view.drawRows(); });
  watcher.observe(view.body);
  const stop = () => { watcher.disconnect(); MEMORY.delete(host); };
  MEMORY.set(host, { version: data.version, turn: data.turn, view, stop });
  return stop;
}

// What a span does stands in front of what it does it with; where there is little room its colour says it.
const VERB = /^(chat|execute_tool|invoke_agent|invoke_workflow|embeddings|retrieval) (?=\S)/;

function splitVerb(name) {
  const verb = VERB.exec(name)?.[0];
  return verb ? [node("span", { class: "verb" }, verb), name.slice(verb.length)] : [name];
}

class Waterfall {
  constructor(host, data, report, before) {
    Object.assign(this, { host, data, report, trace: data.trace });
    this.errorCounts = prefixSums(data.failed);
    this.costSums = prefixSums(data.cost.map((cost) => cost ?? 0));
    this.unpricedCounts = prefixSums(data.price.map((state) => (state === 2 ? 1 : 0)));
    this.tokenSums = prefixSums(data.tokens.map((tokens) => tokens ?? 0));
    this.collapsed = before?.collapsed ?? new Set();
    this.text = before?.text ?? "";
    this.errorsOnly = before?.errorsOnly ?? false;
    this.criticalOnly = before?.criticalOnly ?? false;
    this.from = 0;
    this.until = data.total;
    this.selected = before ? before.selected : Math.max(0, data.id.indexOf(data.selected));
    if (before) this.selected = Math.max(0, data.id.indexOf(before.data.id[before.selected]));
    this.lastClick = { row: -1, at: 0 };
    this.build();
    this.refresh();
    if (before) this.body.scrollTop = before.body.scrollTop;
    else this.reveal(this.selected);
  }

  build() {
    const { data } = this;
    this.filter = node("input", { type: "search", placeholder: "Filter spans", "aria-label": "Filter spans", value: this.text, oninput: () => { this.text = this.filter.value; this.refresh(true); } });
    const failures = data.failed.reduce((sum, failed) => sum + failed, 0);
    this.errorButton = node("button", { type: "button", "aria-pressed": "false", disabled: failures === 0, onclick: () => this.toggleErrors() }, failures ? `Errors only (${formatCount(failures)})` : "No errors");
    this.criticalButton = node("button", { type: "button", "aria-pressed": "false", title: "Only the spans that set when the trace ended: had one been faster, it had ended earlier", onclick: () => { this.criticalOnly = !this.criticalOnly; this.refresh(true); } }, "Critical path");
    this.foldButton = node("button", { type: "button", onclick: () => this.toggleAll() }, "Collapse all");
    this.zoomButton = node("button", { type: "button", disabled: true, onclick: () => this.zoomTo(0, 1) }, "Reset zoom");
    this.tally = node("span", { class: "tally", role: "status" });
    const legend = node("div", { class: "legend", "aria-hidden": "true" });
    const used = new Set(data.tone.map((tone) => TONES[tone]));
    if (failures) used.add("error");
    for (const [tone, label] of LEGEND) if (used.has(tone)) legend.append(node("span", { "data-tone": tone }, label));
    const tools = node("div", { class: "bar-top" }, this.filter, this.errorButton, this.criticalButton, this.foldButton, this.zoomButton, this.tally);
    this.canvas = node("canvas", { "aria-hidden": "true" });
    this.shown = node("div", { class: "shown" });
    this.map = node("div", { class: "map", title: "Drag to zoom, click to see everything" }, this.canvas, this.shown);
    zoomByDragging(this.map, (from, until) => this.zoomTo(from, until));
    this.ticks = node("div", { class: "ticks" });
    const axis = node("div", { class: "axis" }, node("span", {}, "Span"), this.ticks, node("span", { class: "end own", title: "Time in the span while none of its children ran" }, "Own time"), node("span", { class: "end tokens" }, "Tokens"), node("span", { class: "end" }, "Cost"));
    this.rows = node("div", { class: "rows" });
    this.spacer = node("div");
    this.body = node("div", { class: "body", tabindex: "0", role: "tree", "aria-label": "Spans of the trace" }, this.spacer, this.rows);
    this.body.addEventListener("scroll", () => this.drawRows(), { passive: true });
    this.body.addEventListener("keydown", (event) => this.onKey(event));
    this.body.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.rows.addEventListener("click", (event) => this.onClick(event));
    const keys = node("div", { class: "keys" });
    for (const [key, does] of [["↑ ↓", "move"], ["← →", "fold"], ["e", "next error"], ["/", "filter"], ["double-click", "zoom"]]) keys.append(node("span", {}, node("kbd", {}, key), ` ${does}`));
    keys.append(legend);
    const frame = node("div", { class: "waterfall" }, tools, this.map, axis, this.body, keys);
    frame.style.setProperty("--height", data.height);
    this.host.replaceChildren(frame);
    this.redrawMap();
  }

  refresh(toTop = false) {
    const hits = matchingSpans(this.data, this.text, this.errorsOnly, this.criticalOnly);
    this.visible = visibleRows(this.data, this.collapsed, hits);
    this.hits = hits;
    this.spacer.style.height = `${Math.max(this.visible.length * ROW_PX, 1)}px`;
    const found = hits ? hits.reduce((sum, hit) => sum + hit, 0) : null;
    const total = this.data.span_count;
    const idle = this.data.gaps.reduce((sum, [from, until]) => sum + until - from, 0);
    const pause = idle ? ` · nothing ran for ${formatDuration(idle)}` : "";
    this.tally.textContent = found === null ? `${formatCount(total)} ${total === 1 ? "span" : "spans"}${pause}` : `${formatCount(found)} of ${formatCount(total)} spans`;
    this.errorButton.setAttribute("aria-pressed", String(this.errorsOnly));
    this.criticalButton.setAttribute("aria-pressed", String(this.criticalOnly));
    this.foldButton.textContent = this.collapsed.size ? "Expand all" : "Collapse all";
    if (toTop) this.body.scrollTop = 0;
    this.drawAxis();
    this.drawRows(true);
  }

  redrawMap() { drawMap(this.canvas, this.data, this.host); this.markZoom(); }

  markZoom() {
    const zoomed = this.from > 0 || this.until < this.data.total;
    this.zoomButton.disabled = !zoomed;
    this.shown.hidden = !zoomed;
    this.shown.style.left = `${(this.from / this.data.total) * 100}%`;
    this.shown.style.width = `${((this.until - this.from) / this.data.total) * 100}%`;
  }

  zoomTo(from, until) {
    const least = Math.max(this.data.total * 1e-6, 0.001);
    this.from = Math.max(0, from) * this.data.total;
    this.until = Math.min(1, until) * this.data.total;
    if (this.until - this.from < least) this.until = this.from + least;
    this.markZoom();
    this.drawAxis();
    this.drawRows(true);
  }

  drawAxis() {
    const width = this.ticks.clientWidth || 300;
    this.ticks.replaceChildren();
    for (const at of timeTicks(this.from, this.until, Math.max(2, Math.floor(width / 90)))) {
      const share = (at - this.from) / (this.until - this.from);
      const left = `${share * 100}%`;
      const line = node("i");
      const label = node("span", { class: (1 - share) * width < 48 ? "before" : null }, at === 0 ? "0" : formatTick(at));
      line.style.left = left;
      label.style.left = left;
      this.ticks.append(line, label);
    }
  }

  drawRows(force = false) {
    const first = Math.max(0, Math.floor(this.body.scrollTop / ROW_PX) - SPARE_ROWS);
    const last = Math.min(this.visible.length, first + Math.ceil(this.body.clientHeight / ROW_PX) + 2 * SPARE_ROWS);
    if (!force && first === this.first && last === this.last) return;
    Object.assign(this, { first, last });
    this.laneWidth = this.ticks.clientWidth || 300;
    if (this.visible.length === 0) {
      this.rows.replaceChildren(node("div", { class: "nothing" }, "No span matches. Clear the filter to see all of them."));
      return;
    }
    const rows = [];
    for (let at = first; at < last; at += 1) rows.push(this.drawRow(this.visible[at]));
    this.rows.style.transform = `translateY(${first * ROW_PX}px)`;
    this.rows.replaceChildren(...rows);
    this.body.setAttribute("aria-activedescendant", `span-${this.selected}`);
  }

  drawRow(i) {
    const { data } = this;
    const isFolded = this.collapsed.has(data.id[i]) && !this.hits;
    const classes = ["row", data.failed[i] ? "failed" : "", data.is_missing[i] ? "missing" : "", this.hits && !this.hits[i] ? "dimmed" : ""].join(" ");
    const row = node("div", { class: classes, id: `span-${i}`, role: "treeitem", "data-row": i, "data-tone": TONES[data.tone[i]], "aria-level": data.depth[i] + 1, "aria-selected": String(i === this.selected), "aria-expanded": data.size[i] ? String(!isFolded) : null });
    const name = node("div", { class: "name" }, node("span", { class: "twist", "data-twist": data.size[i] ? "1" : null }, data.size[i] ? (isFolded ? "▶" : "▼") : ""), node("span", { class: "dot" }), node("span", { class: "label", title: data.detail[i] ? `${data.name[i]} · ${data.detail[i]}` : data.name[i] }, ...splitVerb(data.name[i])));
    name.style.setProperty("--depth", Math.min(data.depth[i], 14));
    const hidden = isFolded ? below(this.errorCounts, data, i) - data.failed[i] : 0;
    if (hidden) name.append(node("span", { class: "hidden-errors" }, `${formatCount(hidden)} failed below`));
    row.append(name, this.drawLane(i), this.drawOwn(i), this.drawTokens(i), this.drawCost(i));
    return row;
  }

  drawLane(i) {
    const { data, from, until } = this;
    const lane = node("div", { class: "lane" });
    if (data.is_missing[i]) return lane;
    const isOpen = data.duration[i] === null;
    const end = isOpen ? data.total : data.start[i] + data.duration[i];
    const left = (data.start[i] - from) / (until - from);
    const right = (end - from) / (until - from);
    if (right < 0 || left > 1) return lane;
    const bar = node("div", { class: `span${isOpen ? " open" : ""}${data.critical[i] ? " critical" : ""}` });
    const [begin, stop] = [Math.max(left, -0.01), Math.min(right, 1.01)];
    bar.style.left = `${begin * 100}%`;
    bar.style.width = `${(stop - begin) * 100}%`;
    const label = node("span", { class: "time" }, isOpen ? "in progress" : formatDuration(data.duration[i]));
    const need = 64 / this.laneWidth;
    if (stop + need < 1) label.style.left = `calc(${stop * 100}% + 6px)`;
    else if (begin > need) label.style.right = `calc(${(1 - begin) * 100}% + 6px)`;
    else { label.classList.add("inside"); label.style.right = `calc(${(1 - stop) * 100}% + 6px)`; }
    lane.append(bar, label);
    return lane;
  }

  drawOwn(i) {
    const own = this.data.own[i];
    return node("div", { class: this.data.size[i] ? "cell own" : "cell own sum" }, own === null || this.data.duration[i] === null ? "" : formatDuration(own));
  }

  drawTokens(i) {
    const own = this.data.tokens[i];
    const sum = this.data.size[i] ? below(this.tokenSums, this.data, i) : 0;
    const value = own ?? (sum || null);
    return node("div", { class: own === null ? "cell tokens sum" : "cell tokens" }, value === null ? "" : formatCount(value));
  }

  drawCost(i) {
    const { data } = this;
    const isOwn = data.price[i] !== 0;
    if (isOwn && data.price[i] === 2) return node("div", { class: "cell sum" }, "no price");
    if (isOwn) return node("div", { class: "cell" }, data.cost[i] === null ? "" : formatUsd(data.cost[i]));
    if (!data.size[i]) return node("div", { class: "cell" });
    const missing = below(this.unpricedCounts, data, i);
    const sum = below(this.costSums, data, i);
    if (!missing && sum === 0) return node("div", { class: "cell" });
    const text = sum === 0 ? "no price" : `${missing ? `≥${GAP}` : ""}${formatUsd(sum)}`;
    return node("div", { class: "cell sum", title: missing ? `${missing} calls below have no price` : "sum of the calls below" }, text);
  }

  select(i, reveal = true) {
    if (this.data.is_missing[i]) return;
    this.selected = i;
    if (reveal) this.reveal(i);
    this.drawRows(true);
    this.report("selected", this.data.id[i]);
  }

  // The address asked for a span: show it, and do not report it back.
  show(id) {
    const i = this.data.id.indexOf(id);
    if (i < 0) return;
    this.selected = i;
    this.reveal(i);
    this.drawRows(true);
  }

  reveal(i) {
    const at = this.visible.indexOf(i);
    if (at < 0) return;
    const top = at * ROW_PX;
    if (top < this.body.scrollTop) this.body.scrollTop = top;
    else if (top + ROW_PX > this.body.scrollTop + this.body.clientHeight) this.body.scrollTop = top - this.body.clientHeight / 2;
  }

  fold(i, close) {
    if (!this.data.size[i]) return;
    if (close) this.collapsed.add(this.data.id[i]); else this.collapsed.delete(this.data.id[i]);
    this.refresh();
  }

  toggleErrors() { this.errorsOnly = !this.errorsOnly; this.refresh(true); }

  toggleAll() {
    if (this.collapsed.size) this.collapsed.clear();
    else this.data.size.forEach((size, i) => { if (size && this.data.depth[i] > 0) this.collapsed.add(this.data.id[i]); });
    if (this.collapsed.size === 0 && this.foldButton.textContent === "Collapse all") this.data.size.forEach((size, i) => { if (size) this.collapsed.add(this.data.id[i]); });
    this.refresh(true);
  }

  onClick(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    const i = Number(row.dataset.row);
    if (event.target.dataset.twist) { this.fold(i, !this.collapsed.has(this.data.id[i])); return; }
    const now = performance.now();
    const isDouble = this.lastClick.row === i && now - this.lastClick.at < DOUBLE_CLICK_MS;
    this.lastClick = { row: i, at: now };
    if (isDouble) { this.zoomToSpan(i); return; }
    this.select(i, false);
  }

  zoomToSpan(i) {
    const { data } = this;
    const end = data.duration[i] === null ? data.total : data.start[i] + data.duration[i];
    const margin = (end - data.start[i]) * 0.02;
    this.zoomTo((data.start[i] - margin) / data.total, (end + margin) / data.total);
  }

  onWheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.ticks.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const width = this.until - this.from;
    const next = Math.min(this.data.total, width * (event.deltaY > 0 ? 1.25 : 0.8));
    const anchor = this.from + share * width;
    const from = Math.max(0, Math.min(anchor - share * next, this.data.total - next));
    this.zoomTo(from / this.data.total, (from + next) / this.data.total);
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.visible.indexOf(this.selected);
    const page = Math.floor(this.body.clientHeight / ROW_PX) - 1;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) this.moveTo(Math.min(this.visible.length - 1, Math.max(0, at + steps[event.key])), steps[event.key] < 0 ? -1 : 1);
    else if (event.key === "ArrowLeft") this.stepOut(at);
    else if (event.key === "ArrowRight") this.fold(this.selected, false);
    else if (event.key === "e") this.nextError();
    else if (event.key === "/") this.filter.focus();
    else if (event.key === "Escape") this.zoomTo(0, 1);
    else if (event.key === "Enter") this.zoomToSpan(this.selected);
    else return;
    event.preventDefault();
  }

  moveTo(at, direction) {
    let next = at;
    while (this.visible[next] !== undefined && this.data.is_missing[this.visible[next]]) next += direction;
    if (this.visible[next] !== undefined) this.select(this.visible[next]);
  }

  stepOut(at) {
    const i = this.selected;
    if (this.data.size[i] && !this.collapsed.has(this.data.id[i])) { this.fold(i, true); return; }
    for (let above = at - 1; above >= 0; above -= 1) {
      if (this.data.depth[this.visible[above]] < this.data.depth[i]) { this.moveTo(above, -1); return; }
    }
  }

  nextError() {
    const count = this.data.id.length;
    for (let step = 1; step <= count; step += 1) {
      const i = (this.selected + step) % count;
      if (this.data.failed[i] !== 1) continue;
      this.collapsed.clear();
      this.refresh();
      this.select(i);
      return;
    }
  }
}
