import { splitArguments } from "../server/arguments.ts";

/** What the doctor is told beside the server's settings. */
export interface DoctorArguments {
  /** The server that runs; undefined for the one that the settings describe. */
  readonly url?: URL;
  /** To join with. */
  readonly token?: string;
  /** To join; undefined for one of its own. */
  readonly room?: string;
  /** Whether the findings are to be JSON. */
  readonly isJson: boolean;
  /** Whether the server is on another machine, so that nothing is to be said of this one. */
  readonly isRemote: boolean;
}

export type DoctorArgumentsResult =
  /** `rest` is the server's. */
  | { readonly ok: true; readonly own: DoctorArguments; readonly rest: readonly string[] }
  /** A line for each thing that is wrong. */
  | { readonly ok: false; readonly message: string };

const SWITCHES = ["--json", "--remote"];
/** The flags, and what help says of them. */
export const DOCTOR_FLAGS: Readonly<Record<string, string>> = {
  "--url":
    "where the server is, as in https://sfu.example.org; left out: at the address of the settings, on this machine",
  "--token": "a token (JWT) to join with; left out: one by AUTH_SECRET, where it is given",
  "--room": "the room to join; left out: that of the token, or one of its own",
  "--remote": "the server is on another machine: nothing is said of this one",
  "--json": "print the findings as JSON",
};

/** Takes the doctor's own flags out of a command line. */
export function splitDoctorArguments(args: readonly string[]): DoctorArgumentsResult {
  const isOwn = (arg: string) => Object.hasOwn(DOCTOR_FLAGS, arg.split("=", 1)[0]);
  const own: string[] = [];
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (!isOwn(arg)) {
      rest.push(arg);
      continue;
    }
    own.push(arg);
    const takesNext = !arg.includes("=") && !SWITCHES.includes(arg) && args[index + 1]?.startsWith("-") === false;
    if (takesNext) own.push(args[++index]);
  }
  const { values, problems } = splitArguments(own, Object.keys(DOCTOR_FLAGS), {
    secrets: ["--token"],
    switches: SWITCHES,
  });
  const url = values.get("--url");
  const parsed = url === undefined ? undefined : originOf(url);
  const wrongUrl = url !== undefined && parsed === undefined
    ? [`--url=${url} is not allowed: expected a URL that begins with http:// or https://`]
    : [];
  const wrongSwitches = SWITCHES.filter((flag) => !["yes", "no", undefined].includes(values.get(flag)))
    .map((flag) => `${flag}=${values.get(flag)} is not allowed: expected yes or no`);
  const wrong = [...problems, ...wrongUrl, ...wrongSwitches];
  if (wrong.length > 0) return { ok: false, message: wrong.join("\n") };
  const [token, room] = [values.get("--token"), values.get("--room")];
  return {
    ok: true,
    rest,
    own: {
      isJson: values.get("--json") === "yes",
      isRemote: values.get("--remote") === "yes",
      ...(parsed !== undefined && { url: parsed }),
      ...(token !== undefined && { token }),
      ...(room !== undefined && { room }),
    },
  };
}

function originOf(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) ? new URL(url.origin) : undefined;
}
