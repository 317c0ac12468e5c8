/** As much of an RTCRtpTransceiver as receives. */
export interface FakeTransceiver {
  readonly mid: string;
  direction: string;
  currentDirection: string | null;
  readonly receiver: { readonly track: { readonly kind: string } };
  setCodecPreferences(): void;
}

/** A browser's RTCPeerConnection as far as the SDK's Transport uses it to receive; the test is its network. */
export class FakePeerConnection {
  connectionState = "new";
  signalingState = "stable";
  localDescription: { readonly sdp: string } | null = null;
  onconnectionstatechange: (() => void) | null = null;
  onicecandidate: (() => void) | null = null;
  /** Times that an ICE restart was asked for. */
  restarts = 0;
  configuration: object;
  readonly transceivers: FakeTransceiver[] = [];
  #offers = 0;

  constructor(configuration: object) {
    this.configuration = configuration;
  }

  getConfiguration(): object {
    return this.configuration;
  }

  setConfiguration(configuration: object): void {
    this.configuration = configuration;
  }

  addTransceiver(kind: string, { direction }: { readonly direction: string }): FakeTransceiver {
    const mid = String(this.transceivers.length);
    const transceiver = {
      mid,
      direction,
      currentDirection: null,
      receiver: { track: { kind } },
      setCodecPreferences() {},
    };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  restartIce(): void {
    this.restarts++;
  }

  setLocalDescription(): Promise<void> {
    this.signalingState = "have-local-offer";
    this.localDescription = { sdp: `offer ${++this.#offers}` };
    return Promise.resolve();
  }

  /** The server takes all that is offered. */
  setRemoteDescription(): Promise<void> {
    this.signalingState = "stable";
    for (const transceiver of this.transceivers) transceiver.currentDirection = transceiver.direction;
    return Promise.resolve();
  }

  close(): void {
    this.connectionState = "closed";
  }

  /** The browser tells of another state. */
  become(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

/** Has the SDK make peer connections of this kind until it is disposed of. */
export function fakePeerConnections(): { readonly made: FakePeerConnection[] } & Disposable {
  const made: FakePeerConnection[] = [];
  class RTCPeerConnection extends FakePeerConnection {
    constructor(configuration: object) {
      super(configuration);
      made.push(this);
    }
  }
  const globals = { RTCPeerConnection, RTCRtpReceiver: { getCapabilities: () => null } };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  return {
    made,
    [Symbol.dispose]() {
      for (const name of Object.keys(globals)) Reflect.deleteProperty(globalThis, name);
    },
  };
}
