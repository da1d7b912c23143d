// What the timeline draws: the document's steps put together until each is wide enough to be seen, the rarest classes as one.
import type { Decision, Timeline } from './document';
import { shortened } from './foreign_text';
import { seconds } from './format';

export interface Series {
  name: string;
  // Index of the class's colour, 0 … mostSeries - 1.
  colour: number;
  counts: number[];
  total: number;
}

export interface Span {
  // Steps of the document.
  from: number;
  to: number;
}

export interface Binned {
  begin: number;
  step: number;
  // One count a bin for each series; a series that is hidden has none.
  series: number[][];
  bans: number[];
}

// As many as there are colours that can be told apart.
export const mostSeries = 7;

// The classes, most hits first.
export function seriesOf(timeline: Timeline): Series[] {
  const all = timeline.classes
    .map((name, at) => {
      const counts = timeline.counts.map((step) => step[at] ?? 0);
      return { name: shortened(name, 40), colour: 0, counts, total: counts.reduce((sum, value) => sum + value, 0) };
    })
    .filter((series) => series.total > 0)
    .sort((a, b) => b.total - a.total);
  const own = all.length > mostSeries ? all.slice(0, mostSeries - 1) : all;
  const rest = all.slice(own.length);
  if (rest.length > 0) {
    const counts = timeline.counts.map((_, step) => rest.reduce((sum, series) => sum + (series.counts[step] ?? 0), 0));
    own.push({ name: `${rest.length} other classes`, colour: 0, counts, total: rest.reduce((sum, series) => sum + series.total, 0) });
  }
  return own.map((series, at) => ({ ...series, colour: at }));
}

// Bins of so many whole steps that at most `most` of them make up the span.
export function binned(timeline: Timeline, series: Series[], decisions: Decision[], span: Span, most: number): Binned {
  const steps = span.to - span.from;
  const each = Math.max(1, Math.ceil(steps / Math.max(1, most)));
  const bins = Math.max(1, Math.ceil(steps / each));
  const begin = (seconds(timeline.begin) ?? 0) + span.from * timeline.step_seconds;
  const step = each * timeline.step_seconds;
  const sums = series.map((one) => {
    const sum = Array<number>(bins).fill(0);
    for (let at = 0; at < steps; at += 1) {
      const bin = Math.floor(at / each);
      sum[bin] = (sum[bin] ?? 0) + (one.counts[span.from + at] ?? 0);
    }
    return sum;
  });
  const bans = Array<number>(bins).fill(0);
  for (const decision of decisions) {
    const at = seconds(decision.at ?? decision.since);
    const bin = at === null ? -1 : Math.floor((at - begin) / step);
    if (bin >= 0 && bin < bins) bans[bin] = (bans[bin] ?? 0) + 1;
  }
  return { begin, step, series: sums, bans };
}

// For stacked bars: the sum of each series and those below it. Hidden ones add nothing.
export function stacked(series: number[][], hidden: Set<number>): number[][] {
  let below: number[] = series[0]?.map(() => 0) ?? [];
  return series.map((counts, at) => {
    below = counts.map((value, bin) => (below[bin] ?? 0) + (hidden.has(at) ? 0 : value));
    return below;
  });
}
