// @ts-check
/**
 * The shapes that the SDK's modules and its users share.
 * @module
 */

/** @import { SwitchboardError } from "./error.js" */
/** @import { LocalTrack } from "./publication.js" */

/** @typedef {"audio" | "video"} Kind */
/** @typedef {"camera" | "microphone" | "screen" | "screenAudio"} Source */
/** @typedef {"connecting" | "connected" | "reconnecting" | "closed"} RoomState */
/**
 * A published track. `codec` is its MIME type, as in `video/vp8`; `muted`: nothing of it is forwarded.
 * @typedef {{ id: string, kind: Kind, source: Source, codec: string, muted?: boolean }} TrackInfo
 */

/**
 * A track of another peer. `track` is null until the server forwards it, and in a room with slots while it is in none. The
 * browser may use one MediaStreamTrack for several remote tracks, one after the other: drop it on `trackRemoved`.
 * @typedef {TrackInfo & { muted: boolean, track: MediaStreamTrack | null }} RemoteTrack
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
 * @property {boolean} speaking whether somebody speaks there, as the server hears it
 * @property {Map<string, RemoteTrack>} tracks
 * @property {{ camera: MediaStream, screen: MediaStream }} streams camera with microphone, screen with its sound
 */

/**
 * What of a track is sent once (RTCRtpEncodingParameters of W3C's WebRTC and WebRTC-SVC).
 * @typedef {RTCRtpEncodingParameters & { scalabilityMode?: string }} SendEncoding
 */

/**
 * What a client wants of a remote track; what is left out is all there is. Pixels are those of the display. More `priority`
 * (0 to 255, default 1) goes before less, `pinned` before all that is not, and of what is `off` nothing is sent.
 * @typedef {{ width?: number, height?: number, fps?: number, priority?: number, pinned?: boolean, off?: boolean }} WantedQuality
 */

/**
 * What this client gets of one remote track. A track is `waiting` until its picture or its sound begins, and `paused` where
 * the network has no room for it; `reason` is the rule that decided, in words. Sizes in pixels, `bitrate` in bit/s.
 * @typedef {object} TrackQuality
 * @property {string} trackId
 * @property {"sent" | "paused" | "off" | "waiting"} state
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [fps]
 * @property {string} [rid] of the simulcast encoding that is sent
 * @property {number} [spatial] layer, from 0
 * @property {number} [temporal] layer, from 0
 * @property {number} [bitrate]
 * @property {{ width?: number, height?: number, fps?: number }} [wanted]
 * @property {string} reason
 */

/**
 * What this client gets, and why: `bitrate` is what the network is believed to carry to it, or the server allows where that
 * is less (bit/s), `loss` 0-1, `roundTrip` in ms, `limitedBy` what decided the bitrate, in a word of docs/quality.md.
 * @typedef {object} Quality
 * @property {number} bitrate
 * @property {number} [loss]
 * @property {number} [roundTrip]
 * @property {string} limitedBy
 * @property {TrackQuality[]} tracks
 */

/**
 * @typedef {object} PublishOptions
 * @property {Source} [source] default: microphone or camera
 * @property {MediaStream} [stream] tracks of one stream are played in sync; default: one for camera and microphone, one
 * for the screen and its sound
 * @property {boolean} [redundancy] of sound: sends each packet twice (RED, RFC 2198) where the browser can, for a way that
 * loses some
 * @property {number} [maxBitrate] bit/s, of all encodings together
 * @property {boolean | SendEncoding[]} [simulcast] whether several encodings are sent, of which each subscriber
 * gets the one that suits it: up to three, by the height of the track; or which. Default: of a camera
 * @property {string} [scalabilityMode] one stream with layers instead, as `L3T3_KEY`, for a room of VP9 or AV1 alone; a
 * browser that does not know the mode sends one without
 */

/**
 * Slots are filled by the server with the tracks that matter most at the moment: what this client has pinned, screens, who
 * speaks, who spoke last. Of what is in no slot nothing arrives, and who comes or goes costs this client no negotiation.
 * From then on `trackAdded` and `trackRemoved` say which tracks are in slots; each slot has one MediaStreamTrack for good.
 * @typedef {object} SlotOptions
 * @property {number} [video] slots for cameras and screens; 0: each has an m-line of its own, as in a small room. Default:
 * 25
 * @property {number} [audio] the same for sound. Default: 8
 * @property {number} [beyond] there are slots once there are more videos than that. Default: from the start
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
 * @property {SlotOptions} [slots] default: 25 for video and 8 for sound, once there are more than 25 videos
 * @property {AbortSignal} [signal] ends the attempt to join; `join` then rejects with its reason
 */

/**
 * @typedef {object} TrackEvent
 * @property {Peer} peer
 * @property {MediaStreamTrack} track
 * @property {MediaStream} stream
 * @property {RemoteTrack} info
 */

/** @typedef {{ peerId: string, level: number }} Speaker */

