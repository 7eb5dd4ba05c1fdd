import type { TableDeps } from "#core/kernel/deps.ts";

/** What waiting needs: how many calls of a kind may wait at the same time, 0 where none may. */
export interface WaitDeps extends TableDeps {
  waitPlaces: number;
}

/** What authenticating needs: whether the function may write down on which day a key was last used. */
export interface UseDeps extends TableDeps {
  /** @default true */
  notesUse?: boolean;
}
