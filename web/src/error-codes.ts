/** All codes of errors: of the module (src/io/error.h), then of the package itself. */
export const ERROR_CODES = [
  "file-empty",
  "file-truncated",
  "not-a-model",
  "wrong-format",
  "no-model",
  "several-models",
  "read-failed",
  "hdf5",
  "dataset-unsupported",
  "config-not-json",
  "config-invalid",
  "weight-missing",
  "weight-shape",
  "weight-dtype",
  "weight-order",
  "graph-cycle",
  "architecture-missing",
  "layer-unsupported",
  "option-invalid",
  "write-failed",
  "internal",
  "module-unavailable",
  "worker-failed",
  "closed",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];
