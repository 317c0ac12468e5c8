// @ts-check
/**
 * What the admin API tells, as far as it is shown: docs/admin.md has the whole of it.
 * @module
 */

/**
 * Sums since the start of the server.
 * @typedef {object} TrackCounters
 * @property {number} packetsReceived
 * @property {number} bytesReceived
 * @property {number} packetsSent
 * @property {number} bytesSent
 * @property {number} lostUpstream packets of publishers
 * @property {number} lostDownstream packets to subscribers
 */

/**
 * @typedef {object} Status
 * @property {string} time as ISO 8601 has it
 * @property {number} uptimeSeconds
 * @property {{ name: string, workers: number }} backend
 * @property {boolean} ready whether another peer can be taken
 * @property {string} [obstacle] why not
 * @property {{ seconds: number }} [draining]
 * @property {{ rooms: number, peers: number, producers: number, consumers: number }} alive
 * @property {{ audio: TrackCounters, video: TrackCounters }} media
 * @property {{ cpuSeconds: number, residentBytes: number }} process
 */

/** @typedef {{ id: string, peers: number, remotePeers: number, tracks: number }} RoomSummary */

/** @typedef {{ id: string, kind: string, source: string, codec: string }} Track */

/**
 * @typedef {object} PeerSummary
 * @property {string} id
 * @property {string} [name]
 * @property {string} [identity]
 * @property {true} [remote] it is at another server
 * @property {string} [node] which one
 * @property {string} [protocol]
 * @property {string} [state]
 * @property {Track[]} tracks
 * @property {number} [subscriptions]
 */

/** @typedef {RoomSummary & { members: PeerSummary[], next?: string }} Room */

/** @typedef {Track & { mid: string, rids?: string[], activeRids?: string[], muted?: boolean }} Published */

/**
 * @typedef {object} TrackQuality
 * @property {"sent" | "paused" | "off" | "waiting"} state
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [fps]
 * @property {string} [rid]
 * @property {number} [spatial]
 * @property {number} [temporal]
 * @property {number} [bitrate]
 * @property {string} reason
 */

/**
 * @typedef {object} Received
 * @property {string} mid
 * @property {string} trackId
 * @property {string} peerId
 * @property {string} kind
 * @property {string} source
 * @property {TrackQuality} [quality]
 */

/**
 * @typedef {PeerSummary & {
 *   address?: { hostname: string, port: number, transport: string },
 *   publishes: Published[],
 *   receives: Received[],
 *   estimate?: { bitrate: number, loss?: number, roundTrip?: number, limitedBy: string },
 * }} Peer
 */

/** @typedef {{ type: string, roomId?: string, peerId?: string }} RoomEvent `lost`: some were not told */

export {};
