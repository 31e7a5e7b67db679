// What the page as a whole knows, and who wants to hear of changes. Knows nothing of drawing or of the server.

/** @typedef {import("../types.js").Item} Item */
/** @typedef {import("../types.js").Report} Report */
/** @typedef {import("../types.js").Point} Point */
/** @typedef {"window"|"pan"|"zoom"|"scroll"|"cross"|"region"|"brush"|"eraser"|import("../numbers/shape_kinds.js").ShapeKind} Tool */
/** @typedef {"1"|"2"|"4"|"planes"} Layout */

/**
 * @typedef {object} State
 * @property {import("./item_map.js").ItemMap} items in the order of the server
 * @property {"starting"|"open"|"lost"|"denied"} connection
 * @property {string} name of what is looked at
 * @property {boolean} reading
 * @property {number} found
 * @property {number} done
 * @property {Report|null} report
 * @property {string|null} error nothing can be read, and why
 * @property {boolean} noPhi the server never sends what identifies
 * @property {boolean} hidden the patient is hidden
 * @property {Layout} layout
 * @property {number} active number of the pane that keys and panels speak of
 * @property {Tool} tool of the left button and of one finger
 * @property {boolean} crosshair
 * @property {boolean} linked panes of one frame of reference scroll together
 * @property {boolean} smooth
 * @property {boolean} texts texts over the image
 * @property {"display"|"measures"|"mask"|"header"|"steps"|null} side
 * @property {boolean} list the series list is open
 * @property {"en"|"zh"} language
 * @property {"dark"|"light"} theme
 */

/** @param {State} initial */
export function createStore(initial) {
  let state = initial;
  /** @type {{keys: (keyof State)[], call: (state: State) => void}[]} */
  const listeners = [];
  return {
    get: () => state,
    /** @param {Partial<State>} patch */
    set(patch) {
      const changed = Object.keys(patch).filter((key) => {
        const name = /** @type {keyof State} */ (key);
        return state[name] !== patch[name];
      });
      if (!changed.length) return;
      state = { ...state, ...patch };
      for (const listener of listeners) {
        if (listener.keys.some((key) => changed.includes(key))) listener.call(state);
      }
    },
    /**
     * Call a function now and whenever one of the keys changes.
     * @param {(keyof State)[]} keys
     * @param {(state: State) => void} call
     */
    watch(keys, call) {
      listeners.push({ keys, call });
      call(state);
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */
