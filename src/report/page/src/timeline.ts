// The timeline of hits by class: stacked bars (uPlot), a mark for each time with bans, zooming by pointer and by keyboard, and
// what is under the cursor as text.
import uPlot from 'uplot';
import { fold, make, replace, section } from './elements';
import { clock, count, date, duration, plural } from './format';
import { binned, seriesOf, stacked, type Binned, type Series, type Span } from './timeline_data';
import { colour, onColoursChanged } from './theme';
import { Table } from './table';
import { listedOnly } from './ban_counts';
import type { Decision, Report, Timeline } from './document';

const height = 280;
const narrowestBar = 5;
const keys = 'Left and right arrows move along, plus and minus zoom, Escape shows all.';

class TimelineChart {
  readonly element = make('div', { class: 'timeline' });
  private readonly readout = make('p', { class: 'readout' });
  private readonly spoken = make('p', { class: 'spoken', 'aria-live': 'polite' });
  private readonly frame = make('div', {
    class: 'chart',
    tabindex: 0,
    role: 'application',
    'aria-label': `Timeline of hits by class. ${keys}`,
    keydown: (event: KeyboardEvent) => this.key(event),
  });
  private readonly hidden = new Set<number>();
  private readonly whole: Span;
  private span: Span;
  private bins: Binned = { begin: 0, step: 1, series: [], bans: [] };
  private plot: uPlot | null = null;
  private at = -1;

  constructor(
    private readonly timeline: Timeline,
    private readonly decisions: Decision[],
    private readonly series: Series[],
  ) {
    this.whole = { from: 0, to: timeline.counts.length };
    this.span = this.whole;
    this.element.append(this.legend(), this.frame, this.foot(), this.spoken);
    let width = 0;
    new ResizeObserver(() => {
      if (this.frame.clientWidth === width) return;
      width = this.frame.clientWidth;
      this.draw();
    }).observe(this.frame);
    onColoursChanged(() => this.plot?.redraw(false));
  }

  private legend(): HTMLElement {
    const items = this.series.map((series, at) => {
      const chip = make('span', { class: 'chip', 'aria-hidden': 'true' });
      chip.style.setProperty('--chip', `var(--class-${series.colour})`);
      const button = make(
        'button',
        {
          type: 'button',
          'aria-pressed': 'true',
          click: () => {
            if (!this.hidden.delete(at)) this.hidden.add(at);
            button.setAttribute('aria-pressed', String(!this.hidden.has(at)));
            this.draw();
          },
        },
        chip,
        series.name,
        make('span', { class: 'count' }, count(series.total)),
      );
      return button;
    });
    return make('div', { class: 'legend', role: 'group', 'aria-label': 'Classes shown' }, ...items);
  }

  private foot(): HTMLElement {
    const button = (text: string, name: string, act: () => void) =>
      make('button', { type: 'button', 'aria-label': name, click: act }, text);
    return make(
      'div',
      { class: 'chart-foot' },
      this.readout,
      make(
        'div',
        { class: 'buttons' },
        button('+', 'Zoom in', () => this.zoom(0.5)),
        button('−', 'Zoom out', () => this.zoom(2)),
        button('All', 'Show all', () => this.show(this.whole)),
      ),
    );
  }

  private draw(): void {
    const width = this.frame.clientWidth;
    if (width === 0) return;
    this.bins = binned(this.timeline, this.series, this.decisions, this.span, Math.floor((width - 60) / narrowestBar));
    const times = this.bins.bans.map((_, bin) => this.bins.begin + bin * this.bins.step);
    // The highest of the stack is drawn first, the lower ones over it.
    const sums = stacked(this.bins.series, this.hidden).reverse();
    this.plot?.destroy();
    this.frame.textContent = '';
    this.plot = new uPlot(this.settings(width), [times, ...sums], this.frame);
    this.at = Math.min(this.at, times.length - 1);
    this.tell(this.at);
  }

