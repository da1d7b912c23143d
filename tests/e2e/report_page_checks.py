#!/usr/bin/env python3
"""Looks at the report's page in a browser: report_page_checks.py BROWSER documents PAGE FOLDER | BROWSER made PAGE.

`documents` fills PAGE (dist/report.html) with the documents of report_document.py; `made` takes a page that ipguardctl made of a
hostile log. Prints every failed expectation; exit status 1 if there is one.
"""
import os
import re
import sys

import report_document
from report_browser import Browser

failures = 0

# Elements that only a text that became markup could have made, and what may not be seen in a text (foreign_text.ts).
STRANGERS = """(() => {
  const found = [...document.querySelectorAll('img,svg,iframe,object,embed,base,video,audio,form,b,link:not([rel=icon])')];
  found.push(...[...document.querySelectorAll('script')].slice(2), ...[...document.querySelectorAll('style')].slice(1));
  found.push(...[...document.querySelectorAll('a')].filter(link => !/^(#[a-z0-9-]*|https:\\/\\/[a-z0-9./-]*)$/i.test(link.getAttribute('href'))));
  for (const element of document.querySelectorAll('*'))
    if ([...element.attributes].some(attribute => /^on/i.test(attribute.name))) found.push(element);
  return found.map(element => element.outerHTML.slice(0, 120));
})()"""
UNSEEN = """(() => {
  const pages = document.getElementById('page');
  const texts = [pages.textContent, ...[...pages.querySelectorAll('*')].flatMap(element => [...element.attributes].map(attribute => attribute.value))];
  return texts.some(text => /[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]/.test(text));
})()"""
# Everything that can be opened is: tabs, folds, long texts.
OPEN_ALL = """(() => {
  document.querySelectorAll('[role=tab]').forEach(tab => tab.click());
  document.querySelectorAll('details').forEach(details => { details.open = true; });
  return new Promise(done => setTimeout(() => { document.querySelectorAll('button.more').forEach(button => button.click()); done(true); }, 200));
})()"""


def expect(holds, text):
    global failures
    if not holds:
        failures += 1
        print(f"FAILED: {text}")


def equal(got, wanted, text):
    expect(got == wanted, f"{text}: {got!r} instead of {wanted!r}")


def quiet(browser, path, name):
    """Nothing on the console, nothing asked for but the page itself."""
    equal(browser.problems, [], f"{name}: the console")
    equal([url for url in browser.requests if not url.startswith("data:")], ["file://" + path], f"{name}: requests")


def text_of(browser, selector):
    return browser.evaluate(f"document.querySelector({selector!r})?.textContent ?? null")


def focus(browser, selector):
    expect(browser.evaluate(f"(document.querySelector({selector!r})?.focus(), document.activeElement === document.querySelector({selector!r}))"),
           f"{selector} cannot have the focus")


def until(browser, expression, text):
    """Waits for what comes a moment later, as a search does while somebody types."""
    waiting = f"new Promise(done => {{ let tries = 100; const look = () => ({expression}) ? done(true) : --tries > 0 ? setTimeout(look, 50) : done(false); look(); }})"
    expect(browser.evaluate(waiting), text)


def check_tables(browser):
    panel = "#panel-address "
    header = panel + "th:nth-child(3)"
    attacks = f"[...document.querySelectorAll('{panel}tbody tr')].map(row => Number(row.cells[2].textContent.replace(/[^0-9]/g, '')))"
    expect(browser.evaluate(f"document.querySelector('{header}').getAttribute('aria-sort')") == "descending", "attacks are not sorted at first")
    most = browser.evaluate(attacks)
    equal(most, sorted(most, reverse=True), "attacks, descending")
    focus(browser, header + " button")
    browser.press("Enter")
    equal(browser.evaluate(f"document.querySelector('{header}').getAttribute('aria-sort')"), "ascending", "aria-sort after Enter")
    fewest = browser.evaluate(attacks)
    equal(fewest, sorted(fewest), "attacks, ascending")
    expect(fewest[0] < most[-1], "sorting was of one page alone")
    focus(browser, panel + ".pager button:nth-of-type(3)")
    browser.press("Enter")
    expect(text_of(browser, panel + ".table-status").startswith("26–50 of"), "Enter on 'Next page' turned no page")
    focus(browser, panel + "input[type=search]")
    browser.type("203.0.113.")
    until(browser, f"/^(1–25 of )?[0-9,]+ of [0-9,]+ rows$/.test(document.querySelector('{panel}.table-status').textContent)", "typing searched nothing")
    keys = browser.evaluate(f"[...document.querySelectorAll('{panel}tbody tr')].map(row => row.textContent)")
    expect(keys and all("203.0.113." in key for key in keys), f"search found {keys[:3]}")
    browser.type("no such thing")
    until(browser, f"document.querySelector('{panel}tbody').textContent === 'Nothing is found.'", "an empty search does not say so")


