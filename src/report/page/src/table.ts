// A table that can be sorted by its headers, searched, and turned over page by page, so that ten thousand rows cost no more
// than the fifty that are seen.
import { add, longText, make, replace, spoken, type Child } from './elements';
import { count, plural } from './format';

export interface Column<Row> {
  title: string;
  // What the column sorts by; absent values come last, whichever way it is sorted.
  value: (row: Row) => string | number | null | undefined;
  // What is shown, where it is not the value itself.
  cell?: (row: Row) => Child;
  number?: boolean;
  // Explains the header.
  hint?: string;
  // Left out on narrow screens.
  wide?: boolean;
}

export interface TableOptions<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  // Column that the rows are sorted by at first; descending unless said otherwise. Without it: in the order given.
  sortBy?: number;
  ascending?: boolean;
  // What the search looks in; without it there is no search.
  searched?: (row: Row) => string;
  // A second line for each row, over all columns.
  below?: (row: Row) => Child;
  // Rows a page.
  page?: number;
  // Further controls beside the search.
  controls?: Child;
  empty?: string;
  // On narrow screens the first column has a line of its own in each row, the others stand under it side by side.
  stacks?: boolean;
}

const compare = (a: string | number, b: string | number): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;

let tables = 0;

export class Table<Row> {
  readonly element: HTMLElement;
  private readonly body: HTMLElement;
  private readonly status = make('p', { class: 'table-status', role: 'status' });
  private readonly pager = make('div', { class: 'pager' });
  private readonly headers: HTMLElement[] = [];
  private readonly perPage: number;
  private rows: Row[];
  private found: Row[] = [];
  private texts: string[] | null = null;
  private query = '';
  private sortedBy: number | undefined;
  private ascending: boolean;
  private page = 0;

  constructor(private readonly options: TableOptions<Row>) {
    this.rows = options.rows;
    this.perPage = options.page ?? 25;
    this.sortedBy = options.sortBy;
    this.ascending = options.ascending ?? false;
    this.body = make('tbody', { role: this.role('rowgroup') });
    this.element = this.frame();
    this.refresh();
  }

  setRows(rows: Row[]): void {
    this.rows = rows;
    this.texts = null;
    this.refresh();
  }

  private frame(): HTMLElement {
    const name = `table-${(tables += 1)}`;
    const head = this.line('', ...this.options.columns.map((column, at) => this.header(column, at)));
    const table = make(
      'table',
      { class: this.options.stacks ? 'stacks' : null, role: this.role('table') },
      make('caption', { id: name, class: 'spoken' }, this.options.caption),
      make('thead', { role: this.role('rowgroup') }, head),
      this.body,
    );
    const beside = this.options.columns.filter((column) => !column.wide).length - 1;
    table.style.setProperty('--beside', String(Math.max(1, beside)));
    const scroller = make('div', { class: 'scroller', role: 'region', tabindex: 0, 'aria-labelledby': name }, table);
    return make('div', { class: 'table' }, this.tools(), scroller, make('div', { class: 'table-foot' }, this.status, this.pager));
  }

  private tools(): Child {
    // Few rows are seen at a glance.
    if (!this.options.searched || this.rows.length <= 8)
      return this.options.controls ? make('div', { class: 'tools' }, this.options.controls) : null;
    let waiting = 0;
    const input = make('input', {
      type: 'search',
      placeholder: 'Search',
      autocomplete: 'off',
      spellcheck: 'false',
      'aria-label': `Search: ${this.options.caption}`,
      input: () => {
        clearTimeout(waiting);
        waiting = window.setTimeout(() => {
          this.query = input.value.trim().toLowerCase();
          this.refresh();
        }, 120);
      },
    });
    return make('div', { class: 'tools' }, input, this.options.controls);
  }

  private header(column: Column<Row>, at: number): HTMLElement {
    const button = make(
      'button',
      {
        type: 'button',
        title: column.hint,
        click: () => {
          this.ascending = this.sortedBy === at ? !this.ascending : !column.number;
          this.sortedBy = at;
          this.refresh();
        },
      },
      column.title,
      make('span', { class: 'arrow', 'aria-hidden': 'true' }),
    );
    const header = make('th', { scope: 'col', role: this.role('columnheader'), class: this.classes(column) }, button);
    this.headers.push(header);
    return header;
  }

  private classes(column: Column<Row>): string {
    const first = this.options.columns.find((one) => !one.wide);
    return [column.number && 'number', column.wide && 'wide', column === first && 'first'].filter(Boolean).join(' ');
  }

  // Elements that are laid out as no table any more lose what they are to assistive technology, unless it is said.
  private role(name: string): string | null {
    return this.options.stacks ? name : null;
  }

