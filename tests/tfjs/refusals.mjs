// What TF.js cannot have, by fixture: the layers that the refusal must name. Everything else must convert.

const refused = [];

/** The layers of a fixture that must be refused; undefined if it must convert. */
export function refusedLayers(generation, id) {
  const found = refused.find(
    (entry) => entry.match.test(id) && (entry.generation ?? generation) === generation,
  );
  return found?.words;
}