def check_evidence(browser):
    browser.evaluate("(() => { const choice = document.querySelector('#evidence select'); choice.selectedIndex = 3; choice.dispatchEvent(new Event('change')); })()")
    chosen = browser.evaluate("document.querySelector('#evidence select').selectedOptions[0].textContent")
    rules = browser.evaluate("[...new Set([...document.querySelectorAll('#evidence tr.upper')].map(row => row.cells[0].textContent))]")
    equal(rules, [chosen], "evidence of the rule chosen")
    equal(browser.evaluate("document.querySelectorAll('#evidence tr.lower .log-line').length"), 3, "lines of evidence")


def check_tabs(browser):
    focus(browser, "#tab-address")
    browser.press("ArrowRight")
    equal(browser.evaluate("document.activeElement.id"), "tab-route", "the tab after ArrowRight")
    expect(browser.evaluate("!document.getElementById('panel-route').hidden && document.getElementById('panel-address').hidden"), "the panel did not follow")
    browser.press("End")
    equal(browser.evaluate("document.activeElement.id"), "tab-hour", "the tab after End")
    browser.evaluate("document.getElementById('tab-path').click()")
    expect("≈" in text_of(browser, "#panel-path tbody"), "approximate counts are not marked")
    equal(browser.evaluate("document.querySelectorAll('[role=tab][tabindex=\"0\"]').length"), 1, "tabs that Tab stops at")


def check_charts(browser):
    focus(browser, ".timeline .chart")
    browser.press("ArrowRight")
    expect("2026-06-01 00:00 UTC" in text_of(browser, ".timeline .readout"), "the timeline's readout did not follow the key")
    whole = text_of(browser, ".timeline .readout")
    browser.press("+")
    browser.press("Escape")
    browser.press("ArrowRight")
    equal(text_of(browser, ".timeline .readout"), whole, "the timeline after + and Escape")
    focus(browser, ".map")
    before = text_of(browser, ".map-told h3")
    browser.press("ArrowLeft")
    expect(text_of(browser, ".map-told h3") != before, "the map's cursor did not follow the key")
    browser.press("ArrowRight")
    browser.press("Enter")
    expect("/16" in text_of(browser, ".map-told h3"), "Enter did not enter the block")
    browser.press("Escape")
    equal(text_of(browser, ".map-told h3"), before, "the map after Escape")
    expect(browser.evaluate("(() => { const c = document.querySelector('.map canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; const seen = new Set(); for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]); return seen.size > 4; })()"), "the map is empty")
    focus(browser, ".treemap .box")
    browser.press("Enter")
    expect(browser.evaluate("document.querySelectorAll('.treemap-view .crumbs button').length") == 1, "Enter did not zoom into the treemap")
    browser.press("ArrowRight")
    browser.press("Escape")
    expect(browser.evaluate("document.querySelectorAll('.treemap-view .crumbs button').length") == 0, "Escape did not zoom out of the treemap")


def check_themes(browser, path):
    colours = {}
    for dark in (False, True):
        browser.open(path, dark=dark)
        colours[dark] = browser.evaluate("getComputedStyle(document.body).backgroundColor")
        quiet(browser, path, "dark" if dark else "light")
    expect(colours[False] != colours[True], "the page does not follow the system's colours")
    focus(browser, "input[name=theme][value=auto]")
    browser.press("ArrowRight")
    equal(browser.evaluate("getComputedStyle(document.body).backgroundColor"), colours[False], "the colour after choosing light")
    focus(browser, "input[name=theme][value=dark]")
    browser.press("Space")
    browser.pdf(os.devnull)
    equal(browser.evaluate("getComputedStyle(document.body).backgroundColor"), colours[True], "the colour after printing")


