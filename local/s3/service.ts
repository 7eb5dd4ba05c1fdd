/**
 * The local cloud's S3: the wire protocol of Amazon S3 over files and one SQLite database.
 *
 * The caller has verified the signature; this service checks permissions, bodies and conditions, and answers.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENDLESS } from "../data/room.ts";
import { explainFull } from "../data/storage-full.ts";
import type { Hints } from "../hints.ts";
import type { ServiceOptions } from "../service-options.ts";
import { type AwsCall, AwsError, type AwsService } from "../types.ts";
import { createBlobs, type Settled } from "./blobs.ts";
import { type Bucket, type BucketOptions, createBuckets } from "./buckets.ts";
import { setCorsHeaders } from "./cors.ts";
import { s3Error } from "./errors.ts";
import { createEvents, type S3Event } from "./events.ts";
import { runLifecycle } from "./lifecycle.ts";
import { listBuckets } from "./list-buckets.ts";
import { count, notesOnMissing } from "./missing-blobs.ts";
import { checkExpectedOwner } from "./owner.ts";
import type { SecretLookup } from "./post-policy.ts";
import { createRequest, parseTarget } from "./request.ts";
import { sendError, setCommonHeaders } from "./respond.ts";
import { selectOperation } from "./routes.ts";
import { openDatabase } from "./schema.ts";
import type { S3 } from "./state.ts";
import { createStore } from "./store.ts";
import { createWrites } from "./writes.ts";

export interface S3Options extends ServiceOptions {
  /** Gets every event of buckets with EventBridge enabled, in order, at least once. */
  onEvent(event: S3Event): void;
  /** Told when `onEvent` threw (the event stays for the next time) and of damage. @default console.error */
  onError?(error: unknown): void;
  /**
   * Finds who signed a POST policy; the form carries its credentials itself, so the server can't have checked it.
   * @default nobody: forms are refused with `InvalidAccessKeyId`
   */
  secretFor?: SecretLookup;
  /** Told of bytes that are missing, and of bytes that no object names. @default nobody */
  onNote?(text: string): void;
  /** Where the app tells more of what lacks bytes. @default nowhere */
  hintOn?: Hints["missingBytes"];
}

export interface S3Service extends AwsService {
  /** Creates a bucket or changes its settings; objects stay. */
  createBucket(options: BucketOptions): Bucket;
  /** A bucket's settings, with its policy. */
  bucket(name: string): Bucket | undefined;
  /** Delivers events that a killed process left behind; call it once EventBridge has its rules. */
  replayEvents(): void;
  /** Aborts multipart uploads that lifecycle rules call abandoned; also runs by itself at each midnight UTC. */
  runLifecycle(): number;
}

const DAY = 24 * 60 * 60 * 1000;

/** Answers one call. Errors that aren't S3's own are the server's to report. */
async function answer(s3: S3, call: AwsCall): Promise<void> {
  const { req, res } = call;
  setCommonHeaders(res, call.requestId);
  try {
    const request = createRequest(call, parseTarget(call.path, req.headers.host));
    const { bucket, key } = request;
    if (bucket === "" && key === "") {
      listBuckets(s3, request);
      return;
    }
    const operation = selectOperation(request);
    call.trace.action = operation.name;
    const settings = s3.buckets.get(bucket);
    if (!settings) throw s3Error("NoSuchBucket", { BucketName: bucket });
    checkExpectedOwner(request, "x-amz-expected-bucket-owner");
    await operation.run(s3, { ...request, settings });
  } catch (thrown) {
    const error = explainFull(thrown);
    if (!(error instanceof AwsError)) throw error;
    sendError({ call, error });
  }
}

/** Says what the start found of bytes and rows that don't belong together. */
function* notesOn(
  { store }: S3,
  { lost, missing }: Settled,
  folder: string,
  hintOn: S3Options["hintOn"],
): Generator<string> {
  if (lost.count > 0) {
    const size = `${count(lost.count, "file")}, ${Math.ceil(lost.bytes / 1024)} KiB`;
    yield `${folder} has ${size}: bytes that no object names, such as those of an upload that a kill broke off; delete it when you miss nothing`;
  }
  if (missing.length > 0) yield* notesOnMissing(store.ownersOf(new Set(missing)), hintOn);
}

/**
 * Creates the service. With `dir`, metadata lives in `dir/s3.sqlite` and bytes in `dir/blobs/`; a row is committed only
 * when its bytes are complete, so a killed process leaves no half object; what it left of files is moved to
 * `dir/lost-blobs/` at the start.
 */
export function createS3(options: S3Options): S3Service {
  const {
    clock,
    dir,
    room = ENDLESS,
    onEvent,
    onError = console.error,
    secretFor = () => undefined,
    onNote = () => {},
  } = options;
  const home = dir ?? mkdtempSync(join(tmpdir(), "local-cloud-s3-"));
  mkdirSync(home, { recursive: true });
  const database = openDatabase(dir === undefined ? ":memory:" : join(dir, "s3.sqlite"));
  const lost = join(home, "lost-blobs");
  const blobs = createBlobs(join(home, "blobs"), lost, room);
  const s3: S3 = {
    store: createStore(database, blobs, room),
    blobs,
    buckets: createBuckets(database, room, clock.now),
    events: createEvents({ database, room, now: clock.now, deliver: onEvent, onError }),
    writes: createWrites(),
    report: onError,
    clock,
    secretFor,
  };
  const settled = blobs.settle(s3.store.blobsInUse());
  for (const note of notesOn(s3, settled, lost, options.hintOn)) onNote(note);

  let cancelTimer = () => {};
  function scheduleLifecycle(): void {
    cancelTimer = clock.at(Math.floor(clock.now() / DAY + 1) * DAY, () => {
      scheduleLifecycle();
      runLifecycle(s3);
    });
  }
  scheduleLifecycle();

  return {
    scope: "s3",
    async handle(call) {
      await answer(s3, call);
      s3.events.flush();
    },
    decorate(req, res, path) {
      const bucket = s3.buckets.get(parseTarget(path, req.headers.host).bucket);
      if (bucket) setCorsHeaders(bucket, req, res);
    },
    createBucket: s3.buckets.put,
    bucket: s3.buckets.get,
    replayEvents: s3.events.flush,
    runLifecycle: () => runLifecycle(s3),
    async close() {
      cancelTimer();
      await blobs.close();
      database.close();
      if (dir === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}
