// The head of a page about one thing: its name, its state in badges, its facts, its figures.

export default function ({ data, parentElement }) {
  const line = node("div", { class: "line" }, node("h1", {}, data.title));
  for (const badge of data.badges) line.append(node("span", { class: "badge", "data-tone": badge.tone, title: badge.help }, badge.text));
  const facts = node("div", { class: "facts" });
  for (const fact of data.facts) {
    const holder = node("span", { class: fact.is_id ? "mono" : null }, fact.text);
    facts.append(fact.is_id ? node("span", {}, `${fact.label} `, holder, " ", copyButton(fact)) : holder);
  }
  const stats = node("dl", { class: "stats" });
  for (const stat of data.stats) {
    stats.append(node("div", { title: stat.help }, node("dt", {}, stat.label),
      node("dd", { class: stat.is_unknown ? "unknown" : null }, stat.value, stat.beside ? node("small", {}, stat.beside) : null)));
  }
  parentElement.querySelector(".sl").replaceChildren(line, facts, ...(data.stats.length ? [stats] : []));
}

function copyButton(fact) {
  return node("button", { type: "button", "aria-label": `Copy ${fact.label}`, onclick: (event) => copyText(fact.text, event.currentTarget) }, "Copy");
}
