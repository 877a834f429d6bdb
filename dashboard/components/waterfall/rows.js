// Which rows are shown. Spans come in the order of the tree with their depth and the number of spans below
// them, so that hiding a subtree is a jump and every pass is linear.

function prefixSums(values) {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i += 1) sums[i + 1] = sums[i] + values[i];
  return sums;
}

function below(sums, data, i) {
  return sums[i + data.size[i] + 1] - sums[i];
}

function matchingSpans(data, text, errorsOnly, criticalOnly) {
  const wanted = text.trim().toLowerCase();
  if (!wanted && !errorsOnly && !criticalOnly) return null;
  const hits = new Uint8Array(data.id.length);
  for (let i = 0; i < hits.length; i += 1) {
    if (errorsOnly && data.failed[i] !== 1) continue;
    if (criticalOnly && data.critical[i] !== 1) continue;
    if (wanted && !data.search[i].includes(wanted)) continue;
    hits[i] = 1;
  }
  return hits;
}

// A match is shown with the spans above it, so that it keeps its place in the tree.
function visibleRows(data, collapsed, hits) {
  const rows = [];
  const counts = hits ? prefixSums(hits) : null;
  for (let i = 0; i < data.id.length; i += 1) {
    if (counts && below(counts, data, i) === 0) { i += data.size[i]; continue; }
    rows.push(i);
    if (!hits && collapsed.has(data.id[i])) i += data.size[i];
  }
  return rows;
}

const TIME_STEPS_MS = [1e3, 2e3, 5e3, 1e4, 15e3, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 12e5, 18e5, 36e5, 72e5, 144e5, 216e5, 432e5, 864e5];

function timeTicks(from, until, wanted) {
  const rough = (until - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const decimal = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) || power;
  const step = rough < 700 || rough > TIME_STEPS_MS[TIME_STEPS_MS.length - 1] ? decimal : TIME_STEPS_MS.find((size) => size >= rough);
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at < until; at += step) ticks.push(at);
  return ticks;
}
