// Files that are dropped onto the page or chosen: all that folders hold. Knows the browser's file entries only.

/** @typedef {{file: File, name: string}} Named */

/** @param {DataTransfer|null} data */
export function holdsFiles(data) {
  return Boolean(data && [...data.types].includes("Files"));
}

/**
 * What was dropped. Called while the event is dispatched: entries are gone afterwards.
 * @param {DataTransfer} data
 * @returns {Promise<Named[]>}
 */
export function filesOf(data) {
  const parts = [...data.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  return Promise.all(parts.map((part) => (part instanceof File ? [{ file: part, name: part.name }] : walk(part)))).then(
    (found) => found.flat(),
  );
}

/** @param {FileList|null} files of an input, of which those of a folder know their place in it */
export function chosenFiles(files) {
  return [...(files ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

/**
 * @param {FileSystemEntry|null} entry
 * @returns {Promise<Named[]>}
 */
async function walk(entry) {
  if (!entry) return [];
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) =>
      /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject),
    );
    return [{ file, name: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    // Browsers give some entries at a time, and none at the end.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const one of some) found.push(...(await walk(one)));
  }
}
