import type { Wrong } from "./faults.ts";

/** What a run has played: situations × calls × faults. */
export interface Row {
  domain: string;
  situation: string;
  /** AWS calls of what was done. */
  calls: number;
  /** Cases by kind of fault. */
  kinds: Record<string, number>;
  /** Cases whose call was not made. */
  unmet: number;
  red: number;
}

/** What can go wrong, in the order of the columns. */
export const kinds = [
  "twice",
  "lost",
  "late",
  "conflict",
  "frozen",
  "stale",
  "clock",
] as const satisfies Wrong["kind"][];

export const isKind = (text: string): boolean => kinds.some((kind) => kind === text);

export function printTable(rows: readonly Row[]): void {
  const heads = ["situation", "calls", ...kinds, "unmet", "red"];
  const lines = rows
    .toSorted((a, b) => (`${a.domain} ${a.situation}` < `${b.domain} ${b.situation}` ? -1 : 1))
    .map(({ domain, situation, calls, kinds: of, unmet, red }) => [
      `${domain} | ${situation}`,
      ...[calls, ...kinds.map((kind) => of[kind] ?? 0), unmet, red].map(String),
    ]);
  const total = (kind: string) => rows.reduce((sum, row) => sum + (row.kinds[kind] ?? 0), 0);
  const sums = [
    `${rows.length} situations`,
    ...[rows.reduce((sum, { calls }) => sum + calls, 0), ...kinds.map(total)].map(String),
    ...(["unmet", "red"] as const).map((name) => String(rows.reduce((sum, row) => sum + row[name], 0))),
  ];
  const all = [heads, ...lines, sums];
  const widths = heads.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  for (const line of all) {
    console.log(
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    );
  }
}
