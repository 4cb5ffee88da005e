/**
 * The lock (wall 10 of docs/design.md): a second policy, which only takes away. From now on the
 * page, and workers made after this, can send no request; it can't be undone.
 */

const POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'wasm-unsafe-eval'",
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "font-src data:",
  "worker-src blob:",
  "form-action 'none'",
  "base-uri 'none'",
].join("; ");

let isLocked = false;

export function lockPage(): void {
  if (isLocked) return;
  isLocked = true;
  const meta = document.createElement("meta");
  meta.httpEquiv = "Content-Security-Policy";
  meta.content = POLICY;
  document.head.append(meta);
}
