/** The id of the track at which a failing media worker fails. */
export const FATAL_TRACK = "fatal";
/** The id of the track at which it goes round in a circle from then on. */
export const HANGING_TRACK = "hanging";
