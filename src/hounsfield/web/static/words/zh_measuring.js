// Chinese for measures that are hidden, taken back and made again, and for those of slides. Knows nothing.

/** @type {Record<string, string>} */
export const MEASURING_WORDS = {
  Redo: "重做",
  "Hide all": "全部隐藏",
  "Hide it": "隐藏它",
  "{n} measures are not in the report: it has no place for their images.": "{n} 项测量不在报告中：报告无法标明其图像。",
  "Ctrl, Shift and Z": "Ctrl 加 Shift 加 Z",
  "Makes a change of measures again that was taken back": "重做已撤销的测量更改",
};
