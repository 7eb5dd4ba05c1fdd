/** Live locks of one organization's, as counted by the sweep in the last minute. */
export const MAX_LIVE_LOCKS = 1_000;
/** Of these, one client's share: a quarter, so that nobody takes all. */
export const MAX_CLIENT_LOCKS = MAX_LIVE_LOCKS / 4;
