// Goes to an address of the application once, when it is drawn.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".sl");
  if (MEMORY.has(root)) return;
  MEMORY.set(root, true);
  go(data.href);
}
