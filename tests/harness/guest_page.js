/**
 * The script of a page of another origin that embeds the SDK. It offers the harness a room, tracks that need no device, and
 * a journal of the room's events as `globalThis.guest`.
 */
const server = new URL(location.search.slice(1));
const { join, SwitchboardError } = await import(new URL("switchboard.js", server).href);

const EVENTS = [
  "peerJoined",
  "peerLeft",
  "trackAdded",
  "trackRemoved",
  "slotted",
  "stateChanged",
  "speakers",
  "message",
  "moved",
  "error",
  "closed",
];
const FRAME_MS = 33;
/** Statistics of a track of which nothing has arrived. */
const NOTHING = {
  framesDecoded: 0,
  freezeCount: 0,
  frameWidth: 0,
  totalAudioEnergy: 0,
  totalSamplesDuration: 0,
  totalSamplesReceived: 0,
  concealedSamples: 0,
  packetsReceived: 0,
  packetsDiscarded: 0,
};

/** What the room has told, as JSON can carry it. @type {object[]} */
const events = [];
/** The SDK's LocalTrack of each source. */
const published = new Map();
/** What ends the making of a track, which takes time as long as it goes on. @type {Map<MediaStreamTrack, () => void>} */
const ends = new Map();

/** A picture in which something moves. @param {{ width: number, height: number }} size */
function paint({ width, height }) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const [track] = canvas.captureStream(1000 / FRAME_MS).getVideoTracks();
  let frame = 0;
  const timer = setInterval(() => {
    context.fillStyle = `hsl(${frame++ % 360} 60% 50%)`;
    context.fillRect(0, 0, width, height);
    context.fillStyle = "white";
    context.fillRect(frame % width, 0, 20, height);
  }, FRAME_MS);
  ends.set(track, () => clearInterval(timer));
  return track;
}

/** How loud the tone of each source is. @type {Map<string, GainNode>} */
const gains = new Map();

/** A tone of 440 Hz. @param {string} source */
function hum(source) {
  const context = new AudioContext();
  const destination = context.createMediaStreamDestination();
  const oscillator = new OscillatorNode(context, { frequency: 440 });
  const gain = new GainNode(context);
  gains.set(source, gain);
  oscillator.connect(gain).connect(destination);
  oscillator.start();
  const [track] = destination.stream.getAudioTracks();
  ends.set(track, () => context.close());
  return track;
}

/**
 * @param {string} source
 * @param {{ width: number, height: number }} [size] of a picture
 */
function make(source, size = { width: 320, height: 180 }) {
  return source === "camera" || source === "screen" ? paint(size) : hum(source);
}

/** Plays what arrives: sound that nobody plays is not decoded. @param {MediaStreamTrack} track */
function play(track) {
  const element = document.createElement(track.kind);
  element.muted = track.kind === "video";
  element.autoplay = true;
  element.srcObject = new MediaStream([track]);
  document.body.append(element);
}

/** @param {string} name @param {object} detail */
function note(name, { peer, info, track, stream: _stream, ...rest }) {
  const told = info && { trackId: info.id, source: info.source, kind: track.kind };
  const event = { name, ...(peer && { peerId: peer.id }), ...told, ...rest };
  events.push(event);
  // Where a test waits in vain it shows what the page says.
  document.body.append(JSON.stringify(event), "\n");
  if (name === "trackAdded") play(track);
}

/** The peer connection of the room, which the probe has seen made. */
const connection = () => probe.connections.at(-1);

globalThis.guest = {
  events,
  room: undefined,

  /**
   * Joins and notes all events. `sources` are published with the first offer.
   * @param {{ sources?: string[] }} options and those of the SDK
   */
  async join({ sources = [], ...options } = {}, url = server) {
    const tracks = sources.map((source) => ({ source, track: make(source) }));
    guest.room = await join(url, { roomId: "test", tracks, ...options });
    for (const name of EVENTS) guest.room.on(name, (detail) => note(name, detail));
    for (const local of guest.room.localTracks) published.set(local.source, local);
    return guest.room.peerId;
  },

  /** `options` are those of the SDK. */
  async publish(source, size, options) {
    published.set(source, await guest.room.publish(make(source, size), { source, ...options }));
  },

  /** Changes how loud a tone is, 0 to 1. Returns when, in ms since 1970. @param {string} source @param {number} volume */
  setVolume(source, volume) {
    gains.get(source).gain.value = volume;
    return Date.now();
  },

  /** Resolves, to the time, once a peer is the dominant speaker. @param {string} peerId */
  dominant: (peerId) =>
    new Promise((resolve) => {
      const look = () => guest.room.dominantSpeaker === peerId && resolve(Date.now());
      guest.room.on("speakers", look);
      look();
    }),

  async unpublish(source) {
    const { track } = published.get(source);
    await published.get(source).unpublish();
    ends.get(track)?.();
  },

  replace: (source, size) => published.get(source).replace(make(source, size)),
  published: (source) => published.get(source),

  /** How a promise was rejected, or undefined. @param {Promise<unknown>} promise */
  async failure(promise) {
    try {
      await promise;
    } catch (error) {
      return { name: error.name, code: error.code, own: error instanceof SwitchboardError };
    }
  },

  /** Receive statistics of the tracks in the room, with `trackId` and `source` of each. */
  async inbound() {
    const infos = [...guest.room.peers.values()].flatMap(({ tracks }) => [...tracks.values()]);
    const streams = [...(await guest.room.getStats()).values()].filter(({ type }) => type === "inbound-rtp");
    return infos.map(({ id, source, track }) => {
      const stream = streams.find(({ trackIdentifier }) => trackIdentifier === track?.id);
      return { ...NOTHING, ...stream, trackId: id, source };
    });
  },

  /** What arrives in slots, by the MediaStreamTrack, which is a slot's own for good. */
  shown: () =>
    [...guest.room.peers.values()].flatMap(({ id, tracks }) =>
      [...tracks.values()].flatMap(({ kind, track }) =>
        track === null ? [] : { peerId: id, kind, mediaTrack: track.id }
      )
    ),

  /** How many m-lines the connection has, in the last offer and as transceivers. */
  lines: () => ({
    offered: connection().localDescription.sdp.match(/^m=/gm).length,
    transceivers: connection().getTransceivers().length,
  }),

  remoteUfrag: () => /^a=ice-ufrag:(\S+)/m.exec(connection().remoteDescription.sdp)[1],
  iceUfrag: () => /^a=ice-ufrag:(\S+)/m.exec(connection().localDescription.sdp)[1],
};
