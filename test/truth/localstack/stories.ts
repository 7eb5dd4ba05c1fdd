/**
 * All stories, in the order in which they run.
 *
 * DynamoDB and Lambda's runtime are the local cloud's here too, so no story names a behaviour of theirs.
 */
import { fromAwsAccount } from "./from-aws-account.ts";
import { events } from "./stories/events.ts";
import { limits } from "./stories/limits.ts";
import { links } from "./stories/links.ts";
import { locks } from "./stories/locks.ts";
import { python } from "./stories/python.ts";
import { sources } from "./stories/sources.ts";
import { uploads } from "./stories/uploads.ts";
import type { Story } from "./story.ts";

export const stories: readonly Story[] = [
  ...uploads,
  ...python,
  ...links,
  ...locks,
  ...limits,
  ...events,
  ...sources,
  ...fromAwsAccount,
];
