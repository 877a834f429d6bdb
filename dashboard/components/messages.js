// Messages of a span or a run, as inspector and conversation draw them: long bodies folded, binary content as its size.

const FOLD_CHARACTERS = 1200;
const ROLES = { system: "agent", developer: "agent", user: "volume", assistant: "model", tool: "tool", function: "tool" };

function drawMessage(message) {
  const box = node("article", { class: "message", "data-tone": ROLES[message.role] ?? "agent" }, node("div", { class: "role" }, message.role, message.name ? node("i", {}, message.name) : null));
  for (const part of message.parts) box.append(drawPart(part));
  return box;
}

function drawPart(part) {
  if (part.kind === "text") return foldable(part.text, "said", "div");
  if (part.kind === "media") return node("div", { class: "part" }, node("div", { class: "cap" }, part.text));
  const title = { thinking: "Thinking", call: "Tool call", result: "Tool result", data: "Data" }[part.kind] ?? part.kind;
  const summary = node("summary", {}, title, part.name ? " · " : null, part.name ? node("b", {}, part.name) : null);
  return node("details", { class: "part", open: part.kind !== "thinking" && part.text.length < 400 }, summary, foldable(part.text, null, "pre"));
}

function foldable(text, className, tag) {
  const body = node(tag, { class: className });
  if (text.length <= FOLD_CHARACTERS) { body.textContent = text; return body; }
  const holder = node("div", {}, body);
  let isFolded = true;
  const button = node("button", { type: "button", class: "more" });
  const draw = () => {
    body.textContent = isFolded ? `${text.slice(0, FOLD_CHARACTERS)}…` : text;
    button.textContent = isFolded ? `Show all ${formatCount(text.length)} characters` : "Show less";
  };
  button.addEventListener("click", () => { isFolded = !isFolded; draw(); });
  draw();
  holder.append(button);
  return holder;
}

