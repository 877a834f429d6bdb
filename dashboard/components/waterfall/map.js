// The whole trace in one strip: every span in its time, a lane for each depth. Dragging over it zooms.

const MAP_LANES = 12;
const TONES = ["agent", "model", "tool", "retrieval", "agent"];

function drawMap(canvas, data, host) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width || !height) return;
  const scale = window.devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(host);
  const colours = TONES.map((tone) => style.getPropertyValue(`--${tone}`));
  const red = style.getPropertyValue("--error");
  const count = data.id.length;
  const deepest = data.depth.reduce((most, depth) => Math.max(most, depth), 0);
  const lanes = Math.min(deepest + 1, MAP_LANES);
  const lane = (height - 8) / lanes;
  const thick = Math.max(2, Math.min(9, lane - 1.5));
  const draw = (i) => {
    const length = data.duration[i] === null ? data.total - data.start[i] : data.duration[i];
    const y = 4 + Math.min(data.depth[i], lanes - 1) * lane;
    pen.fillRect((data.start[i] / data.total) * width, y, Math.max((length / data.total) * width - 0.4, 0.8), thick);
  };
  pen.fillStyle = style.getPropertyValue("--faint");
  for (const [from, until] of data.gaps) pen.fillRect((from / data.total) * width, 0, Math.max(((until - from) / data.total) * width, 1), height);
  for (let i = 0; i < count; i += 1) if (!data.failed[i] && !data.is_missing[i]) { pen.fillStyle = colours[data.tone[i]]; draw(i); }
  pen.fillStyle = red;
  for (let i = 0; i < count; i += 1) if (data.failed[i]) draw(i);
}

function zoomByDragging(strip, zoomTo) {
  const share = (event) => {
    const box = strip.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  let from = null;
  strip.addEventListener("pointerdown", (event) => { from = share(event); strip.setPointerCapture(event.pointerId); });
  strip.addEventListener("pointermove", (event) => {
    if (from !== null && Math.abs(share(event) - from) > 0.004) zoomTo(Math.min(from, share(event)), Math.max(from, share(event)));
  });
  strip.addEventListener("pointerup", (event) => {
    if (from !== null && Math.abs(share(event) - from) <= 0.004) zoomTo(0, 1);
    from = null;
  });
  strip.addEventListener("pointercancel", () => { from = null; });
}
