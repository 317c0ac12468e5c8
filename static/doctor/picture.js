// @ts-check

const SIZE = { width: 160, height: 90 };
const FRAME_MS = 100;

/**
 * A picture that moves, so that there is something to send without a camera.
 * @returns {{ track: MediaStreamTrack, stop: () => void }}
 */
export function openPicture() {
  const canvas = Object.assign(document.createElement("canvas"), SIZE);
  const context = canvas.getContext("2d");
  let frame = 0;
  const paint = () => {
    if (context === null) return;
    context.fillStyle = `hsl(${(frame++ * 7) % 360} 60% 50%)`;
    context.fillRect(0, 0, SIZE.width, SIZE.height);
  };
  paint();
  const timer = setInterval(paint, FRAME_MS);
  const [track] = canvas.captureStream(1000 / FRAME_MS).getVideoTracks();
  return {
    track,
    stop() {
      clearInterval(timer);
      track.stop();
    },
  };
}
