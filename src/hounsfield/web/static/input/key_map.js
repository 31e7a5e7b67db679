// Keys of the viewport and what they do. Knows names of actions only.

/** @typedef {"previous"|"next"|"back10"|"forward10"|"first"|"last"|"cine"|"invert"|"turn"|"flipHorizontal"|"flipVertical"|"fit"|"actual"|"life"|"reset"|"smooth"|"zoomIn"|"zoomOut"|"narrower"|"wider"|"darker"|"brighter"|"toolWindow"|"toolPan"|"toolZoom"|"toolScroll"|"toolCross"|"toolRegion"|"toolDistance"|"toolBidirectional"|"toolAngle"|"toolCobb"|"toolRectangle"|"toolEllipse"|"toolPolygon"|"toolFreehand"|"toolProfile"|"toolPoint"|"toolBrush"|"toolEraser"|"windowSeen"|"crosshair"|"straight"|"linkHere"|"help"|"nextPane"|"previousPhase"|"nextPhase"|"cinePhases"} Action */

/** @type {[Action, string, string[]][]} action, words, keys as `KeyboardEvent.key` has them */
export const KEYS = [
  ["previous", "Previous frame", ["ArrowUp", "ArrowLeft"]],
  ["next", "Next frame", ["ArrowDown", "ArrowRight"]],
  ["back10", "Ten frames back", ["PageUp"]],
  ["forward10", "Ten frames on", ["PageDown"]],
  ["first", "First frame", ["Home"]],
  ["last", "Last frame", ["End"]],
  ["cine", "Play or stop", [" "]],
  ["previousPhase", "Previous phase", ["Shift+ArrowUp", "Shift+ArrowLeft"]],
  ["nextPhase", "Next phase", ["Shift+ArrowDown", "Shift+ArrowRight"]],
  ["cinePhases", "Play or stop the phases at one slice", ["Shift+ "]],
  ["toolWindow", "Left drag: window", ["w"]],
  ["toolPan", "Left drag: pan", ["p"]],
  ["toolZoom", "Left drag: zoom", ["z"]],
  ["toolScroll", "Left drag: scroll", ["l"]],
  ["toolCross", "Left drag: crosshair", ["c"]],
  ["toolRegion", "Left drag: window from a region", ["e"]],
  ["toolDistance", "Measure a distance", ["d"]],
  ["toolBidirectional", "Measure two axes (bidirectional)", ["b"]],
  ["toolAngle", "Measure an angle", ["a"]],
  ["toolCobb", "Measure a Cobb angle", ["g"]],
  ["toolRectangle", "Measure in a rectangle", ["q"]],
  ["toolEllipse", "Measure in an ellipse", ["t"]],
  ["toolPolygon", "Measure in a polygon", ["y"]],
  ["toolFreehand", "Measure in a freehand outline", ["u"]],
  ["toolProfile", "Measure along a line (profile)", ["j"]],
  ["toolPoint", "Measure at a point", ["m"]],
  ["toolBrush", "Draw on a mask with the brush", ["3"]],
  ["toolEraser", "Erase from a mask", ["4"]],
  ["windowSeen", "Window from what is seen", ["Enter"]],
  ["crosshair", "Show or hide crosshair", ["x"]],
  ["straight", "Planes back to straight", ["o"]],
  ["linkHere", "Link panes here by hand", ["k"]],
  ["narrower", "Narrower window", ["["]],
  ["wider", "Wider window", ["]"]],
  ["darker", "Darker", [","]],
  ["brighter", "Brighter", ["."]],
  ["invert", "Invert", ["i"]],
  ["zoomIn", "Zoom in", ["+", "="]],
  ["zoomOut", "Zoom out", ["-"]],
  ["fit", "Fit to the pane", ["f"]],
  ["actual", "One image pixel to one screen pixel", ["1"]],
  ["life", "Life size, as the browser knows the screen", ["2"]],
  ["turn", "Turn a quarter", ["r"]],
  ["flipHorizontal", "Exchange left and right", ["h"]],
  ["flipVertical", "Exchange top and bottom", ["v"]],
  ["smooth", "Smooth or nearest pixels", ["s"]],
  ["reset", "Reset window and view", ["0"]],
  ["help", "All keys", ["?"]],
];

/** @type {Map<string, Action>} */
const ACTIONS = new Map(KEYS.flatMap(([action, , keys]) => keys.map((key) => /** @type {const} */ ([key, action]))));

/**
 * The action of a key, or null; keys held with Ctrl, Alt or the system's key belong to the browser.
 * @param {{key: string, shiftKey?: boolean, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean}} event
 * @returns {Action|null}
 */
export function actionOf(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return (event.shiftKey && ACTIONS.get(`Shift+${key}`)) || (ACTIONS.get(key) ?? null);
}

/**
 * The name of a key for people.
 * @param {string} key
 */
export function keyName(key) {
  /** @type {Record<string, string>} */
  const names = { " ": "Space", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };
  const plain = key.replace("Shift+", "");
  return key.slice(0, -plain.length) + (names[plain] ?? plain);
}
