/**
 * @module
 * The data directory and the lock that keeps a second process out of it.
 * The lock is released by the system when its holder dies, however it dies.
 */

/** The data directory cannot be used. The message names the setting, and the holder's PID where there is one. */
export class DataDirError extends Error {
  override name = "DataDirError";
}

/** A data directory that is ours until `release()`. */
export interface HeldDirectory {
  path: string;
  release(): void;
}

/**
 * Makes the directory if need be and takes its lock.
 *
 * @throws DataDirError when it cannot be made or another process holds it
 */
export async function holdDataDir(path: string): Promise<HeldDirectory> {
  const unusable = (cause: unknown) =>
    new DataDirError(`DOORLINE_DATA_DIR: cannot use "${path}": ${(cause as Error).message}`, { cause });
  let file: Deno.FsFile;
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    file = await Deno.open(`${path}/lock`, { create: true, read: true, write: true });
  } catch (cause) {
    throw unusable(cause);
  }
  try {
    if (!await file.tryLock(true)) {
      const holder = (await Deno.readTextFile(`${path}/lock`).catch(() => "")).trim();
      throw new DataDirError(`DOORLINE_DATA_DIR: "${path}" is held by process ${holder || "unknown"}`);
    }
    await file.truncate(0);
    await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
    return { path: await Deno.realPath(path), release: () => file.close() };
  } catch (error) {
    file.close();
    throw error instanceof DataDirError ? error : unusable(error);
  }
}
