// A client by libwebrtc, of which nothing is the project's. Run by Deno in a folder where package.json is installed:
//   deno run -A wrtc_client.js ws://host/ws room     publishes, and plays what the others publish
//   deno run -A wrtc_client.js http://host/whip/room publishes
//   deno run -A wrtc_client.js                       ends with 0 where the library runs here and finds an address
// It publishes pictures of changing brightness and a tone, and tells what it hears and sees, as one JSON object a line:
// {"kind": "video", "width", "height", "brightness"} or {"kind": "audio", "hertz"}. It ends when its input does.
import { createRequire } from "node:module";

// What is imported the project would have to install for its own checks.
const { MediaStream, RTCPeerConnection, nonstandard } = createRequire(import.meta.url)("@roamhq/wrtc");
const { RTCAudioSink, RTCAudioSource, RTCVideoSink, RTCVideoSource } = nonstandard;

const WIDTH = 320;
const HEIGHT = 240;
const FRAME_MS = 33;
const BRIGHTNESS = [60, 128, 200];
const FRAMES_EACH = 15;
const SAMPLE_RATE = 48_000;
const AUDIO_MS = 10;
const SAMPLES = SAMPLE_RATE * AUDIO_MS / 1000;
const TONE_HERTZ = 440;
const LOUDNESS = 10_000;

const GATHERING_MS = 5_000;

const [url, roomId] = Deno.args;
const connection = new RTCPeerConnection();

function tell(event) {
  console.log(JSON.stringify(event));
}

function publish() {
  const [video, audio] = [new RTCVideoSource(), new RTCAudioSource()];
  const stream = new MediaStream();
  for (const source of [audio, video]) {
    connection.addTransceiver(source.createTrack(), { direction: "sendonly", streams: [stream] });
  }
  let frames = 0;
  setInterval(() => {
    const brightness = BRIGHTNESS[Math.floor(frames++ / FRAMES_EACH) % BRIGHTNESS.length];
    const data = new Uint8ClampedArray(WIDTH * HEIGHT * 1.5).fill(128);
    data.fill(brightness, 0, WIDTH * HEIGHT);
    video.onFrame({ width: WIDTH, height: HEIGHT, data });
  }, FRAME_MS);
  let phase = 0;
  const samples = new Int16Array(SAMPLES);
  setInterval(() => {
    for (let i = 0; i < SAMPLES; i++) {
      samples[i] = LOUDNESS * Math.sin(phase);
      phase += 2 * Math.PI * TONE_HERTZ / SAMPLE_RATE;
    }
    audio.onData({ samples, sampleRate: SAMPLE_RATE, bitsPerSample: 16, channelCount: 1, numberOfFrames: SAMPLES });
  }, AUDIO_MS);
}

function watch(track) {
  const sink = new RTCVideoSink(track);
  sink.onframe = ({ frame: { width, height, data } }) => {
    let sum = 0;
    for (let i = 0; i < width * height; i++) sum += data[i];
    tell({ kind: "video", width, height, brightness: Math.round(sum / (width * height)) });
  };
}

/** Tells the pitch of each half second, by how often the sound goes through zero. */
function listen(track) {
  const sink = new RTCAudioSink(track);
  let [crossings, seconds, last] = [0, 0, 0];
  sink.ondata = ({ samples, sampleRate, channelCount }) => {
    for (let i = 0; i < samples.length; i += channelCount) {
      if (Math.sign(samples[i]) * last < 0) crossings++;
      last = Math.sign(samples[i]) || last;
    }
    seconds += samples.length / channelCount / sampleRate;
    if (seconds < 0.5) return;
    tell({ kind: "audio", hertz: Math.round(crossings / 2 / seconds) });
    [crossings, seconds] = [0, 0];
  };
}

/** Signaling by WebSocket: offers one after the other, as the client always offers. */
function join() {
  const socket = new WebSocket(url);
  const say = (message) => socket.send(JSON.stringify(message));
  /** By transceiver: the track of another that it is to receive. */
  const wanted = new Map();
  let negotiating = Promise.resolve();
  let answered = () => {};

  async function negotiate() {
    await connection.setLocalDescription(await connection.createOffer());
    const tracks = connection.getTransceivers().flatMap((transceiver) => {
      const trackId = wanted.get(transceiver);
      // One that was added meanwhile is in the next offer.
      return trackId === undefined || transceiver.mid === null ? [] : [{ mid: transceiver.mid, trackId }];
    });
    const answer = new Promise((resolve) => answered = resolve);
    say({ type: "offer", sdp: connection.localDescription.sdp, tracks });
    await connection.setRemoteDescription({ type: "answer", sdp: await answer });
  }

  function take(track) {
    wanted.set(connection.addTransceiver(track.kind, { direction: "recvonly" }), track.id);
    negotiating = negotiating.then(negotiate);
  }

  socket.onopen = () => say({ type: "join", roomId, name: "libwebrtc" });
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    switch (message.type) {
      case "welcome":
        negotiating = negotiating.then(negotiate);
        for (const { tracks } of message.peers) tracks.forEach(take);
        break;
      case "trackPublished":
        take(message.track);
        break;
      case "answer":
        answered(message.sdp);
        break;
      case "error":
        tell({ kind: "error", ...message });
    }
  };
}

/** Resolves when all candidates are in the local description. */
async function gathered() {
  await connection.setLocalDescription(await connection.createOffer());
  while (connection.iceGatheringState !== "complete") {
    await new Promise((resolve) => connection.onicegatheringstatechange = resolve);
  }
}

async function postOffer() {
  await gathered();
  const headers = { "content-type": "application/sdp" };
  const response = await fetch(url, { method: "POST", headers, body: connection.localDescription.sdp });
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
}

connection.ontrack = ({ track }) => track.kind === "video" ? watch(track) : listen(track);
publish();
if (url === undefined) {
  setTimeout(() => Deno.exit(1), GATHERING_MS);
  await gathered();
  Deno.exit(connection.localDescription.sdp.includes("a=candidate:") ? 0 : 1);
}
if (url.startsWith("ws")) join();
else await postOffer();
for await (const _ of Deno.stdin.readable);
// The library's threads would keep the process.
Deno.exit(0);
