// The page in the output of a notebook: a frame of its own, which reaches nothing but the kernel, by way of the widget.
// Until the kernel answers, and where none does, the picture that the notebook keeps is shown. Knows the widget.

/**
 * What anywidget gives: the model, and where to show it.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, call: (...told: any[]) => void) => void} on
 * @property {(name: string, call: (...told: any[]) => void) => void} off
 * @property {(message: object) => void} send
 */

const newName = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

/** @param {{model: Model, el: HTMLElement}} given */
function render({ model, el }) {
  const frame = document.createElement("iframe");
  // Without allow-same-origin: nothing in the frame can reach the notebook.
  frame.setAttribute("sandbox", "allow-scripts allow-downloads");
  frame.allow = "clipboard-write; fullscreen";
  frame.title = "hounsfield";
  Object.assign(frame.style, { border: "0", width: "100%", height: "100%", display: "block" });
  const box = document.createElement("div");
  Object.assign(box.style, { resize: "vertical", overflow: "hidden", paddingBottom: "10px", boxSizing: "border-box" });
  box.append(frame);
  const picture = document.createElement("div");
  picture.append(...new DOMParser().parseFromString(model.get("_picture"), "text/html").body.childNodes);
  el.append(picture);

  /** Each time that the page is loaded it has another name: what was meant for the last one is not for this one. */
  let name = newName();
  /** @type {MessagePort|null} */
  let port = null;
  const size = () => {
    box.style.height = `${model.get("height")}px`;
  };

  /** @param {any} content @param {DataView[]} [buffers] */
  const told = (content, buffers = []) => {
    if (content?.view !== name) return;
    if (content.kind === "page") {
      if (frame.srcdoc) return;
      frame.srcdoc = content.html;
      picture.replaceWith(box);
      return;
    }
    const [view] = buffers;
    const bytes = view ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : null;
    port?.postMessage({ ...content, bytes }, bytes ? [bytes] : []);
  };

  frame.addEventListener("load", () => {
    if (!frame.srcdoc) return;
    if (port) {
      // It was taken away and put back: the page begins anew.
      close();
      name = newName();
    }
    const channel = new MessageChannel();
    port = channel.port1;
    const own = name;
    port.onmessage = ({ data }) => model.send({ ...data, view: own });
    frame.contentWindow?.postMessage("hounsfield", "*", [channel.port2]);
  });

  const close = () => {
    port?.close();
    model.send({ kind: "closed", view: name });
  };
  model.on("msg:custom", told);
  model.on("change:height", size);
  size();
  model.send({ kind: "page", view: name });
  return () => {
    model.off("msg:custom", told);
    model.off("change:height", size);
    close();
  };
}

export default { render };
