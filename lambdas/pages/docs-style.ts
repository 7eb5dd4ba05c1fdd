import { palette } from "./html.ts";

export const docsStyle = `${palette}
html { scroll-padding-top: 1rem }
body { margin: 0; background: var(--card); color: var(--text); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
a { color: var(--accent) }
.skip { position: absolute; left: -99rem } .skip:focus { left: 1rem; top: 1rem }
nav { padding: 1.5rem 1.25rem; background: var(--page); font-size: .875rem }
nav ul { list-style: none; margin: 0; padding: 0 } nav li { margin: .2rem 0 }
nav ul ul { margin: .2rem 0 .8rem .75rem } nav a { text-decoration: none } nav a:hover { text-decoration: underline }
main { padding: 2rem 1.25rem 6rem; max-width: 56rem }
@media (min-width: 62rem) {
  body { display: grid; grid-template-columns: 17rem minmax(0, 1fr) }
  nav { position: sticky; top: 0; height: 100vh; overflow-y: auto } main { padding: 2rem 3rem 6rem }
}
@media (max-width: 61.99rem) { nav ul ul { display: none } nav > ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem } }
h1 { margin: 0 } h2 { margin: 4rem 0 1rem; padding-bottom: .3rem; border-bottom: 2px solid var(--line) }
h3 { margin: 0 0 .5rem; font: 600 1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
h3 a { color: inherit; text-decoration: none } h3 a:hover { text-decoration: underline }
h3 b { color: var(--accent) } h3 b.delete { color: var(--bad) }
h4 { margin: 1.25rem 0 .4rem } small { color: var(--soft); font-weight: 400; font-size: .875rem }
section { padding: 1.75rem 0; border-bottom: 1px solid var(--line) } section:target { border-left: 3px solid var(--accent) }
code, pre { font: .875em/1.5 ui-monospace, monospace } code { overflow-wrap: anywhere }
pre { margin: .75rem 0; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--page); white-space: pre-wrap; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse; font-size: .9rem } td, th { padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { color: var(--soft); font-weight: 600 } td:first-child { width: 34% } td:nth-child(2) { width: 24% } td i { color: var(--soft); font-size: .8rem; font-style: normal }
#errors ~ table tr:not([id]) td:first-child { padding-left: 1.25rem }
:target > td { background: var(--tint) }
summary { cursor: pointer; color: var(--accent) } .codes { font-size: .9rem; line-height: 1.9 }
`;
