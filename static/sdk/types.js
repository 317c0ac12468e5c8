// @ts-check
/**
 * The shapes that the SDK's modules and its users share.
 * @module
 */

/** @import { SwitchboardError } from "./error.js" */

/** @typedef {"audio" | "video"} Kind */
/** @typedef {"camera" | "microphone" | "screen" | "screenAudio"} Source */
/** @typedef {"connecting" | "connected" | "reconnecting" | "closed"} RoomState */
/**
 * A published track. `codec` is its MIME type, as in `video/vp8`.
 * @typedef {{ id: string, kind: Kind, source: Source, codec: string }} TrackInfo
 */

/**
 * A track of another peer. `track` is null until the server forwards it. The browser may use one MediaStreamTrack for
 * several remote tracks, one after the other: drop it on `trackRemoved`.
 * @typedef {TrackInfo & { track: MediaStreamTrack | null }} RemoteTrack
 */

/**
 * What a client may do, by its token. `maxBitrate` is bit/s of all that it publishes.
 * @typedef {{ publish: ("audio" | "video" | "screen")[], subscribe: boolean, admin: boolean, maxBitrate?: number }} Grants
 */

/**
 * A token for the server (JWT), or what gives a fresh one: it is asked before each WebSocket that is opened.
 * @typedef {string | (() => string | Promise<string>)} Token
 */

/**
 * Another peer. Its streams live as long as it does and hold the tracks that arrive at the moment.
 * @typedef {object} Peer
 * @property {string} id
 * @property {string} name empty where the peer gave none
 * @property {string | undefined} identity who the peer is, by its token; undefined where that says nothing
 * @property {Map<string, RemoteTrack>} tracks
 * @property {{ camera: MediaStream, screen: MediaStream }} streams camera with microphone, screen with its sound
 */

/**
 * @typedef {object} PublishOptions
 * @property {Source} [source] default: microphone or camera
 * @property {MediaStream} [stream] tracks of one stream are played in sync; default: one for camera and microphone, one
 * for the screen and its sound
 * @property {number} [maxBitrate] bit/s
 */

/**
 * @typedef {object} JoinOptions
 * @property {string} roomId
 * @property {string} [name]
 * @property {Token} [token] where the server asks for one
 * @property {MediaStream} [stream] camera and microphone, published with the first offer
 * @property {(PublishOptions & { track: MediaStreamTrack })[]} [tracks] further tracks, published with the first offer
 * @property {RTCIceServer[]} [iceServers] instead of those that the server names
 * @property {string[]} [codecs] MIME types that this client receives and no others; default: whatever a track comes in
 * @property {AbortSignal} [signal] ends the attempt to join; `join` then rejects with its reason
 */

/**
 * @typedef {object} TrackEvent
 * @property {Peer} peer
 * @property {MediaStreamTrack} track
 * @property {MediaStream} stream
 * @property {RemoteTrack} info
 */

/**
 * Peers that are in the room already are in `room.peers` when `join` resolves; `peerJoined` tells of later ones.
 * `speaking` comes every 200 ms while someone speaks and once when they stop; its level is 0-1, its peer null for this
 * client. After `error` the room goes on; `closed` is the last event, with code `left`, `server-gone`, `server-closing`,
 * `transport-failed`, `too-many`, `internal`, `superseded`, `replaced`, `unauthorized`, `forbidden` or `resume-failed`.
 *
 * State `reconnecting` says that the WebSocket or the media connection was lost; what else goes on. Within 30 s it becomes
 * `connected` again, with `peerJoined`, `peerLeft` and `trackRemoved` for what happened meanwhile, or the room is closed.
 * @typedef {object} RoomEvents
 * @property {{ peer: Peer }} peerJoined
 * @property {{ peer: Peer }} peerLeft after `trackRemoved` for each of its tracks
 * @property {TrackEvent} trackAdded
 * @property {TrackEvent} trackRemoved
 * @property {{ state: RoomState }} stateChanged
 * @property {{ peer: Peer | null, local: boolean, level: number, active: boolean }} speaking
 * @property {{ code: string, message: string, trackId?: string }} error
 * @property {{ code: string, reason: string }} closed
 */

/**
 * What the server sends (docs/protocol.md).
 * @typedef {{ id: string, name?: string, identity?: string }} PeerInfo
 * @typedef {{ type: "welcome", peerId: string, peers: (PeerInfo & { tracks: TrackInfo[] })[], iceServers?: RTCIceServer[], resume?: string, identity?: string, grants?: Grants }} Welcome
 * @typedef {{ type: "answer", sdp: string, id?: string }} Answer
 * @typedef {{ type: "error", code: string, message: string, replyTo?: string, trackId?: string, mid?: string }} ServerError
 * @typedef {Welcome | Answer | ServerError
 *   | { type: "iceCandidate", candidate: RTCIceCandidateInit }
 *   | { type: "peerJoined", peer: PeerInfo }
 *   | { type: "peerLeft", peerId: string }
 *   | { type: "trackPublished", peerId: string, track: TrackInfo }
 *   | { type: "trackUnpublished", peerId: string, trackId: string }} ServerMessage
 */

/**
 * How a WebSocket joins, or comes back. `resume` is the token of the last welcome; `signal` ends the attempt.
 * @typedef {object} Greeting
 * @property {string} roomId
 * @property {string} [name]
 * @property {string} [resume]
 * @property {AbortSignal} [signal]
 * @property {number} [timeoutMs]
 */

/**
 * @typedef {object} ResumingSocketOptions
 * @property {URL} url
 * @property {string} roomId
 * @property {Token} [token]
 */

/**
 * What the signaling tells the room.
 * @typedef {object} SignalingSink
 * @property {(message: ServerMessage) => void} message
 * @property {() => void} away the WebSocket is lost, and another one is sought
 * @property {(welcome: Welcome) => void} resumed there is one again
 * @property {(code: string, reason: string) => void} ended there will be none
 */

/**
 * What the transport tells the room.
 * @typedef {object} TransportSink
 * @property {(message: object) => void} send
 * @property {(trackId: string, receiver: RTCRtpReceiver) => void} trackStarted
 * @property {(state: RoomState) => void} stateChanged
 * @property {() => void} unanswered an offer is not answered: the WebSocket may be dead
 * @property {(error: SwitchboardError) => void} error the transport goes on
 * @property {(error: SwitchboardError) => void} failed the transport is of no more use
 */

export {};
