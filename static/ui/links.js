// @ts-check
/**
 * Names of rooms and the links to them.
 * @module
 */

const QUALITIES = ("amber brave bright calm clever copper eager gentle golden happy keen kind lively " +
  "lucky mellow merry misty noble quick quiet silver snowy steady sunny swift warm").split(" ");
const THINGS = ("badger beacon brook cedar comet falcon fern finch fox garden harbor heron island " +
  "lake lantern maple meadow orchard otter pine river robin sparrow summit willow wren").split(" ");

/** A room id that can be read out over the phone, as in `calm-otter-417`. */
export function newRoomId() {
  const [quality, thing, number] = crypto.getRandomValues(new Uint32Array(3));
  return `${QUALITIES[quality % QUALITIES.length]}-${THINGS[thing % THINGS.length]}-${100 + number % 900}`;
}

/**
 * What the page was asked for in its address: `?room=...&name=...&token=...&join=1&video=320x180@10`, where
 * `@10` is at most so many pictures a second.
 * @param {string} search
 */
export function readQuery(search) {
  const query = new URLSearchParams(search);
  return {
    roomId: query.get("room") ?? "",
    name: query.get("name") ?? "",
    token: query.get("token") ?? "",
    join: query.get("join") === "1",
    video: readVideo(query.get("video") ?? ""),
  };
}

/**
 * @param {string} text
 * @returns {import("./devices.js").VideoWish | undefined} undefined where it is none
 */
function readVideo(text) {
  const match = /^(\d{2,4})x(\d{2,4})(?:@([1-9]\d?))?$/.exec(text);
  if (match === null) return undefined;
  const [width, height, pictures] = match.slice(1).map(Number);
  return { width, height, ...(match[3] !== undefined && { maxFrameRate: pictures }) };
}

/**
 * @param {string} roomId
 * @returns {string} the address that leads others to the room
 */
export function roomLink(roomId) {
  const url = new URL(location.pathname, location.href);
  url.searchParams.set("room", roomId);
  return url.href;
}

/**
 * Puts the room into the page's address, so that a reload leads there again.
 * @param {string} roomId
 */
export function rememberRoom(roomId) {
  const url = new URL(location.href);
  url.searchParams.set("room", roomId);
  history.replaceState(null, "", url);
}

/**
 * @param {string} roomId
 * @returns {Promise<string>} what to tell the user
 */
export async function copyLink(roomId) {
  const link = roomLink(roomId);
  try {
    // Without https there is no clipboard; a TypeError leads to the same words as a refusal.
    await navigator.clipboard.writeText(link);
    return "Link copied";
  } catch {
    return `Copy this link: ${link}`;
  }
}
