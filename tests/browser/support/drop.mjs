/** Files that come in by other ways than the file button, in which only a browser can make them. */

/** Drops files on what this selector finds, by itself the element. */
export function dropOnPage(site, files, selector = "tensor-ferry") {
  const drop = ({ files }, selector) => {
    const dataTransfer = new DataTransfer();
    for (const file of files) dataTransfer.items.add(file);
    for (const type of ["dragover", "drop"]) {
      const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
      document.querySelector(selector).dispatchEvent(event);
      if (!event.defaultPrevented) throw new Error(`the browser would take the ${type} itself`);
    }
  };
  return withFiles(site, files, drop, selector);
}

/** Pastes files while nothing has the focus. */
export function pasteFiles(site, files) {
  return withFiles(site, files, ({ files }) => {
    const clipboardData = new DataTransfer();
    for (const file of files) clipboardData.items.add(file);
    const event = new ClipboardEvent("paste", { bubbles: true });
    Object.defineProperty(event, "clipboardData", { value: clipboardData }); // Firefox takes none
    document.body.dispatchEvent(event);
  });
}

export function pasteText(site, text) {
  return site.page.evaluate((pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    const event = new ClipboardEvent("paste", { bubbles: true });
    Object.defineProperty(event, "clipboardData", { value: clipboardData }); // Firefox takes none
    document.body.dispatchEvent(event);
  }, text);
}

/** A drop as the browser itself makes it, of folders too; Chromium's protocol only. */
export async function dropReally(site, paths) {
  const session = await site.page.createCDPSession();
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
  }
  await session.detach();
}

async function withFiles(site, files, work, argument) {
  const input = await site.page.evaluateHandle(() => {
    const made = document.createElement("input");
    made.type = "file";
    made.multiple = true;
    document.body.append(made);
    return made;
  });
  await input.uploadFile(...files);
  await site.page.evaluate(work, input, argument);
  await input.evaluate((made) => made.remove());
}
