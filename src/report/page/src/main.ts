// Puts the report's page together from the document that stands in it.
import { add, make, replace } from './elements';
import { balanceSection } from './balance';
import { countrySection } from './country_table';
import { decisionSection } from './decision_table';
import { isEnforced, readReport, type Report } from './document';
import { evidenceSection } from './evidence';
import { shortened } from './foreign_text';
import { time } from './format';
import { groupSection } from './group_tables';
import { inputSection } from './inputs';
import { mapSection } from './map';
import { period, summary } from './summary';
import { themeSwitch } from './theme';
import { timelineSection } from './timeline';
import { treemapSection } from './treemap';

const makers: ((report: Report) => HTMLElement | null)[] = [
  summary,
  timelineSection,
  groupSection,
  treemapSection,
  countrySection,
  mapSection,
  balanceSection,
  decisionSection,
  evidenceSection,
  inputSection,
];

function head(report: Report): HTMLElement {
  const when = period(report);
  return make(
    'header',
    { class: 'head' },
    make('h1', {}, report.live ? `ipguard report, live${isEnforced(report) ? '' : ' (dry run)'}` : 'ipguard report'),
    themeSwitch(),
    when && make('p', { class: 'period' }, when),
  );
}

function navigation(sections: HTMLElement[]): HTMLElement {
  const links = sections.map((section) => make('a', { href: `#${section.id}` }, section.querySelector('h2')?.textContent ?? ''));
  return make('nav', { class: 'sections', 'aria-label': 'Sections' }, ...links);
}

function foot(report: Report): HTMLElement {
  const made = report.generated ? ` Made ${shortened(time(report.generated), 40)} UTC.` : '';
  return make(
    'footer',
    {},
    make(
      'p',
      {},
      `ipguard ${shortened(report.ipguard ?? '', 40)}.${made} All times are UTC. This page is whole in itself: it loads nothing and sends nothing.`,
    ),
  );
}

// What one part of the document is wrong about does not take the rest of the page with it.
function made(maker: (report: Report) => HTMLElement | null, report: Report): HTMLElement | null {
  try {
    return maker(report);
  } catch (error) {
    console.error(error);
    return null;
  }
}

function show(): void {
  const page = document.getElementById('page');
  if (!page) return;
  const report = readReport();
  if (!report) {
    replace(
      page,
      make(
        'main',
        { id: 'main', class: 'failure' },
        make('h1', {}, 'ipguard report'),
        make('p', {}, 'There is no report in this page, or it is damaged.'),
      ),
    );
    return;
  }
  const sections = makers.map((maker) => made(maker, report)).filter((section): section is HTMLElement => section !== null);
  replace(page, head(report), navigation(sections), make('main', { id: 'main', tabindex: -1 }, ...sections));
  add(page, foot(report));
  // The address may name a section that was not there when the browser looked for it.
  sections.find((section) => `#${section.id}` === location.hash)?.scrollIntoView();
}

show();
