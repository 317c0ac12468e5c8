/**
 * Runs in a page of the server, in the lobby: has so many people join a room, each with a picture and with sound that may
 * be turned on. The harness reads it as `globalThis.crowd`.
 */
(() => {
  const FRAME_MS = 100;
  const rooms = [];

  /** A picture with a number, in which something moves. @param {number} index */
  function paint(index) {
    const canvas = Object.assign(document.createElement("canvas"), { width: 160, height: 90 });
    const context = canvas.getContext("2d");
    let frame = 0;
    setInterval(() => {
      context.fillStyle = `hsl(${index * 37 % 360} 50% 40%)`;
      context.fillRect(0, 0, 160, 90);
      context.fillStyle = "white";
      context.fillText(String(index), 76, 48);
      context.fillRect(frame++ * 5 % 160, 80, 20, 6);
    }, FRAME_MS);
    return canvas.captureStream(1000 / FRAME_MS).getVideoTracks()[0];
  }

  /** A tone. */
  function hum() {
    const context = new AudioContext();
    const destination = context.createMediaStreamDestination();
    const oscillator = new OscillatorNode(context, { frequency: 440 });
    oscillator.connect(destination);
    oscillator.start();
    return destination.stream.getAudioTracks()[0];
  }

  /** Each takes one slot of each kind alone: the machine is to bear it. @param {number} count */
  async function join(count) {
    const { join } = await import(new URL("switchboard.js", location.href).href);
    for (let index = 0; index < count; index++) {
      const [camera, microphone] = [paint(index), hum()];
      const tracks = [{ source: "camera", track: camera }, { source: "microphone", track: microphone }];
      const options = { roomId: "test", name: `Person ${index}`, tracks, slots: { video: 1, audio: 1 } };
      microphone.enabled = false;
      const room = await join(new URL("ws", location.href), options);
      rooms.push({ room, microphone, camera });
    }
    return rooms.map(({ room }) => room.peerId);
  }

  globalThis.crowd = {
    join,
    /** @param {number} index @param {boolean} aloud */
    speak: (index, aloud) => rooms[index].microphone.enabled = aloud,
    /** Has the camera be another track. @param {number} index */
    async republish(index) {
      const { room, camera } = rooms[index];
      await [...room.localTracks].find(({ source }) => source === "camera").unpublish();
      await room.publish(camera);
    },
    leave: () => rooms.splice(0).forEach(({ room }) => room.leave()),
  };
})();
