// A conversation: each run with what was asked and answered, what it took, and the pause before it.

export default function ({ data, parentElement }) {
  const list = node("ol", { class: "conversation" });
  for (const turn of data.turns) {
    if (turn.pause) list.append(node("li", { class: "pause", role: "presentation" }, node("span", {}, turn.pause)));
    list.append(drawTurn(turn));
  }
  parentElement.querySelector(".sl").replaceChildren(list);
}

function drawTurn(turn) {
  const facts = node("span", { class: "facts" });
  for (const fact of turn.facts) facts.append(node("span", {}, fact));
  const head = node("header", {}, node("span", { class: "at" }, turn.at),
    node("span", { class: "badge", "data-tone": turn.badge.tone, title: turn.badge.help || null }, turn.badge.text), facts,
    node("a", { href: turn.href, onclick: (event) => follow(event, turn.href) }, "Open the run"));
  const said = node("div", { class: "bubbles" });
  for (const message of turn.messages) said.append(node("div", { class: `bubble ${message.direction}` }, drawMessage(message)));
  if (!turn.messages.length) said.append(node("div", { class: "quiet" }, "Nothing that was said is recorded."));
  return node("li", { class: "turn" }, head, said);
}
