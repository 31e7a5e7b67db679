// Words of phases in Chinese. Knows nothing.

/** @type {Record<string, string>} */
export const PHASES = {
  Phase: "时相",
  "Play or stop phases": "播放或停止各时相",
  "Previous phase": "上一时相",
  "Next phase": "下一时相",
  "Play or stop the phases at one slice": "在同一层播放或停止各时相",
  "Shift and wheel": "Shift 加滚轮",
  "Phases, echoes, b-values of one slice": "同一层的时相、回波或 b 值",
  "{word} {n} of {count}": "{word} {n} / {count}",
  "{n}/s ({origin})": "{n}/s（{origin}）",
  "{n}/s, for display only": "{n}/s，仅用于显示",
  "{n} × {word}": "{n} 个{word}",
  phase: "时相",
  "time point": "时间点",
  echo: "回波",
  "b-value": "b 值",
  direction: "方向",
  "inversion time": "反转时间",
  "flip angle": "翻转角",
  "repetition time": "重复时间",
  acquisition: "采集",
};
