const WIDTH = 760;
const HEIGHT = 320;
const LEFT = 40;
const TOP = 60;
const BOTTOM = 40;
const COLORS = ['#0b6e99', '#d9730d', '#448361', '#9065b0', '#787774', '#c4554d', '#cb912f'];

/** Values above are cut, with the number beside the bar's end. */
const MOST_BAR = 8;

interface Group {
  name: string;
  bars: { name: string; value: number }[];
}

export interface Line {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

/** Groups of vertical bars, each with its value. */
export function barPlot(title: string, groups: readonly Group[]): string {
  const wide = (WIDTH - LEFT) / Math.max(1, groups.length);
  const names = [...new Set(groups.flatMap(({ bars }) => bars.map(({ name }) => name)))];
  const y = scale(MOST_BAR);
  const bars = groups.flatMap((group, at) => {
    const bar = (wide * 0.9) / Math.max(1, group.bars.length);
    const left = LEFT + at * wide + wide * 0.05;
    const drawn = group.bars.map(({ name, value }, index) => {
      const top = y(Math.min(MOST_BAR, value));
      const x = left + index * bar;
      return (
        rectangle(x, top, bar - 1, y(0) - top, color(names, name)) +
        text(x + bar / 2, top - 3, value.toFixed(value < 10 ? 1 : 0), 'middle', 9)
      );
    });
    return [...drawn, text(left + wide * 0.45, HEIGHT - BOTTOM + 16, group.name, 'middle')];
  });
  return page(title, names, [axis(MOST_BAR, 2), ...bars]);
}

/** Lines that keep their value until the next point. */
export function stepPlot(title: string, unit: string, lines: readonly Line[]): string {
  const points = lines.flatMap((line) => line.points);
  const [low, high] = [Math.min(...points.map(([x]) => x)), Math.max(...points.map(([x]) => x))];
  const most = Math.max(2, ...points.map(([, value]) => value));
  const y = scale(most);
  const x = (value: number) => LEFT + ((value - low) / (high - low)) * (WIDTH - LEFT - 10);
  const names = lines.map(({ name }) => name);
  const paths = lines.map(({ name, points: [first = [low, 0], ...rest] }) => {
    const steps = rest.map(([at, value]) => `H${round(x(at))}V${round(y(value))}`).join('');
    const path = `M${round(x(first[0]))} ${round(y(first[1]))}${steps}`;
    return `<path d="${path}" fill="none" stroke="${color(names, name)}" stroke-width="1.3"/>`;
  });
  const ticks = Array.from({ length: 9 }, (_, index) => low + (index * (high - low)) / 8).map((at) =>
    text(x(at), HEIGHT - BOTTOM + 16, String(round(at)), 'middle'),
  );
  const label = text((LEFT + WIDTH) / 2, HEIGHT - 6, unit, 'middle');
  return page(title, names, [axis(most, Math.ceil(most / 8)), ...ticks, label, ...paths]);
}

const scale = (most: number) => (value: number) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);

const round = (value: number) => Math.round(value * 10) / 10;

const color = (names: readonly string[], name: string) => COLORS[names.indexOf(name) % COLORS.length]!;

function axis(most: number, step: number): string {
  const y = scale(most);
  const values = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  return values
    .map((value) => {
      const line = `<line x1="${LEFT}" x2="${WIDTH}" y1="${round(y(value))}" y2="${round(y(value))}" stroke="#ddd"/>`;
      return line + text(LEFT - 6, y(value) + 4, String(value), 'end');
    })
    .join('');
}

const rectangle = (x: number, y: number, width: number, height: number, fill: string) =>
  `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}"/>`;

const text = (x: number, y: number, content: string, anchor = 'start', size = 11) =>
  `<text x="${round(x)}" y="${round(y)}" font-size="${size}" text-anchor="${anchor}">${escaped(content)}</text>`;

const escaped = (content: string) =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function page(title: string, names: readonly string[], parts: readonly string[]): string {
  let next = LEFT;
  const legend = names.map((name) => {
    const x = next;
    // Fonts differ: 7 units for a letter are enough for the usual ones.
    next += 13 + 7 * name.length + 10;
    return rectangle(x, 28, 9, 9, color(names, name)) + text(x + 13, 37, name);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(LEFT, 18, title, 'start', 14),
    ...legend,
    ...parts,
    '</svg>\n',
  ].join('\n');
}
