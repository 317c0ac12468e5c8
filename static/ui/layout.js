// @ts-check

/**
 * The width of the largest tiles with which all fit into the area: every number of columns is tried. Where they would be
 * narrower than `minWidth` the area has to scroll, and is filled by its width alone.
 * @param {number} count
 * @param {number} aspect of a tile, width by height
 * @param {{ width: number, height: number, gap: number, minWidth: number }} area px
 * @returns {number} px
 */
export function fitTiles(count, aspect, { width, height, gap, minWidth }) {
  let best = 0;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const byWidth = (width - gap * (columns - 1)) / columns;
    const byHeight = (height - gap * (rows - 1)) / rows * aspect;
    best = Math.max(best, Math.min(byWidth, byHeight));
  }
  if (best >= minWidth) return Math.floor(best);
  const columns = Math.max(1, Math.floor((width + gap) / (minWidth + gap)));
  return Math.floor((width - gap * (columns - 1)) / columns);
}

/** How many others a page may show: the last number is that of a phone, which shows them without scrolling. */
const SCREENFULS = [25, 16, 9, 5];
/** Narrower tiles than that, in px, are for a phone. */
const COMFORTABLE_WIDTH = 180;

/**
 * How many people at most a window of this size is to show at once.
 * @param {{ width: number, height: number, gap: number }} area px
 * @returns {number}
 */
export function screenful(area) {
  const isComfortable = (/** @type {number} */ count) =>
    fitTiles(count, 16 / 9, { ...area, minWidth: 0 }) >= COMFORTABLE_WIDTH;
  return SCREENFULS.find(isComfortable) ?? SCREENFULS[SCREENFULS.length - 1];
}

/**
 * Wide tiles for people, as cameras are; in an upright area squarer ones, which fill it better.
 * @param {number} count
 * @param {number} areaAspect
 * @returns {number}
 */
export function personAspect(count, areaAspect) {
  if (areaAspect >= 1) return 16 / 9;
  return count === 1 ? 3 / 4 : 1;
}
