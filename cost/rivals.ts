/** What a team would pay for the same month elsewhere, at list prices without taxes. */
import { HOURS } from "./assumptions.ts";
import type { Month } from "./price-workload.ts";
import { costOf } from "./prices.ts";
import { partsOf, type Workload } from "./workload.ts";

export interface Rival {
  readonly name: string;
  /** US dollars a month. */
  readonly usd: number;
  /** What is in it, and what isn't. */
  readonly what: string;
  /** Where and when the price was read, or since when it is known. */
  readonly from: string;
}

/** A seat of a plan that is paid by the year, and the fewest seats that are sold. */
const SEATS = {
  box: { usd: 15, least: 3, from: "19pine.ai/subscription/box, undated copy" },
  dropbox: { usd: 15, least: 3, from: "known since 2023, not looked up" },
};
/** AWS Transfer Family: an hour of an SFTP endpoint, and a GB either way. */
const TRANSFER = {
  hour: 0.3,
  gb: 0.04,
  from: "hour: docs.unusd.cloud/supported-services/transfer-family; GB known since 2018",
};
/** Svix: what is free, and the first plan that is paid. */
const SVIX = { free: 50_000, usd: 490, from: "dev.to/emithq, on webhook prices; 2026-03" };

/** The same bytes, and what they would cost there. */
export function rivalsOf(
  workload: Workload,
  { storedGb, outGb }: Pick<Month, "storedGb" | "outGb">,
): Rival[] {
  const s3 = s3Alone(workload, storedGb, outGb);
  const inGb = workload.uploads.reduce((sum, { per_month, bytes }) => sum + per_month * bytes, 0) / 1e9;
  const seats = ({ usd, least }: { usd: number; least: number }) => usd * Math.max(least, workload.people);
  const { per_month: messages } = workload.deliveries;
  return [
    {
      name: "S3 alone",
      usd: s3,
      what: "the same parts, downloads, GB kept and sent; no names, links, locks or events",
      from: "cost/prices.ts",
    },
    {
      name: "S3 and Transfer Family",
      usd: s3 + HOURS * TRANSFER.hour + (inGb + outGb) * TRANSFER.gb,
      what: "an SFTP endpoint in front of it; no links, locks or webhooks",
      from: TRANSFER.from,
    },
    {
      name: "Box Business",
      usd: seats(SEATS.box),
      what: `${Math.max(SEATS.box.least, workload.people)} seats, paid by the year; programs share a person's`,
      from: SEATS.box.from,
    },
    {
      name: "Dropbox Standard",
      usd: seats(SEATS.dropbox),
      what: `${Math.max(SEATS.dropbox.least, workload.people)} seats, paid by the year; programs share a person's`,
      from: SEATS.dropbox.from,
    },
    {
      name: "Svix, for the webhooks alone",
      usd: messages > SVIX.free ? SVIX.usd : 0,
      what:
        messages > SVIX.free
          ? "the first plan; messages beyond what it has cost more"
          : "within what is free",
      from: SVIX.from,
    },
  ];
}

/** The same bytes in a bucket: sessions as multipart uploads, small files as a PUT each. */
function s3Alone({ uploads, downloads }: Workload, storedGb: number, outGb: number): number {
  const writes = uploads.reduce(
    (sum, upload) => sum + upload.per_month * (upload.by === "session" ? partsOf(upload) + 2 : 1),
    0,
  );
  const reads = downloads.reduce((sum, { per_month }) => sum + per_month, 0);
  return (
    costOf("s3Write", writes) +
    costOf("s3Read", reads) +
    costOf("s3GbMonth", storedGb) +
    costOf("gbOut", outGb)
  );
}
