/** Limits of uploads: S3's, and ours. Bytes unless said. */
export const MIB = 1_048_576;

export const GIB = 1_073_741_824;

/** S3: an upload has 10,000 parts at most. */
export const MAX_PARTS = 10_000;

/** S3: every part but the last has 5 MiB at least. */
export const MIN_PART_SIZE = 5 * MIB;

/** S3: a part has 5 GiB at most. */
export const MAX_PART_SIZE = 5 * GIB;

export const MAX_SIZE = MAX_PARTS * MAX_PART_SIZE;

/** Presigned URLs in the answer that starts an upload. */
export const FIRST_WINDOW = 32;

/** URLs in one answer, in full and in compact form. */
export const MAX_WINDOW = 1_000;

/** Bytes of a file that is sent in one request: base64 of it fits Lambda's 6 MB. */
export const MAX_DIRECT_BYTES = 4 * MIB;

/** Seconds that a part's URL works at most: Lambda doesn't tell how long its role's credentials last, but it is longer. */
export const PART_URL_SECONDS = 3_600;

/** S3: one POST of a form has 5 GiB at most, as one PUT. */
export const MAX_FORM_BYTES = 5 * GIB;

/** Pieces in which what a form has brought is copied, side by side: fewer calls the larger, and each within seconds. */
export const FORM_PIECE_BYTES = 64 * MIB;

/** Hours that the session of a form lives: the form works for one, and a POST that has begun may take as long as it takes. */
export const FORM_SESSION_HOURS = 24;

/** Days that a session lives. */
export const SESSION_DAYS = 6;
