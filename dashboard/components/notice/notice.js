// One sentence that matters, or a heading, with where to go from it.

export default function ({ data, parentElement }) {
  const links = data.links.map((link) => node("a", { href: link.href, onclick: (event) => follow(event, link.href) }, link.text));
  const isHeading = data.form === "heading";
  const box = node("div", { class: `notice ${data.form}`, "data-tone": data.tone, role: isHeading ? null : data.tone === "error" ? "alert" : "status" },
    data.title ? node(isHeading ? "h2" : "strong", {}, data.title) : null, data.text ? node("span", {}, data.text) : null, ...links);
  parentElement.querySelector(".sl").replaceChildren(box);
}
