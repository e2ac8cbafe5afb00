'use strict';
(() => {
const root = document.documentElement;
window.addEventListener('error', e => { root.dataset.error = e.message; });
const data = JSON.parse(document.getElementById('data').textContent);
// A stretch of equal values is written [value, length].
for (const figure of data.figures) for (const chart of figure.panels) for (const l of chart ? chart.lines : [])
  l.ys = l.ys.flatMap(v => Array.isArray(v) ? Array(v[1]).fill(v[0]) : [v]);
const darkMode = matchMedia('(prefers-color-scheme: dark)');
let printing = false;
const dark = () => darkMode.matches && !printing;
// The same hues, lighter, on a dark page.
const lighter = {'#0072b2':'#4aa8e0','#d55e00':'#f0883e','#009e73':'#2fc79c','#cc79a7':'#dc9cc0','#262b33':'#dfe3ea','#6b7280':'#9aa3b2'};
const tint = c => dark() ? lighter[c] || c : c;
const ink = () => dark() ? '#9aa3b2' : '#6b7280';
const grid = () => dark() ? '#2a303a' : '#e3e6ea';

const group = (v, digits) => v.toLocaleString('en-US', {maximumFractionDigits: digits});
const UNITS = [[864e5,'d'],[36e5,'h'],[6e4,'min'],[1e3,'s'],[1,'ms'],[1e-3,'µs'],[1e-6,'ns']];
const duration = v => {
  if (v === 0) return '0 s';
  const [size, name] = UNITS.find(u => v >= u[0] * 0.9999) || UNITS[6];
  return group(v / size, v / size < 100 ? 1 : 0) + ' ' + name;
};
const FORMAT = {
  number: v => group(v, 3),
  ms: duration,
  usd: v => '$' + v.toLocaleString('en-US', {minimumFractionDigits: v < 10 ? 2 : 0, maximumFractionDigits: 2}),
  percent: v => group(v, 3) + ' %',
};
const show = (v, unit) => v == null ? '–' : FORMAT[unit](v);

// Log axes of time are marked at decades, then minutes, hours, days.
const MARKS = [1e-3,1e-2,.1,1,10,100,1e3,1e4,6e4,6e5,36e5,36e6,864e5,864e6,864e7];
const logSplits = (lo, hi, unit) => {
  let all = unit === 'ms' ? MARKS : [];
  if (unit !== 'ms') for (let e = -9; e < 16; e++) all.push(10 ** e);
  const inside = v => v >= lo * .999 && v <= hi * 1.001;
  const coarse = all.filter(inside);
  if (coarse.length >= 3) return coarse;
  const fine = [];
  for (let e = -9; e < 16; e++) for (const f of [1, 2, 5]) fine.push(f * 10 ** e);
  return fine.filter(inside);
};

const DASH = {solid: [], thin: [], dashed: [7, 5], dotted: [2, 3]};
const axis = (a, side, points) => {
  const it = {
    stroke: ink(), font: '11px system-ui, sans-serif', labelFont: '11px system-ui, sans-serif',
    grid: {stroke: grid(), width: 1, show: side === 'y'}, ticks: {stroke: grid(), width: 1, size: 5},
    values: (u, vs) => vs.map(v => v == null ? '' : show(v, a.unit)),
  };
  if (side === 'y') it.size = 66; else { it.label = a.label || undefined; it.labelSize = 16; it.size = 30; }
  // A curve of few points is marked at its points, unless their marks would touch.
  const span = points && (points[points.length - 1] - points[0]) / 16;
  if (points && points.length <= 9 && (a.log || points.every((p, i) => !i || p - points[i - 1] > span))) { it.splits = () => points; it.filter = (u, s) => s; }
  else if (a.log) { it.splits = (u, i, lo, hi) => logSplits(lo, hi, a.unit); it.filter = (u, s) => s; }
  return it;
};

const markLines = marks => ({hooks: {draw: u => {
  const {ctx, bbox} = u, ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = ink();
  ctx.lineWidth = ratio;
  ctx.font = 10 * ratio + 'px system-ui, sans-serif';
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  let free = -Infinity;
  for (const [at, label] of marks) {
    const x = Math.round(u.valToPos(at, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
    const wide = ctx.measureText(label).width + 8 * ratio;
    const left = x + wide > bbox.left + bbox.width ? x - wide : x + 4 * ratio;
    if (left < free) continue;
    free = left + wide;
    ctx.fillText(label, left, bbox.top + 3 * ratio);
  }
  ctx.restore();
}}});

const options = (chart, sync, width) => ({
  width, height: 220, plugins: [markLines(chart.marks)],
  cursor: {sync: {key: sync, setSeries: false}, drag: {x: true, y: false}, points: {size: 6}},
  scales: {
    x: {time: false, distr: chart.x.log ? 3 : 1, range: (u, lo, hi) => zoomed(u, lo, hi, chart)},
    y: {distr: chart.y.log ? 3 : 1, range: chart.y.range},
  },
  axes: [axis(chart.x, 'x', data.xs[chart.xs]), axis(chart.y, 'y')],
  series: [
    {label: chart.x.label || 'at most', value: (u, v) => show(v, chart.x.unit)},
    ...chart.lines.map(l => ({
      label: l.label, stroke: tint(l.colour), dash: DASH[l.stroke], points: {show: false},
      width: l.stroke === 'solid' ? 2 : 1.2, value: (u, v) => show(v, chart.y.unit),
    })),
  ],
  bands: chart.bands.map(([lower, upper]) => ({
    series: [upper + 1, lower + 1], fill: tint(chart.lines[upper].colour) + '26',
  })),
});
// The whole axis unless the reader has zoomed in.
const zoomed = (u, lo, hi, chart) => {
  const xs = data.xs[chart.xs];
  return lo == null || (lo <= xs[0] && hi >= xs[xs.length - 1]) ? chart.x.range : [lo, hi];
};

const numbers = (box, chart) => {
  const table = document.createElement('table');
  const cell = (row, text, tag) => { const c = document.createElement(tag); c.textContent = text; c.className = 'n'; row.append(c); };
  const head = table.createTHead().insertRow();
  cell(head, chart.x.label || 'at most', 'th');
  for (const l of chart.lines) cell(head, l.label, 'th');
  const body = table.createTBody();
  data.xs[chart.xs].forEach((x, i) => {
    const row = body.insertRow();
    cell(row, show(x, chart.x.unit), 'td');
    for (const l of chart.lines) cell(row, show(l.ys[i], chart.y.unit), 'td');
  });
  const wide = document.createElement('div');
  wide.className = 'wide';
  wide.append(table);
  box.append(wide);
};

let plots = [];
const drawAll = () => {
  for (const p of plots) p.plot.destroy();
  plots = [];
  for (const figure of data.figures) {
    const place = document.querySelector('[data-figure="' + figure.id + '"]');
    if (!place) continue;
    figure.panels.forEach((chart, i) => {
      const panel = chart && place.querySelector('[data-panel="' + i + '"]');
      if (!panel) return;
      const box = panel.querySelector('.plot');
      const values = [data.xs[chart.xs], ...chart.lines.map(l => l.ys)];
      plots.push({box, plot: new uPlot(options(chart, figure.sync, box.clientWidth), values, box)});
    });
  }
  root.dataset.charts = plots.length;
};
const fit = () => { for (const p of plots) p.plot.setSize({width: p.box.clientWidth, height: 220}); };

drawAll();
for (const figure of data.figures) figure.panels.forEach((chart, i) => {
  const panel = chart && document.querySelector('[data-figure="' + figure.id + '"] [data-panel="' + i + '"]');
  const details = panel && panel.querySelector('details');
  if (details) details.addEventListener('toggle', () => numbers(details, chart), {once: true});
});
addEventListener('resize', fit);
darkMode.addEventListener('change', drawAll);
addEventListener('beforeprint', () => { printing = true; drawAll(); });
addEventListener('afterprint', () => { printing = false; drawAll(); });
root.dataset.ready = 'yes';
})();
