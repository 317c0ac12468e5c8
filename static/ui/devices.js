// @ts-check
/**
 * Camera, microphone and screen.
 * @module
 */

/** @typedef {"camera" | "microphone"} Device */
/** @typedef {"insecure" | "unsupported" | "missing" | "refused" | "busy" | "failed"} DeviceProblem */
/** @typedef {{ width: number, height: number, maxFrameRate?: number }} VideoWish */
/** @typedef {{ camera: MediaStreamTrack | null, microphone: MediaStreamTrack | null }} LocalMedia */

/** Large enough for a few tiles on a screen, small enough for dozens of them. */
const DEFAULT_VIDEO = { width: 960, height: 540 };

/** @type {Record<string, DeviceProblem>} */
const PROBLEMS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** A device could not be opened. */
export class DeviceError extends Error {
  /**
   * @param {Device | "screen"} device
   * @param {unknown} cause
   */
  constructor(device, cause) {
    super(`no ${device}`, { cause });
    this.name = "DeviceError";
    this.device = device;
    this.problem = problemOf(cause);
  }
}

/**
 * @param {unknown} cause
 * @returns {DeviceProblem}
 */
function problemOf(cause) {
  if (!isSecureContext) return "insecure";
  if (!navigator.mediaDevices) return "unsupported";
  return cause instanceof DOMException ? PROBLEMS[cause.name] ?? "failed" : "failed";
}

/** Opens devices with one wish for the picture. */
export class Devices {
  #video;

  /** @param {VideoWish} [video] */
  constructor(video = DEFAULT_VIDEO) {
    this.#video = video;
  }

  /**
   * @param {Device} device
   * @returns {Promise<MediaStreamTrack>}
   * @throws {DeviceError}
   */
  async open(device) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia(this.#constraints([device]));
      return stream.getTracks()[0];
    } catch (cause) {
      throw new DeviceError(device, cause);
    }
  }

  /**
   * Opens what it can; both devices with one question to the user, where both are there.
   * @param {Device[]} wanted
   * @returns {Promise<{ media: LocalMedia, errors: DeviceError[] }>}
   */
  async openAll(wanted) {
    const both = wanted.length === 2 ? await this.#tryBoth(wanted) : undefined;
    if (both !== undefined) return { media: both, errors: [] };
    /** @type {LocalMedia} */
    const media = { camera: null, microphone: null };
    /** @type {DeviceError[]} */
    const errors = [];
    for (const device of wanted) {
      try {
        media[device] = await this.open(device);
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        errors.push(error);
      }
    }
    return { media, errors };
  }

  /**
   * @param {Device[]} wanted
   * @returns {Promise<LocalMedia | undefined>} undefined where one of them, it is not told which, could not be opened
   */
  async #tryBoth(wanted) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia(this.#constraints(wanted));
      return { camera: stream.getVideoTracks()[0], microphone: stream.getAudioTracks()[0] };
    } catch {
      return undefined;
    }
  }

  /**
   * @param {Device[]} wanted
   * @returns {MediaStreamConstraints}
   */
  #constraints(wanted) {
    const { width, height, maxFrameRate } = this.#video;
    const frameRate = maxFrameRate === undefined ? { ideal: 30 } : { ideal: maxFrameRate, max: maxFrameRate };
    return {
      audio: wanted.includes("microphone") && { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      video: wanted.includes("camera") &&
        { width: { ideal: width }, height: { ideal: height }, frameRate, facingMode: "user" },
    };
  }
}

export function canShareScreen() {
  return isSecureContext && typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

/**
 * @returns {Promise<MediaStream | null>} null where the user chose nothing
 * @throws {DeviceError}
 */
export async function openScreen() {
  try {
    return await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: true });
  } catch (cause) {
    const error = new DeviceError("screen", cause);
    if (error.problem === "refused") return null;
    throw error;
  }
}

/** @param {LocalMedia} media */
export function closeMedia(media) {
  media.camera?.stop();
  media.microphone?.stop();
  media.camera = media.microphone = null;
}
