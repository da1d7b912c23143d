// Bundles the page into one file: node build.mjs OUT. Scripts and styles stand in it as they are, and its
// Content-Security-Policy names their hashes: no other script or style runs in it, whoever wrote it into the page.
// The stamp `ipguard-page-sources` is the SHA-256 of what the page is made from (the sources in the order of their paths,
// LICENSES.txt, package-lock.json, this file), so that tests/house/report_page.sh can tell without npm that the page is of these sources.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const placeholder = '@IPGUARD_REPORT@';
const mostBytes = 250 * 1024;

function sourcesHash() {
  const sources = readdirSync(join(here, 'src'))
    .sort()
    .map((name) => join('src', name));
  const hash = createHash('sha256');
  for (const path of [...sources, 'LICENSES.txt', 'build.mjs', 'package-lock.json']) hash.update(readFileSync(join(here, path)));
  return hash.digest('hex');
}

async function bundled(entry) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome100', 'firefox100', 'safari15'],
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'warning',
  });
  return result.outputFiles[0].text.trim();
}

const contentHash = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

function filled(template, values) {
  return Object.entries(values).reduce((text, [name, value]) => {
    if (text.split(`@${name}@`).length !== 2) throw new Error(`@${name}@ must stand in page.html once`);
    return text.replace(`@${name}@`, () => value);
  }, template);
}

const out = process.argv[2];
if (!out) throw new Error('usage: node build.mjs OUT');
const style = await bundled('src/style.css');
const script = await bundled('src/main.ts');
if (/<\/(script|style)|<!--/i.test(script + style)) throw new Error('the bundle would end its own element');
const page = filled(readFileSync(join(here, 'src/page.html'), 'utf8'), {
  SCRIPT_HASH: contentHash(script),
  STYLE_HASH: contentHash(style),
  SOURCES_HASH: sourcesHash(),
  LICENSES: readFileSync(join(here, 'LICENSES.txt'), 'utf8').trim(),
  STYLE: style,
  SCRIPT: script,
});
// The program holds the page as a C++ raw string (../page_text.cc.in).
if (page.includes(')page"')) throw new Error('the page would end the raw string that it is put into');
if (page.split(placeholder).length !== 2) throw new Error(`${placeholder} must stand in the page once`);
if (Buffer.byteLength(page) > mostBytes) throw new Error(`the page has ${Buffer.byteLength(page)} bytes, more than ${mostBytes}`);
writeFileSync(out, page);
