/** As much of an RTCRtpEncodingParameters as the SDK sets. */
export interface FakeEncoding {
  readonly rid?: string;
  readonly active?: boolean;
  readonly maxBitrate?: number;
  readonly scaleResolutionDownBy?: number;
}

/** A browser's RTCRtpSender as far as the SDK uses it. */
export class FakeSender {
  track: unknown;
  encodings: readonly FakeEncoding[];
  /** How often `setParameters` fails from now on, as where a description is applied meanwhile. */
  failures = 0;
  /** Of its connection. */
  isClosed = false;

  /** Throws a TypeError or a RangeError as a browser does. */
  constructor(track: unknown, encodings: readonly FakeEncoding[]) {
    checkEncodings(encodings);
    this.track = track;
    this.encodings = encodings;
  }

  setStreams(): void {}

  async replaceTrack(track: unknown): Promise<void> {
    await Promise.resolve();
    checkOpen(this.isClosed);
    this.track = track;
  }

  getParameters(): { readonly encodings: FakeEncoding[] } {
    return { encodings: structuredClone(this.encodings) as FakeEncoding[] };
  }

  async setParameters({ encodings }: { readonly encodings: readonly FakeEncoding[] }): Promise<void> {
    await Promise.resolve();
    checkOpen(this.isClosed);
    if (this.failures > 0) {
      this.failures--;
      throw new DOMException("getParameters is to be called before", "InvalidStateError");
    }
    checkEncodings(encodings);
    this.encodings = encodings;
  }
}

function checkOpen(isClosed: boolean): void {
  if (isClosed) throw new DOMException("the connection is closed", "InvalidStateError");
}

function checkEncodings(encodings: readonly FakeEncoding[]): void {
  const rids = encodings.map(({ rid }) => rid);
  if (new Set(rids).size !== rids.length) throw new TypeError("a RID is there twice");
  if (encodings.some(({ scaleResolutionDownBy = 1 }) => scaleResolutionDownBy < 1)) throw new RangeError("a scale");
}

/** As much of an RTCRtpTransceiver as the SDK uses. */
export interface FakeTransceiver {
  readonly mid: string;
  direction: string;
  currentDirection: string | null;
  readonly receiver: { readonly track: { readonly kind: string } };
  readonly sender: FakeSender;
  setCodecPreferences(): void;
}

/** A browser's RTCPeerConnection as far as the SDK's Transport uses it; the test is its network. */
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
  #isClosed = false;

  constructor(configuration: object) {
    this.configuration = configuration;
  }

  getConfiguration(): object {
    return this.configuration;
  }

  setConfiguration(configuration: object): void {
    this.configuration = configuration;
  }

  /** Sends the track that is given, or receives the kind. */
  addTransceiver(
    trackOrKind: string | { readonly kind: string },
    { direction, sendEncodings = [{}] }: {
      readonly direction: string;
      readonly sendEncodings?: readonly FakeEncoding[];
    },
  ): FakeTransceiver {
    checkOpen(this.#isClosed);
    const track = typeof trackOrKind === "string" ? null : trackOrKind;
    const kind = typeof trackOrKind === "string" ? trackOrKind : trackOrKind.kind;
    const mid = String(this.transceivers.length);
    const transceiver = {
      mid,
      direction,
      currentDirection: null,
      receiver: { track: { kind } },
      sender: new FakeSender(track, sendEncodings),
      setCodecPreferences() {},
    };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  restartIce(): void {
    this.restarts++;
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    checkOpen(this.#isClosed);
    this.signalingState = "have-local-offer";
    this.localDescription = { sdp: `offer ${++this.#offers}` };
  }

  /** The server takes all that is offered, but of m-lines that the answer names. */
  async setRemoteDescription({ sdp = "" }: { readonly sdp?: string } = {}): Promise<void> {
    await Promise.resolve();
    checkOpen(this.#isClosed);
    this.signalingState = "stable";
    const refused = sdp.split(" ");
    for (const transceiver of this.transceivers) {
      transceiver.currentDirection = refused.includes(transceiver.mid) ? "inactive" : transceiver.direction;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.connectionState = "closed";
    for (const { sender } of this.transceivers) sender.isClosed = true;
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
