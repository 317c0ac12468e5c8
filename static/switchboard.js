// @ts-check
/**
 * Switchboard's browser SDK: joins a room, publishes local tracks, hands out the remote ones. No dependencies, no DOM, no
 * build step: import it from the server, or copy it with the folder `sdk/` beside it. The protocol it speaks is
 * docs/protocol.md.
 *
 * ```js
 * import { join } from "./switchboard.js";
 *
 * const room = await join("https://sfu.example", { roomId: "blue", name: "Ann", stream: cameraAndMicrophone });
 * room.on("trackAdded", ({ peer, stream }) => show(peer.id, peer.name, stream));
 * room.on("trackRemoved", ({ peer, stream }) => hide(peer.id, stream));
 * room.on("closed", ({ code, reason }) => goodbye(code, reason));
 * ```
 *
 * Tracks that are given to the SDK stay the caller's: it never stops them.
 * @module
 */

import { SwitchboardError } from "./sdk/error.js";
import { LocalTrack } from "./sdk/publication.js";
import { Room } from "./sdk/room.js";
import { greet, openSocket, readToken, webSocketUrl } from "./sdk/signaling.js";

export { LocalTrack, Room, SwitchboardError };

/** @typedef {import("./sdk/types.js").Grants} Grants */
/** @typedef {import("./sdk/types.js").JoinOptions} JoinOptions */
/** @typedef {import("./sdk/types.js").Peer} Peer */
/** @typedef {import("./sdk/types.js").PublishOptions} PublishOptions */
/** @typedef {import("./sdk/types.js").Quality} Quality */
/** @typedef {import("./sdk/types.js").RemoteTrack} RemoteTrack */
/** @typedef {import("./sdk/types.js").RoomEvents} RoomEvents */
/** @typedef {import("./sdk/types.js").RoomState} RoomState */
/** @typedef {import("./sdk/types.js").Source} Source */
/** @typedef {import("./sdk/types.js").Token} Token */
/** @typedef {import("./sdk/types.js").TrackQuality} TrackQuality */
/** @typedef {import("./sdk/types.js").WantedQuality} WantedQuality */

/**
 * Joins a room. Resolves when the server has welcomed this client; media follows.
 * @param {string | URL} url of the server (http, https, ws or wss); without a path, `/ws` is taken
 * @param {JoinOptions} options
 * @returns {Promise<Room>}
 * @throws {SwitchboardError} `unsupported-browser`, `bad-url`, `bad-token`, `token-unavailable`, `not-secure`,
 * `server-unreachable`, `server-gone`, or the server's own code where it refuses
 */
export async function join(url, options) {
  if (!("RTCPeerConnection" in globalThis)) {
    throw new SwitchboardError("unsupported-browser", "this browser has no WebRTC");
  }
  options.signal?.throwIfAborted();
  const address = webSocketUrl(url);
  const token = await readToken(options.token, options.signal);
  options.signal?.throwIfAborted();
  const socket = openSocket(address, token);
  const welcome = await greet(socket, options);
  return new Room(address, socket, welcome, options);
}