def check_full(browser, path):
    browser.open(path)
    wanted = ["summary", "timeline", "attackers", "networks", "countries", "map", "balance", "bans", "evidence", "inputs"]
    equal(browser.evaluate("[...document.querySelectorAll('main section')].map(section => section.id)"), wanted, "sections")
    for text in ("30,596 hits", "ladder.route.offenders=5", "IP Geolocation by DB-IP", "unexpected end of the compressed data", "What if", "turned away: 1 client that proved good meanwhile", "The first 238 of 255.",
                 "would have been made: 40 addresses, 4 routes, 1 AS", "of the visitors without a user name a sample of 6.3\u00a0% was looked at", "256 + 65,536 /64"):
        expect(text in browser.evaluate("document.getElementById('page').textContent"), f"'{text}' is not on the page")
    check_tables(browser)
    check_tabs(browser)
    check_charts(browser)
    check_evidence(browser)
    browser.evaluate(OPEN_ALL)
    equal(browser.evaluate(STRANGERS), [], "full: elements")
    quiet(browser, path, "full")
    for width in (390, 320):
        check_phone(browser, path, width)


def check_phone(browser, path, width):
    browser.open(path, width=width, height=844, phone=True)
    browser.evaluate("document.querySelectorAll('[role=tab]').forEach(tab => tab.click())")
    expect(browser.evaluate("document.documentElement.scrollWidth") <= width, f"{width}: the page has to be scrolled sideways")
    # Panels that are not seen have no width.
    cut = browser.evaluate("""(() => {
      const found = [];
      document.querySelectorAll('[role=tabpanel]').forEach((panel, at, all) => {
        all.forEach(other => { other.hidden = other !== panel; });
        panel.querySelectorAll('.scroller').forEach(one => { if (one.scrollWidth > one.clientWidth) found.push(panel.id); });
      });
      document.querySelectorAll('#countries .scroller, #balance .scroller, #bans .scroller, #inputs .scroller').forEach(one => {
        if (one.scrollWidth > one.clientWidth) found.push(one.closest('section').id);
      });
      return found;
    })()""")
    equal(cut, [], f"{width}: tables that are cut off")
    # A word on two lines has two boxes.
    broken = browser.evaluate("""(() => {
      document.querySelectorAll('[role=tabpanel]').forEach(panel => { panel.hidden = false; });
      const found = [];
      document.querySelectorAll('#panel-address .label.narrow, #panel-asn .label, #panel-country .label').forEach(label => {
        const text = label.firstChild, range = document.createRange();
        for (const word of text.data.matchAll(/[^ ]+/g)) {
          range.setStart(text, word.index);
          range.setEnd(text, word.index + word[0].length);
          if (range.getClientRects().length !== 1) found.push(word[0]);
        }
      });
      return found;
    })()""")
    equal(broken, [], f"{width}: words that are broken, or not seen")
    quiet(browser, path, f"phone, {width}")


# Boxes that stick out of what they are in, by more than a rounding.
STICKING_OUT = """[...document.querySelectorAll('.treemap .box, .treemap .inner')].filter(element => {
  const [box, outer] = [element.getBoundingClientRect(), element.parentElement.getBoundingClientRect()];
  return box.left < outer.left - 0.5 || box.top < outer.top - 0.5 || box.right > outer.right + 0.5 || box.bottom > outer.bottom + 0.5;
}).map(element => element.title || element.className)"""


def check_filtered(browser, path):
    browser.open(path)
    for text in ("would have been made in the whole log: 40 addresses, 4 routes, 1 AS; 9 of them fit the filters", "Of 45 bans 9 fit, and would have stopped 5,576 lines with hits",
                 "Of 45 bans in the whole log 9 fit the filters.", "later lines with hits, of the whole log"):
        expect(text in browser.evaluate("document.getElementById('page').textContent"), f"filtered: '{text}' is not on the page")
    for section, done in (("timeline", "shown"), ("networks", "shown"), ("countries", "counted"), ("map", "shown")):
        expect(f"Of 45 bans only the 9 in the list of bans are {done} here." in text_of(browser, "#" + section), f"filtered: {section} does not say which bans it has")
    quiet(browser, path, "filtered")


