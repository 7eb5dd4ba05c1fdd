/** What rooms say of their events, and what those have in common. */
import * as z from "zod";
import { id } from "./common.ts";
import type { Event } from "./events.ts";

/** An event type: what it says, its `data`, and an example. */
export interface EventInfo {
  description: string;
  /** What it is about, as a member of each event names it. @default "workspace" */
  of?: "workspace" | "organization";
  data: z.ZodObject;
  example: Pick<Event, "organization_id" | "file_id" | "share_id" | "actor" | "data">;
}

export const ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
export const moment = "2026-01-01T00:00:00.000Z";
export const later = "2026-01-02T00:00:00.000Z";
export const file_id = `file_${ULID}`;
export const folder_id = `fld_${ULID}`;
export const version_id = `ver_${ULID}`;
export const client = { type: "client", id: `cli_${ULID}` } as const;
export const system = { type: "system", id: "sweep" } as const;
export const fileName = z.string().meta({ description: "The file's name without folders, at that moment." });
export const fileFolder = id("fld").meta({ description: "The folder that the file lies in." });
export const size = z.int().meta({ description: "Bytes of the version." });
