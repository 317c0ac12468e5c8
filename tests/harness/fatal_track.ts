/** The id of the track at which a failing media worker fails. */
export const FATAL_TRACK = "fatal";