def check_hostile(browser, path, name="hostile"):
    browser.open(path)
    title = browser.evaluate("document.title")
    browser.evaluate(OPEN_ALL)
    browser.settle()
    equal(title, "ipguard report", f"{name}: title")
    if name == "made":
        # What was stopped is a part of the figure that stands beside it.
        summary = browser.evaluate("[...document.querySelectorAll('#summary .figure-tile')].map(tile => tile.innerText.replace(/\\s+/g, ' '))")
        stopped = re.search(r"([0-9,]+) later lines: ([0-9.]+) ?% of ([0-9,]+) with hits", " ".join(summary))
        expect(summary[0].startswith("Hits ") and stopped is not None, f"made: the figures are {summary}")
        if stopped:
            part, whole = (int(stopped[group].replace(",", "")) for group in (1, 3))
            expect(part <= whole and abs(part / whole * 100 - float(stopped[2])) < 1, f"made: another base: {summary}")
    equal(browser.evaluate(STRANGERS), [], f"{name}: elements")
    equal(browser.evaluate(UNSEEN), False, f"{name}: what cannot be seen")
    expect("<img src=x onerror=" in browser.evaluate("document.getElementById('page').textContent"), f"{name}: the text itself is not shown")
    quiet(browser, path, name)
    return browser.evaluate("[...document.querySelectorAll('main section')].map(section => section.id)")


def check_empty(browser, path):
    browser.open(path)
    equal(browser.evaluate("[...document.querySelectorAll('main section')].map(section => section.id)"), ["summary", "inputs"], "empty: sections")
    expect("No line hit a rule" in text_of(browser, "#summary"), "empty: it does not say so")
    quiet(browser, path, "empty")


def check_huge(browser, path):
    browser.open(path)
    panel = "#panel-address "
    equal(text_of(browser, panel + ".table-status"), "1–25 of 10,000 rows", "huge: status")
    expect(browser.evaluate("document.querySelectorAll('*').length") < 6000, "huge: more elements than are seen")
    equal(browser.evaluate(STICKING_OUT), [], "huge: boxes of the treemap outside of it")
    expect("10,000 of 12,345: those that stopped most." in text_of(browser, "#bans"), "huge: it does not say which bans are listed")
    expect("would have been made: 12,345 addresses" in text_of(browser, "#summary"), "huge: the scopes are not those of all bans")
    focus(browser, panel + ".pager button:nth-of-type(4)")
    browser.press("Enter")
    equal(text_of(browser, panel + ".table-status"), "9,976–10,000 of 10,000 rows", "huge: the last page")
    focus(browser, panel + "input[type=search]")
    browser.type("2001:db8:2bb:2bb::1")
    until(browser, f"document.querySelector('{panel}.table-status').textContent === '1 of 10,000 rows'", "huge: search")
    quiet(browser, path, "huge")


def check_damaged(browser, path):
    browser.open(path)
    expect("There is no report in this page" in text_of(browser, "main"), "damaged: it does not say so")
    quiet(browser, path, "damaged")


def check_the_checks(browser, path):
    """What would be wrong is noticed: markup in the page, and what it asks of the network, which the page's policy forbids."""
    browser.open(path)
    expect(browser.evaluate(STRANGERS) != [], "an element from a text was not noticed")
    expect(browser.problems != [], "a script from a text was not noticed")


def documents(browser, page_path, folder):
    with open(page_path, encoding="utf-8") as file:
        page = file.read()

    def write(name, document, page=page):
        path = os.path.join(folder, name + ".html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(page.replace("@IPGUARD_REPORT@", document))
        return path

    full = write("full", report_document.text_of(report_document.full()))
    check_full(browser, full)
    check_themes(browser, full)
    check_filtered(browser, write("filtered", report_document.text_of(report_document.filtered())))
    check_hostile(browser, write("hostile", report_document.text_of(report_document.hostile())))
    check_empty(browser, write("empty", report_document.text_of(report_document.empty())))
    check_huge(browser, write("huge", report_document.text_of(report_document.huge())))
    for name, text in (("unfilled", "@IPGUARD_REPORT@"), ("cut", '{"version":1,"hits":'), ("list", "[]")):
        check_damaged(browser, write(name, text))
    markup = re.sub("<body>", "<body><img src=https://203.0.113.9/x onerror=hostile()><script>hostile()</script>", page, count=1)
    check_the_checks(browser, write("markup", "{}", markup))


def main():
    browser = Browser(sys.argv[1])
    try:
        if sys.argv[2] == "documents":
            documents(browser, sys.argv[3], sys.argv[4])
        else:
            sections = check_hostile(browser, sys.argv[3], "made")
            for section in ("summary", "timeline", "attackers", "networks", "bans", "evidence", "inputs"):
                expect(section in sections, f"made: no {section}")
    finally:
        browser.close()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
