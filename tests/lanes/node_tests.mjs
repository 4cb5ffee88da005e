/**
 * Runs tests as `node --test` does, that many files at a time; by itself it would leave a core free,
 * which of two is half of them: node_tests.mjs NUMBER FILE…
 */

import { run } from "node:test";
import { tap } from "node:test/reporters";

const [number, ...files] = process.argv.slice(2);
run({ files, concurrency: Number(number) })
  .compose(tap)
  .pipe(process.stdout);
