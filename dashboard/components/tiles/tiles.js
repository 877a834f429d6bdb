// A strip of key figures; each leads to the runs behind it.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".sl");
  const strip = node("div", { class: "tiles" });
  for (const tile of data.tiles) strip.append(drawTile(tile));
  root.replaceChildren(node("div", { class: "frame" }, strip));
}

function drawTile(tile) {
  const title = tile.href
    ? node("a", { href: tile.href, onclick: (event) => follow(event, tile.href) }, tile.title)
    : node("span", {}, tile.title);
  const box = node("section", { class: `tile smooth${tile.is_small ? " small" : ""}` });
  const help = tile.help ? node("button", { class: "help", type: "button", "aria-label": `What ${tile.title} means`, "aria-expanded": "false" }, "?") : null;
  box.append(node("div", { class: "title" }, title, help));
  box.append(node("div", { class: tile.is_unknown ? "value unknown" : "value" }, tile.value));
  const beside = node("div", { class: "beside" });
  for (const fact of tile.beside) beside.append(node("span", {}, fact));
  box.append(beside);
  box.append(node("div", { class: "change", "data-tone": tile.change.tone }, tile.change.text ? node("b", {}, tile.change.text) : null, tile.change.basis ? ` ${tile.change.basis}` : null));
  box.append(spark(tile.spark, { kind: tile.spark_kind, width: 160, height: 34, label: `${tile.title} over the window` }));
  if (help) help.addEventListener("click", () => toggleNote(box, help, tile.help));
  return box;
}

function toggleNote(box, button, text) {
  const open = box.querySelector(".note");
  button.setAttribute("aria-expanded", String(!open));
  if (open) { open.remove(); return; }
  const note = node("div", { class: "note", role: "note" }, text);
  const close = () => { note.remove(); button.setAttribute("aria-expanded", "false"); };
  note.addEventListener("click", close);
  button.addEventListener("blur", close, { once: true });
  box.append(note);
}
