// One sentence that matters, with where to go from it.

export default function ({ data, parentElement, setTriggerValue }) {
  const link = data.href
    ? node("a", { href: data.href, onclick: (event) => follow(event, data.target, setTriggerValue) }, data.link)
    : null;
  const box = node("div", { class: data.is_plain ? "notice plain" : "notice", "data-tone": data.tone, role: data.tone === "error" ? "alert" : "status" },
    data.title ? node("strong", {}, data.title) : null, node("span", {}, data.text), link);
  parentElement.querySelector(".sl").replaceChildren(box);
}
