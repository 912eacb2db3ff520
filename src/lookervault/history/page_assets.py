"""Style and script of the page of changes. Nothing of a vault ever comes in here."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1c2430; --soft: #5a6675; --line: #dde2e9;
  --accent: #1f5fbf; --mark: #fff3bf;
  --added: #1a7f4b; --changed: #9a6700; --deleted: #c0302b; --before: #fdecea; --after: #e6f6ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1a2029; --ink: #e4e9f0; --soft: #9aa7b8; --line: #2c3542;
    --accent: #82b1ff; --mark: #5a4a00;
    --added: #5fce92; --changed: #e0b341; --deleted: #ff8a80; --before: #3a2023; --after: #17321f;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; overflow-wrap: anywhere; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
header, main, footer { max-width: 58rem; margin: 0 auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 2rem 0 .25rem; }
h2 { font-size: 1rem; margin: 2rem 0 .6rem; color: var(--soft); font-weight: 600; }
h2 span, .count { font-weight: 400; }
p { margin: .25rem 0; }
.from-to, .count, footer { color: var(--soft); }
.from-to time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.bar { position: sticky; top: 0; z-index: 1; background: var(--page);
  border-bottom: 1px solid var(--line); margin-top: 1rem; }
.tools { max-width: 58rem; margin: 0 auto; padding: .75rem 1.25rem;
  display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
input { flex: 1 1 14rem; min-width: 0; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: .5rem; padding: .45rem .75rem; }
button { font: inherit; font-size: .875rem; color: var(--soft); background: transparent;
  border: 1px solid var(--line); border-radius: 2rem; padding: .3rem .75rem; cursor: pointer; }
button[aria-pressed="true"] { color: var(--ink); background: var(--card);
  border-color: currentColor; }
input:focus-visible, button:focus-visible, summary:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 1px; }
.count { font-size: .875rem; flex-basis: 100%; margin: 0; }
article { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  border-left: .3rem solid var(--changed); padding: .75rem 1rem; margin: 0 0 .6rem; }
.added, .restored { --kind: var(--added); }
.changed { --kind: var(--changed); }
.deleted, .trashed { --kind: var(--deleted); }
article { border-left-color: var(--kind); }
h3 { font-size: 1rem; margin: 0; }
.kind { color: var(--kind); font-size: .8125rem; font-weight: 600; margin-right: .5rem; }
.id { color: var(--soft); font-size: .875rem; }
ul { margin: .5rem 0 .25rem; padding-left: 1.1rem; }
li { margin: .15rem 0; }
li em { font-style: normal; font-weight: 600; }
q { quotes: none; background: var(--page); border-radius: .25rem; padding: 0 .25rem;
  box-decoration-break: clone; -webkit-box-decoration-break: clone; }
bdi { unicode-bidi: isolate; }
details { margin-top: .4rem; font-size: .875rem; }
summary { color: var(--soft); cursor: pointer; width: fit-content; }
dl { margin: .4rem 0 0; }
dt { font: .8125rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; margin-top: .6rem; }
dd { margin: .15rem 0 0; padding: .25rem .5rem; border-radius: .3rem; white-space: pre-wrap;
  font: .8125rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
dd.before { background: var(--before); }
dd.after { background: var(--after); }
.none { color: var(--soft); font-style: italic; }
footer { font-size: .875rem; padding-top: 1.5rem; padding-bottom: 3rem; }
@media (max-width: 32rem) {
  header, main, footer, .tools { padding-left: .8rem; padding-right: .8rem; }
  h1 { font-size: 1.3rem; margin-top: 1.2rem; }
  input { flex-basis: 100%; }
  .tools { gap: .35rem; padding-top: .5rem; padding-bottom: .5rem; }
  button { padding: .25rem .6rem; }
  article { padding: .6rem .75rem; }
}
@media print { .bar { position: static; } article { break-inside: avoid; } }
"""

SCRIPT = """
'use strict';
const box = document.querySelector('input');
const count = document.querySelector('.count');
const kinds = [...document.querySelectorAll('button')];
const items = [...document.querySelectorAll('article')];
const texts = new Map();
const textOf = (item) => {
  if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
  return texts.get(item);
};
const filter = () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const off = kinds.filter((k) => k.getAttribute('aria-pressed') !== 'true');
  const hidden = new Set(off.map((k) => k.dataset.kind));
  let shown = 0;
  for (const item of items) {
    const fits = !hidden.has(item.className) && words.every((w) => textOf(item).includes(w));
    item.hidden = !fits;
    shown += fits;
  }
  for (const part of document.querySelectorAll('section')) {
    part.hidden = !part.querySelector('article:not([hidden])');
  }
  const all = items.length.toLocaleString('en');
  const some = shown.toLocaleString('en');
  count.textContent = shown === items.length ? `${all} in all` : `${some} of ${all} shown`;
};
box.addEventListener('input', filter);
for (const kind of kinds) {
  kind.addEventListener('click', () => {
    kind.setAttribute('aria-pressed', kind.getAttribute('aria-pressed') !== 'true');
    filter();
  });
}
filter();
"""