  private line(className: string, ...cells: HTMLElement[]): HTMLElement {
    return make('tr', { class: className || null, role: this.role('row') }, ...cells);
  }

  private cellOverAll(className: string | null, content: Child): HTMLElement {
    return make('td', { colspan: this.options.columns.length, class: className, role: this.role('cell') }, content);
  }

  // Searches, sorts, and goes to the first page.
  private refresh(): void {
    this.page = 0;
    this.found = this.query === '' ? [...this.rows] : this.search();
    const column = this.sortedBy === undefined ? undefined : this.options.columns[this.sortedBy];
    if (column) {
      const turn = this.ascending ? 1 : -1;
      const keys = new Map(this.found.map((row) => [row, column.value(row) ?? null]));
      this.found.sort((a, b) => {
        const [left, right] = [keys.get(a) ?? null, keys.get(b) ?? null];
        if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
        return turn * compare(left, right);
      });
    }
    this.headers.forEach((header, at) => {
      if (at === this.sortedBy) header.setAttribute('aria-sort', this.ascending ? 'ascending' : 'descending');
      else header.removeAttribute('aria-sort');
    });
    this.show();
  }

  private search(): Row[] {
    const searched = this.options.searched;
    if (!searched) return [...this.rows];
    const texts = (this.texts ??= this.rows.map((row) => searched(row).toLowerCase()));
    const words = this.query.split(/\s+/);
    return this.rows.filter((_, at) => words.every((word) => texts[at]?.includes(word)));
  }

  private show(): void {
    const first = this.page * this.perPage;
    const shown = this.found.slice(first, first + this.perPage);
    replace(this.body, ...shown.flatMap((row) => this.row(row)));
    if (shown.length === 0) {
      const text = this.query === '' ? (this.options.empty ?? 'Nothing.') : 'Nothing is found.';
      add(this.body, this.line('', this.cellOverAll('nothing', text)));
    }
    const total = this.query === '' ? plural(this.rows.length, 'row') : `${count(this.found.length)} of ${plural(this.rows.length, 'row')}`;
    this.status.hidden = this.query === '' && this.pages() === 1 && this.rows.length <= 8;
    replace(this.status, this.pages() > 1 ? `${count(first + 1)}–${count(first + shown.length)} of ${total}` : total);
    this.showPager();
  }

  private row(row: Row): Child[] {
    const cells = this.options.columns.map((column) => {
      const attributes = { class: this.classes(column), role: this.role('cell') };
      const content = column.cell ? column.cell(row) : Table.plain(column, row);
      return make('td', attributes, typeof content === 'string' ? longText(content) : content);
    });
    if (!this.options.below) return [this.line('', ...cells)];
    return [this.line('upper', ...cells), this.line('lower', this.cellOverAll(null, this.options.below(row)))];
  }

  private static plain<Row>(column: Column<Row>, row: Row): Child {
    const value = column.value(row);
    if (value === null || value === undefined || value === '') return make('span', { class: 'absent' }, '–');
    return typeof value === 'number' ? count(value) : value;
  }

  private pages(): number {
    return Math.max(1, Math.ceil(this.found.length / this.perPage));
  }

  // The buttons stay while the pages turn, so that the focus does.
  private showPager(): void {
    this.pager.hidden = this.pages() < 2;
    if (this.pager.children.length === 0) {
      const button = (text: string, name: string, to: () => number) =>
        make('button', { type: 'button', click: () => this.turnTo(to()) }, make('span', { 'aria-hidden': 'true' }, text), spoken(name));
      add(
        this.pager,
        button('«', 'First page', () => 0),
        button('‹', 'Previous page', () => this.page - 1),
        make('span', { class: 'page-number' }),
        button('›', 'Next page', () => this.page + 1),
        button('»', 'Last page', () => this.pages() - 1),
      );
    }
    const [begin, back, number, next, end] = [...this.pager.children] as HTMLElement[];
    if (number) replace(number, `${count(this.page + 1)} / ${count(this.pages())}`);
    for (const element of [begin, back]) element?.setAttribute('aria-disabled', String(this.page === 0));
    for (const element of [next, end]) element?.setAttribute('aria-disabled', String(this.page === this.pages() - 1));
  }

  private turnTo(page: number): void {
    const wanted = Math.min(Math.max(page, 0), this.pages() - 1);
    if (wanted === this.page) return;
    this.page = wanted;
    this.show();
  }
}

// A number with a bar behind it, as long as its part of the largest.
export function barred(value: number, most: number, text: string, className = ''): HTMLElement {
  const bar = make('span', { class: `bar ${className}`.trim(), 'aria-hidden': 'true' });
  bar.style.setProperty('--part', String(most > 0 ? Math.min(1, value / most) : 0));
  return make('span', { class: 'barred' }, bar, make('span', { class: 'figure' }, text));
}
