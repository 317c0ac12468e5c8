import { brokerTarget } from "../bus/broker_target.ts";
import type { BusOptions } from "../io/sharing.ts";
import { messageOf } from "../webrtc/error_message.ts";
import { type ReadTextFile, reasonOf } from "./certificate_files.ts";
import type { Config } from "./config_schema.ts";

export type BusSettings =
  | { readonly ok: true; readonly bus: BusOptions | undefined }
  | { readonly ok: false; readonly message: string };

/** By which broker rooms are shared, as the configuration has it; undefined where they are this server's own. */
export function busOptions(config: Config, readTextFile: ReadTextFile = Deno.readTextFileSync): BusSettings {
  const { bus: url, busPrefix: prefix, busMedia: media, busPort: port, busCa, region } = config;
  if (url === undefined) return { ok: true, bus: undefined };
  const bus: BusOptions = { url, prefix, media, port, ...(region !== undefined && { region }) };
  if (busCa === undefined) return { ok: true, bus };
  const refused = (reason: string): BusSettings => ({
    ok: false,
    message: `--bus-ca=${busCa} is of no use: ${reason}`,
  });
  let caCertificate: string;
  try {
    caCertificate = readTextFile(busCa);
  } catch (error) {
    return refused(reasonOf(error, busCa));
  }
  try {
    brokerTarget(new URL(url), { caCertificate });
  } catch (error) {
    return refused(messageOf(error));
  }
  return { ok: true, bus: { ...bus, caCertificate } };
}