  private settings(width: number): uPlot.Options {
    const bars = uPlot.paths.bars?.({ size: [0.86, 40], align: 1 });
    const last = this.bins.begin + this.bins.bans.length * this.bins.step;
    const axis = { stroke: () => colour('muted'), font: '12px system-ui, sans-serif', ticks: { show: false } };
    return {
      width,
      height,
      padding: [16, 24, 0, 0],
      legend: { show: false },
      // The axis is in UTC whatever the reader's clock says.
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), 'Etc/UTC'),
      cursor: { points: { show: false }, y: false, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: true, range: () => [this.bins.begin, last] }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 64,
          values: (_, splits, __, ___, step) => splits.map((at, i) => axisTime(at, splits[i - 1], step)),
        },
        {
          ...axis,
          grid: { stroke: () => colour('line'), width: 1 },
          size: 56,
          values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? count(value) : '')),
        },
      ],
      series: [
        {},
        ...[...this.series].reverse().map((series) => ({
          fill: () => colour(`class-${series.colour}`),
          width: 0,
          points: { show: false },
          ...(bars ? { paths: bars } : {}),
        })),
      ],
      hooks: {
        draw: [(plot) => this.drawBans(plot)],
        setCursor: [(plot) => this.tell(this.binAt(plot))],
        setSelect: [(plot) => this.select(plot)],
      },
    };
  }

  // A small triangle above each bar in whose time bans begin.
  private drawBans(plot: uPlot): void {
    const { ctx } = plot;
    const size = 4 * devicePixelRatio;
    const top = plot.bbox.top - 3 * devicePixelRatio;
    ctx.save();
    ctx.fillStyle = colour('ban');
    this.bins.bans.forEach((bans, bin) => {
      if (bans === 0) return;
      const middle = plot.valToPos(this.bins.begin + (bin + 0.43) * this.bins.step, 'x', true);
      ctx.beginPath();
      ctx.moveTo(middle - size, top - size * 1.6);
      ctx.lineTo(middle + size, top - size * 1.6);
      ctx.lineTo(middle, top);
      ctx.fill();
    });
    ctx.restore();
  }

  // The bar that the cursor is over, not the one whose beginning is nearest.
  private binAt(plot: uPlot): number {
    const left = plot.cursor.left ?? -1;
    return left < 0 ? this.at : Math.floor((plot.posToVal(left, 'x') - this.bins.begin) / this.bins.step);
  }

  private select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const step = (at: number) => (plot.posToVal(at, 'x') - this.bins.begin) / this.timeline.step_seconds + this.span.from;
    this.show({ from: Math.floor(step(left)), to: Math.ceil(step(left + width)) });
  }

  private show(span: Span): void {
    const to = Math.min(this.whole.to, Math.max(span.to, span.from + 4));
    this.span = { from: Math.max(0, Math.min(span.from, to - 1)), to };
    this.at = -1;
    this.draw();
  }

  private zoom(factor: number): void {
    const perBin = this.bins.step / this.timeline.step_seconds;
    const middle = this.at >= 0 ? this.span.from + (this.at + 0.5) * perBin : (this.span.from + this.span.to) / 2;
    const half = ((this.span.to - this.span.from) * factor) / 2;
    this.show({ from: Math.max(0, Math.round(middle - half)), to: Math.round(middle + half) });
  }

  private key(event: KeyboardEvent): void {
    const move: Record<string, number> = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: this.bins.bans.length - 1 };
    const wanted = move[event.key];
    if (wanted !== undefined) {
      this.at = Math.max(0, Math.min(this.bins.bans.length - 1, wanted));
      const left = this.plot?.valToPos(this.bins.begin + (this.at + 0.43) * this.bins.step, 'x') ?? 0;
      this.plot?.setCursor({ left, top: 10 });
      this.tell(this.at);
      replace(this.spoken, this.readout.textContent);
    } else if (event.key === '+' || event.key === '=') this.zoom(0.5);
    else if (event.key === '-') this.zoom(2);
    else if (event.key === 'Escape') this.show(this.whole);
    else return;
    event.preventDefault();
  }

  private tell(bin: number): void {
    const each = `One bar is ${duration(this.bins.step)}.`;
    if (bin < 0 || bin >= this.bins.bans.length) {
      replace(this.readout, `${each} Drag, or use the keys + and −, to zoom in. `, make('span', { class: 'ban-mark' }, '▾'), ' bans begin');
      return;
    }
    this.at = bin;
    const begin = this.bins.begin + bin * this.bins.step;
    const parts = this.series
      .map((series, at) => ({ name: series.name, hits: this.hidden.has(at) ? 0 : (this.bins.series[at]?.[bin] ?? 0) }))
      .filter((part) => part.hits > 0)
      .sort((a, b) => b.hits - a.hits);
    const hits = parts.reduce((sum, part) => sum + part.hits, 0);
    const bans = this.bins.bans[bin] ?? 0;
    const text = parts.map((part) => `${part.name} ${count(part.hits)}`).join(', ');
    replace(
      this.readout,
      make('strong', {}, `${date(begin)} ${clock(begin)} UTC, ${duration(this.bins.step)}: `),
      `${plural(hits, 'hit')}${text ? ` (${text})` : ''}${bans > 0 ? `; ${plural(bans, 'ban')} begin${bans === 1 ? 's' : ''}` : ''}`,
    );
  }
}

// "14:00", and the day under it where a new one begins, with the year where that is new.
function axisTime(at: number, before: number | undefined, step: number): string {
  const whole = date(at);
  const day = before !== undefined && date(before).slice(0, 4) === whole.slice(0, 4) ? whole.slice(5) : whole;
  if (step >= 86400) return day;
  return before === undefined || at % 86400 === 0 ? `${clock(at)}\n${day}` : clock(at);
}

function asTable(timeline: Timeline, decisions: Decision[], series: Series[]): HTMLElement {
  const bins = binned(timeline, series, decisions, { from: 0, to: timeline.counts.length }, 100);
  const rows = bins.bans.map((bans, bin) => ({
    at: bins.begin + bin * bins.step,
    bans,
    hits: series.map((_, at) => bins.series[at]?.[bin] ?? 0),
  }));
  return new Table({
    caption: 'Hits by time and class',
    rows,
    sortBy: 0,
    ascending: true,
    columns: [
      { title: 'Begins (UTC)', value: (row) => row.at, cell: (row) => `${date(row.at)} ${clock(row.at)}` },
      ...series.map((one, at) => ({ title: one.name, number: true, value: (row: (typeof rows)[number]) => row.hits[at] ?? 0 })),
      { title: 'Bans', number: true, value: (row) => row.bans },
    ],
  }).element;
}

export function timelineSection(report: Report): HTMLElement | null {
  const { timeline } = report;
  if (!timeline || !Array.isArray(timeline.counts) || timeline.counts.length === 0 || !(timeline.step_seconds > 0)) return null;
  const series = seriesOf(timeline);
  if (series.length === 0) return null;
  const decisions = report.decisions ?? [];
  const only = listedOnly(report, 'shown');
  return section(
    'timeline',
    'Timeline',
    only && make('p', { class: 'lead' }, only),
    new TimelineChart(timeline, decisions, series).element,
    fold('As a table', () => asTable(timeline, decisions, series)),
  );
}
