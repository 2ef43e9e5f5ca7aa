/** Spans that certificates and lists of revoked ones keep to, in milliseconds. */

export const day = 86_400_000;
/** Clocks of those who look at a certificate may be behind ours by so much. */
export const skew = 300_000;
/** What was revoked stays on the list for so long behind its end, so that nobody misses it. */
export const listedBehind = 7 * day;
