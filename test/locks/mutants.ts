const ANYWAY = "attribute_exists(#pk)";

/** What is wrong, where, and the texts to replace, some of them in another file; each must stand in its file. */
export const mutants: [
  name: string,
  file: string,
  ...changes: [from: string, to: string, file?: string][],
][] = [
  ["acquire: conditions dropped", "locks/acquire-lock", ['.join(" AND ")', '.join(" OR ")']],
  [
    "acquire: expiry only read",
    "locks/acquire-lock",
    ["#lock.#expires_ms <= :free_at", `(#lock.#expires_ms <= :free_at OR ${ANYWAY})`],
  ],
  [
    "acquire: number not compared",
    "locks/acquire-lock",
    [': "#fencing = :seen"', `: "(#fencing = :seen OR ${ANYWAY})"`],
  ],
  [
    "acquire: version not compared",
    "locks/acquire-lock",
    ["#version_id = :version", `(#version_id = :version OR ${ANYWAY})`],
  ],
  ["acquire: number not grown", "locks/acquire-lock", ["file.fencing + 1", "file.fencing"]],
  [
    "acquire: no grace",
    "locks/acquire-lock",
    ["lock.expires_ms <= now - LOCK_GRACE_MS", "lock.expires_ms <= now", "files/fenced-write"],
    ["free_at: now - LOCK_GRACE_MS", "free_at: now"],
  ],
  [
    "acquire: >= for >",
    "files/fenced-write",
    ["lock.expires_ms <= now - LOCK_GRACE_MS", "lock.expires_ms < now - LOCK_GRACE_MS"],
  ],
  [
    "acquire: whole although it was waited for",
    "locks/acquire-lock",
    ["provisional ? now + PROVISIONAL_SECONDS * 1000 : whole_ms", "whole_ms"],
  ],
  [
    "acquire: never made whole",
    "locks/acquire-lock",
    ["provisional ? { whole: { expires_ms: whole_ms, due_sk } } : {}", "{}"],
  ],
  ["renew: stays provisional", "locks/renew-lock", ['remove: ["lock.whole"]', "remove: []"]],
  [
    "fence: a write makes nothing whole",
    "files/fenced-write",
    ["update: confirming(update) };", "update };"],
  ],
  [
    "fence: stays provisional",
    "files/fenced-write",
    ['PROVISIONAL = "lock.whole"', 'PROVISIONAL = "lock.nothing"'],
  ],
  [
    "fence: made whole without the lease",
    "files/fenced-write",
    [
      "if (lockHashOf(preconditions) !== undefined) return { ...fenced, update: confirming(update) };",
      "if (!endsLock) return { ...fenced, update: confirming(update) };",
    ],
  ],
  ["fence: a write passes no lease", "files/fenced-write", ["PASSING = { passed:", "PASSING = { other:"]],
  [
    "fence: a lease outlives a write past it",
    "files/fenced-write",
    ["(attribute_not_exists(#passed) OR #passed < #lock.#generation)", ANYWAY],
    [" || passed >= fencing", ""],
  ],
  ["grace of 0", "files/fenced-write", ["LOCK_GRACE_MS = 2_000", "LOCK_GRACE_MS = 0"]],
  [
    "renew: end not compared",
    "locks/renew-lock",
    ["#lock.#expires_ms > :now AND", `(#lock.#expires_ms > :now OR ${ANYWAY}) AND`],
    ["return lock.expires_ms > now &&", "return", "files/fenced-write"],
  ],
  [
    "renew: >= for >",
    "locks/renew-lock",
    ["#lock.#expires_ms > :now", "#lock.#expires_ms >= :now"],
    ["lock.expires_ms > now &&", "lock.expires_ms >= now &&", "files/fenced-write"],
  ],
  [
    "renew: token not compared",
    "locks/renew-lock",
    ["holdsLease(file, sha256(lock_token), now,", "holdsLease(file, lock.token_hash, now,"],
  ],
  [
    "renew: lease compared only when read",
    "locks/renew-lock",
    ['.join(" AND ")', '.join(" OR ")'],
    ["attribute_not_exists(#deleted_at)", "attribute_exists(#lock)"],
  ],
  [
    "renew: count not compared",
    "locks/renew-lock",
    ["#lock.#renewals = :seen", `(#lock.#renewals = :seen OR ${ANYWAY})`],
  ],
  [
    "renew: expiry not replaced",
    "locks/renew-lock",
    ['"lock.expires_ms": expires_ms', '"lock.expires_ms": lock.expires_ms'],
  ],
  [
    "release: token not compared",
    "locks/release-lock",
    ["if (lock.token_hash !== hash) throw mismatch();", ""],
    ["#lock.#token_hash = :hash", `(#lock.#token_hash = :hash OR ${ANYWAY})`],
  ],
  [
    "release: token compared only when read",
    "locks/release-lock",
    ["#lock.#token_hash = :hash", `(#lock.#token_hash = :hash OR ${ANYWAY})`],
  ],
  [
    "release: by deletion",
    "locks/release-lock",
    [
      'key: keys.node(fileId),\n        update: { remove: ["lock", "due_pk", "due_sk"] },',
      "remove: keys.node(fileId),",
    ],
  ],
  ["release: number lost", "locks/release-lock", ['"due_pk", "due_sk"', '"due_pk", "due_sk", "fencing"']],
  [
    "break: number not grown",
    "locks/break-lock",
    ["fencing: file.fencing + 1", "fencing: file.fencing"],
    ["#fencing < :fencing", "#fencing <= :fencing"],
  ],
  [
    "break: lease and number not compared",
    "locks/break-lock",
    [
      "#lock.#lock_id = :seen AND #fencing < :fencing",
      `#lock.#lock_id = :seen OR #fencing < :fencing OR ${ANYWAY}`,
    ],
  ],
  [
    "sweep: expiry only read",
    "locks/sweep-locks",
    ["#lock.#expires_ms = :expires_ms", `(#lock.#expires_ms = :expires_ms OR ${ANYWAY})`],
  ],
  ["sweep: no grace", "locks/sweep-locks", ["expires_ms > now - LOCK_GRACE_MS", "expires_ms > now"]],
  [
    "fence: end of the lease not compared",
    "files/fenced-write",
    ["#lock.#expires_ms > :lock_now", `(#lock.#expires_ms > :lock_now OR ${ANYWAY})`],
  ],
  [
    "fence: >= for >",
    "files/fenced-write",
    ["#lock.#expires_ms > :lock_now", "#lock.#expires_ms >= :lock_now"],
  ],
  [
    "fence: token not compared",
    "files/fenced-write",
    ["#lock.#token_hash = :lock_hash", `(#lock.#token_hash = :lock_hash OR ${ANYWAY})`],
  ],
  [
    "fence: others' lease ignored",
    "files/fenced-write",
    ["#lock.#expires_ms <= :lock_free_at", `#lock.#expires_ms <= :lock_free_at OR ${ANYWAY}`],
  ],
  [
    "fence: no grace",
    "files/fenced-write",
    ['["lock_free_at"] = now - LOCK_GRACE_MS', '["lock_free_at"] = now'],
  ],
  [
    "acquire: lease of a wrong generation",
    "locks/acquire-lock",
    ["generation: fencing,", "generation: fencing - 1,"],
  ],
  [
    "finalize: version not compared",
    "files/supersede-version",
    [
      'condition: "#version_id = :superseded"',
      'condition: "#version_id = :superseded OR attribute_exists(#pk)"',
    ],
  ],
  ["finalize: lease not demanded", "finalize/choose-target", ["lockHash: lock_hash", "lockHash: undefined"]],
  [
    "finalize: what it demands only read",
    "finalize/commit-upload",
    // The fence joins what else is asked for in parentheses.
    ["#folder_id = :told_folder`", "#folder_id = :told_folder) OR (#name = :judged_name`"],
  ],
  [
    "restore: what it demands only read",
    "versions/restore-version",
    ["#folder_id = :told_folder`", "#folder_id = :told_folder) OR (#name = :judged_name`"],
  ],
  [
    "fence: If-Match not compared",
    "files/fenced-write",
    ["#version_id = :if_match", `(#version_id = :if_match OR ${ANYWAY})`],
  ],
];