/**
 * Peers that are in the room already are in `room.peers` when `join` resolves; `peerJoined` tells of later ones.
 * `speakers` tells by peer ids who speaks at the moment, this client included, and who did last above all others; `level` is
 * 0-1. It comes when that changes, and for a microphone with levels (RFC 6464), which every browser has. After `error` the
 * room goes on; `closed` is the last event, with code `left`, `server-gone`, `server-closing`, `transport-failed`,
 * `too-many`, `internal`, `superseded`, `replaced`, `kicked`, `room-ended`, `unauthorized`, `forbidden`, `bad-token`, `resume-failed`,
 * `no-capacity` or `offer-failed`.
 *
 * State `reconnecting` says that the WebSocket or the media connection was lost; what else goes on. Within 30 s it becomes
 * `connected` again, with `peerJoined`, `peerLeft` and `trackRemoved` for what happened meanwhile, or the room is closed.
 * Where the server lost the media of this client (P114) all remote tracks arrive anew: `trackRemoved` and `trackAdded` tell
 * of each. Local tracks go on as they were; one that the server refuses this time ends by `error`. So it is where the server
 * ends and this client goes on at another one (P117), as another peer: `room.peerId` changes.
 * @typedef {object} RoomEvents
 * @property {{ peer: Peer }} peerJoined
 * @property {{ peer: Peer }} peerLeft after `trackRemoved` for each of its tracks
 * @property {{ peer: Peer, info: RemoteTrack }} trackPublished of a peer of whom is known already; it may arrive later
 * @property {TrackEvent} trackAdded the track arrives
 * @property {TrackEvent} trackRemoved the track is over, or is in no slot any more
 * @property {{ video: number, audio: number }} slotted from now on the server chooses which tracks arrive
 * @property {{ state: RoomState }} stateChanged
 * @property {{ dominant: string | null, active: Speaker[] }} speakers
 * @property {Quality} quality
 * @property {{ track: LocalTrack, active: string[] }} layers of a track of this client its simulcast encodings by these RIDs
 * are received, and no others: the SDK sends no others
 * @property {{ peer: Peer, info: RemoteTrack }} trackMuted whoever runs the server has nothing of it forwarded any more, or
 * has it again, as `info.muted` says; it stays where it arrived
 * @property {{ track: LocalTrack, muted: boolean }} muted the same of a track of this client
 * @property {{ message: unknown }} message whoever runs the server says this, in words of its own
 * @property {{ roomId: string }} moved this client goes on in another room: its peers leave, those of the other one join
 * @property {{ code: string, message: string, trackId?: string }} error
 * @property {{ code: string, reason: string }} closed
 */

/**
 * What the server sends (docs/protocol.md).
 * @typedef {{ id: string, name?: string, identity?: string }} PeerInfo
 * @typedef {{ type: "welcome", peerId: string, peers: (PeerInfo & { tracks: TrackInfo[] })[], iceServers?: RTCIceServer[], resume?: string, media?: "new", shared?: true, identity?: string, grants?: Grants }} Welcome
 * @typedef {{ type: "answer", sdp: string, id?: string }} Answer
 * @typedef {{ type: "error", code: string, message: string, replyTo?: string, trackId?: string, mid?: string }} ServerError
 * @typedef {{ type: "speakers", dominant?: string, active: Speaker[] }} SpeakersMessage
 * @typedef {{ type: "trackMuted", peerId: string, trackId: string, muted: boolean, mid?: string }} TrackMuted
 * @typedef {{ mid: string, trackId?: string }} SlotFilling
 * @typedef {Welcome | Answer | ServerError | SpeakersMessage | TrackMuted
 *   | { type: "message", message: unknown }
 *   | { type: "moved", roomId: string }
 *   | { type: "slots", slots: SlotFilling[] }
 *   | ({ type: "quality" } & Quality)
 *   | { type: "layers", trackId: string, mid: string, active: string[] }
 *   | { type: "iceCandidate", candidate: RTCIceCandidateInit }
 *   | { type: "draining", seconds: number }
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
 * @property {string} [name]
 * @property {Token} [token]
 */

/**
 * What the remote peers tell the room. Nothing is told of those that it adds itself.
 * @typedef {object} RemotePeersSink
 * @property {(peer: Peer) => void} joined
 * @property {(peer: Peer) => void} left
 * @property {(peer: Peer, info: RemoteTrack) => void} published
 * @property {(peer: Peer, info: RemoteTrack) => void} muted `info.muted` has changed
 * @property {(trackId: string) => void} unpublished
 * @property {(event: TrackEvent) => void} added the track arrives
 * @property {(event: TrackEvent) => void} removed it does not any more
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
 * @property {(trackId: string) => void} trackStopped it goes on, but does not arrive here any more
 * @property {(slots: { video: number, audio: number }) => void} slotted the server says from now on what arrives
 * @property {(state: RoomState) => void} stateChanged
 * @property {() => void} unanswered an offer is not answered: the WebSocket may be dead
 * @property {(error: SwitchboardError) => void} error the transport goes on
 * @property {(error: SwitchboardError) => void} failed the transport is of no more use
 */

export {};
