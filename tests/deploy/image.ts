import { execForm, parseDockerfile, type Stage, valuesOf, variables } from "./dockerfile.ts";
import { inNamespaces, quote } from "./shell.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What is built and run in place of Docker, which no test can count on; base images are out of reach as well. */
export interface Image {
  /** The folder that is the container's root. */
  readonly root: string;
  readonly user: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly entryPoint: readonly string[];
  readonly healthCheck: readonly string[];
}

export function readStages(): { readonly deno: Stage; readonly build: Stage; readonly run: Stage } {
  const [deno, build, run, ...others] = parseDockerfile(Deno.readTextFileSync(`${ROOT}Dockerfile`));
  if (run === undefined || others.length > 0) throw new Error("the Dockerfile has three stages");
  return { deno, build, run };
}

/**
 * Does what the Dockerfile says, in `folder`, as root on Debian. Three things are replaced: its Debian is this machine
 * (what the build changes goes to an overlay), its Deno is the one that runs the test, and apt-get installs nothing.
 */
export async function buildImage(folder: string): Promise<Image> {
  const { build, run } = readStages();
  for (const name of ["upper", "work", "merged"]) await Deno.mkdir(`${folder}/${name}`);
  const merged = `${folder}/merged`;
  const layers = `lowerdir=/,upperdir=${folder}/upper,workdir=${folder}/work`;
  const steps = [
    `mount -t overlay overlay -o ${layers} ${merged}`,
    `mount -t proc proc ${merged}/proc`,
    `mount --rbind /dev ${merged}/dev`,
    // Nothing of this machine's own may pass for what the build makes.
    `rm -rf ${merged}/image ${merged}/usr/local/bin/deno`,
    `install -m 755 /dev/stdin ${merged}/usr/local/sbin/apt-get <<'END'\n#!/bin/sh\nexit 0\nEND`,
    ...stepsOf(build, merged),
  ];
  await inNamespaces(["--mount", "--pid", "--fork"], steps.join("\n"));
  const user = valuesOf(run, "USER")[0];
  const healthCheck = valuesOf(run, "HEALTHCHECK")[0].replace(/^.*?\bCMD\s+/, "");
  return {
    root: `${folder}/upper/image`,
    user,
    folder: valuesOf(run, "WORKDIR")[0],
    environment: variables(valuesOf(run, "ENV")),
    entryPoint: execForm(valuesOf(run, "ENTRYPOINT")[0]),
    healthCheck: execForm(healthCheck),
  };
}

/** The shell commands of a stage whose root is `merged`. */
function stepsOf({ instructions }: Stage, merged: string): string[] {
  let folder = "/";
  return instructions.flatMap(({ keyword, value }) => {
    if (keyword === "WORKDIR") {
      folder = value;
      return [`mkdir -p ${merged}${folder}`];
    }
    if (keyword === "RUN") return [`chroot ${merged} /bin/sh -euc ${quote(`cd ${folder}\n${value}`)}`];
    if (keyword !== "COPY") throw new Error(`the build has ${keyword}`);
    const words = value.split(/\s+/);
    if (words[0] === "--from=deno") return [`install -m 755 ${quote(Deno.execPath())} ${merged}${words[2]}`];
    const target = `${merged}${new URL(words.at(-1) ?? "", `file://${folder.replace(/\/?$/, "/")}`).pathname}`;
    const sources = words.slice(0, -1).map((path) => `${ROOT}${path}`);
    return sources.map((source) => copy(source, target));
  });
}

/** COPY puts the contents of a folder into the target, and makes the folders on the way. .dockerignore leaves tests out. */
function copy(source: string, target: string): string {
  const isFolder = Deno.statSync(source).isDirectory;
  if (isFolder) return `mkdir -p ${target}\ncp -R ${source}/. ${target}/\nfind ${target} -name '*_test.ts' -delete`;
  return target.endsWith("/") ? `install -m 644 -D -t ${target} ${source}` : `install -m 644 -D ${source} ${target}`;
}

/**
 * The program that runs `command` in a container of the image as Docker does with --read-only, --cap-drop=ALL and
 * --security-opt=no-new-privileges: as process 1, under the image's user, on a root that nobody can write to.
 */
export function containerCommand(
  image: Image,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
) {
  const { root, folder, user } = image;
  const [uid, gid] = user.split(":");
  const pairs = Object.entries({ ...image.environment, ...environment }).map(([name, value]) =>
    quote(`${name}=${value}`)
  );
  const program = `/usr/bin/setpriv --no-new-privs /usr/bin/unshare --root=${root} --wd=${folder} -G ${gid} -S ${uid}`;
  const steps = [
    `mkdir -p ${root}/proc ${root}/dev`,
    `mount --bind ${root} ${root}`,
    `mount -t proc proc ${root}/proc`,
    `mount --rbind /dev ${root}/dev`,
    `mount -o remount,bind,ro ${root}`,
    `exec /usr/bin/env -i ${pairs.join(" ")} ${program} ${command.map(quote).join(" ")}`,
  ];
  return { flags: ["--mount", "--pid", "--fork"], script: steps.join("\n") };
}
