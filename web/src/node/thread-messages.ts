/**
 * How a worker thread gets at files. The module reads synchronously, and Node has no FileReaderSync;
 * reading a Blob of `openAsBlob` in another thread than its own even ends Node 20. So a worker knows
 * the names and sizes of files only, asks the main thread for ranges, and sleeps until they are there.
 */

/** In place of a File. */
export interface FileStub {
  /** Its number among those of the call. */
  file: number;
  name: string;
  size: number;
}

/** Asks for a range of a file of the call that is under way. */
export interface ReadMessage {
  read: { file: number; offset: number; length: number };
  /** One Int32 that becomes a `ReadState`. */
  state: SharedArrayBuffer;
  /** Where the bytes go, or a sentence in UTF-8 that says why not. */
  bytes: SharedArrayBuffer;
}

export const ReadState = { waiting: 0, done: 1, failed: 2 } as const;

/** Room for a sentence, however few bytes were asked for. */
export const LEAST_BYTES = 4096;
