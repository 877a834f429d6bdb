// Two texts side by side, line by line; lines that differ are marked by colour and by a sign in the margin.

export default function ({ data, parentElement }) {
  const box = node("section", { class: "sides", "aria-label": data.title }, node("h2", {}, data.title));
  for (const part of data.parts) {
    const differing = part.rows.filter(([, , isSame]) => !isSame).length;
    const words = part.rows.length === 0 ? "nothing was recorded" : differing === 0 ? "the same in both" : `${formatCount(differing)} ${differing === 1 ? "line differs" : "lines differ"}`;
    const grid = node("div", { class: "grid", role: "table", "aria-label": part.title });
    grid.append(node("div", { class: "row head", role: "row" }, node("div", { role: "columnheader" }, "A"), node("div", { role: "columnheader" }, "B")));
    let hidden = [];
    const flush = () => { if (hidden.length) grid.append(fold(hidden)); hidden = []; };
    part.rows.forEach((row, i) => {
      const isNear = part.rows.slice(Math.max(0, i - 3), i + 4).some(([, , isSame]) => !isSame);
      if (isNear) { flush(); grid.append(drawRow(row)); } else hidden.push(row);
    });
    flush();
    box.append(node("h3", {}, part.title, " ", node("span", { class: "quiet" }, words)), ...(part.rows.length ? [grid] : []));
  }
  parentElement.querySelector(".sl").replaceChildren(box);
}

function drawRow([left, right, isSame]) {
  const side = (text, sign, name) => node("div", { role: "cell", class: isSame ? "same" : text === null ? "none" : name },
    node("span", { class: "sign", "aria-hidden": "true" }, isSame || text === null ? " " : sign), node("span", { class: "text" }, text ?? ""));
  return node("div", { class: "row", role: "row" }, side(left, "−", "gone"), side(right, "+", "come"));
}

// Many equal lines in a row are one button.
function fold(rows) {
  const holder = node("div", { class: "fold" });
  if (rows.length <= 3) { holder.append(...rows.map(drawRow)); return holder; }
  holder.append(node("button", { type: "button", onclick: () => holder.replaceChildren(...rows.map(drawRow)) }, `Show ${formatCount(rows.length)} equal lines`));
  return holder;
}
