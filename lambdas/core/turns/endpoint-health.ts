/** Hours of failing after which the endpoint's owner is warned, and after which it is disabled. */
export const WARN_HOURS = [24, 72] as const;
export const DISABLE_HOURS = 120;
