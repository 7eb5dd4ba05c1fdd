/** Escapes text for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A bollard with its rope, as an SVG document. */
export const ICON_SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5cad"/><path d="M9 9h14v4h-3l1 10H11l1-10H9zM8 23h16v3H8z" fill="#fff"/></svg>';

/** The icon in the page itself: browsers would ask for `/favicon.ico`, a call of a function. Needs `img-src data:`. */
export const ICON = `<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON_SVG)}">`;

/** Colours of every page, in light and dark; text on each has a contrast of 4.5 at least (WCAG 2.2, 1.4.3). */
export const palette = `
:root { color-scheme: light dark; --page: #eef1f5; --card: #fff; --text: #16202c; --soft: #55616f; --line: #dde3ea; --accent: #0b5cad; --on: #fff; --bad: #b3261e; --tint: #e7f0fa }
@media (prefers-color-scheme: dark) { :root { --page: #0f141a; --card: #1a212a; --text: #e8edf3; --soft: #a3afbd; --line: #323c48; --accent: #7db8f5; --on: #06213d; --bad: #ff9d94; --tint: #223349 } }
* { box-sizing: border-box }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
`;
