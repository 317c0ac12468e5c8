// @ts-check

/** What is out of sight stays on for so long: who scrolls back has lost nothing. */
const LEAVE_MS = 1_000;
/** The same for a page that is in the background: who only looks something up comes back. */
const HIDE_MS = 5_000;

/** What one element shows of a track: how many pixels, and whether anybody can see it. */
export class ElementView {
  /** Pixels of the display; 0 where nothing is to be seen. @type {{ width: number, height: number }} */
  size = { width: 0, height: 0 };
  /** Whether it is in sight, or was a moment ago. */
  visible = true;
  #element;
  #changed;
  #intersects = true;
  #timer = 0;
  #measure = () => this.#handleSize();
  #look = () => this.#handleSight();
  #sizes = new ResizeObserver(this.#measure);
  #sights = new IntersectionObserver(([entry]) => {
    this.#intersects = entry.isIntersecting;
    this.#handleSight();
  });

  /**
   * @param {HTMLElement} element
   * @param {() => void} changed called where size or sight are others than before
   */
  constructor(element, changed) {
    this.#element = element;
    this.#changed = changed;
    this.#sizes.observe(element);
    this.#sights.observe(element);
    // The picture of a video has a shape of its own, and another screen other pixels.
    element.addEventListener("resize", this.#measure);
    addEventListener("resize", this.#measure);
    document.addEventListener("visibilitychange", this.#look);
    this.#handleSize();
  }

  close() {
    clearTimeout(this.#timer);
    this.#sizes.disconnect();
    this.#sights.disconnect();
    this.#element.removeEventListener("resize", this.#measure);
    removeEventListener("resize", this.#measure);
    document.removeEventListener("visibilitychange", this.#look);
  }

  #handleSize() {
    const size = shownSize(this.#element);
    if (size.width === this.size.width && size.height === this.size.height) return;
    this.size = size;
    this.#changed();
  }

  #handleSight() {
    const away = !this.#isPictureInPicture() && (!this.#intersects || document.hidden);
    clearTimeout(this.#timer);
    if (away && this.visible) this.#timer = setTimeout(() => this.#see(false), this.#intersects ? HIDE_MS : LEAVE_MS);
    if (!away) this.#see(true);
  }

  #isPictureInPicture() {
    return document.pictureInPictureElement === this.#element;
  }

  /** @param {boolean} visible */
  #see(visible) {
    if (visible === this.visible) return;
    this.visible = visible;
    this.#changed();
  }
}

/**
 * The pixels of the whole picture on the display: more than the element has where it shows a part of it, less where it
 * leaves margins.
 * @param {HTMLElement} element
 * @returns {{ width: number, height: number }}
 */
function shownSize(element) {
  const { clientWidth, clientHeight } = element;
  const width = clientWidth * devicePixelRatio;
  const height = clientHeight * devicePixelRatio;
  const picture = element instanceof HTMLVideoElement ? element : undefined;
  if (!picture?.videoWidth || !picture.videoHeight) return round(width, height);
  const byWidth = width / picture.videoWidth;
  const byHeight = height / picture.videoHeight;
  const covers = getComputedStyle(element).objectFit === "cover";
  const scale = covers ? Math.max(byWidth, byHeight) : Math.min(byWidth, byHeight);
  return round(picture.videoWidth * scale, picture.videoHeight * scale);
}

/**
 * @param {number} width
 * @param {number} height
 */
function round(width, height) {
  return { width: Math.round(width), height: Math.round(height) };
}
