// How numbers and times are written: the same on every machine, times in UTC. A number and its unit stay on one line.

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export const count = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : grouped.format(value));

export const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '–';
  const value = share * 100;
  if (value > 0 && value < 0.1) return '<\u00a00.1\u00a0%';
  if (value < 100 && value > 99.9) return '>\u00a099.9\u00a0%';
  return `${value.toFixed(value >= 99.95 || value === 0 ? 0 : 1)}\u00a0%`;
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${units[unit]}`;
}

// Seconds since 1970, or null where the text is no time.
export function seconds(time: string | null | undefined): number | null {
  const parsed = time ? Date.parse(time) : NaN;
  return Number.isNaN(parsed) ? null : parsed / 1000;
}

const two = (value: number) => String(value).padStart(2, '0');

export function date(at: number): string {
  const day = new Date(at * 1000);
  return `${day.getUTCFullYear()}-${two(day.getUTCMonth() + 1)}-${two(day.getUTCDate())}`;
}

export function clock(at: number, withSeconds = false): string {
  const day = new Date(at * 1000);
  const minutes = `${two(day.getUTCHours())}:${two(day.getUTCMinutes())}`;
  return withSeconds ? `${minutes}:${two(day.getUTCSeconds())}` : minutes;
}

export function time(text: string | null | undefined): string {
  const at = seconds(text);
  return at === null ? (text ?? '–') : `${date(at)} ${clock(at, true)}`;
}

// Two units at most: "3 d 4 h".
export function duration(length: number): string {
  const units: [string, number][] = [
    ['d', 86400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ];
  const first = units.findIndex(([, size]) => length >= size);
  if (first < 0) return '0 s';
  let rest = Math.round(length);
  return units
    .slice(first, first + 2)
    .map(([name, size]) => {
      const number = Math.floor(rest / size);
      rest -= number * size;
      return number > 0 ? `${count(number)} ${name}` : '';
    })
    .filter(Boolean)
    .join(' ');
}
