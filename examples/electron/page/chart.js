// Lines in an SVG that grow as numbers come in.

const name = 'http://www.w3.org/2000/svg';
const [width, height] = [480, 190];
const margin = { left: 44, right: 18, top: 8, bottom: 24 };

function shape(kind, attributes, text) {
  const made = document.createElementNS(name, kind);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Round numbers from 0 to one that is not below the greatest, about `count` of them after 0; none for nothing. */
function ticksTo(greatest, count) {
  if (!(greatest > 0)) return [];
  const least = greatest / count;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= least);
  return Array.from({ length: Math.ceil(greatest / step) + 1 }, (_, index) => index * step);
}

/**
 * @param lines of { points: [x, y][], kind: class of the line, dots: whether its points are marked }
 * @param axes { right: the greatest x, xTicks: those that are named, format: of y }
 */
export function drawChart(svg, lines, { right, xTicks, format }) {
  const ticks = ticksTo(Math.max(0, ...lines.flatMap(({ points }) => points.map(([, y]) => y))), 4);
  const top = ticks.at(-1) ?? 1;
  const x = (value) => margin.left + (value / right) * (width - margin.left - margin.right);
  const y = (value) => height - margin.bottom - (value / top) * (height - margin.top - margin.bottom);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...ticks.flatMap((tick) => [
      shape('line', { class: 'grid', x1: margin.left, x2: width - margin.right, y1: y(tick), y2: y(tick) }),
      shape('text', { x: margin.left - 6, y: y(tick) + 4, 'text-anchor': 'end' }, format(tick)),
    ]),
    ...xTicks.map((tick) => shape('text', { x: x(tick), y: height - 6, 'text-anchor': 'middle' }, String(tick))),
    ...lines.flatMap(({ points, kind, dots }) => [
      shape('polyline', { class: kind, points: points.map(([px, py]) => `${x(px)},${y(py)}`).join(' ') }),
      ...(dots ? points.map(([px, py]) => shape('circle', { class: kind, cx: x(px), cy: y(py), r: 4 })) : []),
    ]),
  );
}
