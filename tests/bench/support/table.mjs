/** One figure, its limit, and whether it is within. */
export function row(what, figure, limit, fine) {
  console.log(
    `${what.padEnd(44)} ${figure.padStart(22)}   limit ${limit.padEnd(18)} ${fine ? "ok" : "OVER"}`,
  );
}
