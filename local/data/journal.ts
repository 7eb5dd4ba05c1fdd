/**
 * How every database keeps what was committed across `kill -9`. The last line writes at each opening: a database in
 * use has a write-ahead log from then on, so that one without was robbed of it.
 */
export const JOURNAL = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA user_version = 1;
`;
