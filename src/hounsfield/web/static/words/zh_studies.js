// Chinese for whose the series are, and for pixels that are missing. Knows nothing.

/** @type {Record<string, string>} */
export const STUDIES = {
  "Patient {n}": "患者 {n}",
  "Study {n}": "检查 {n}",
  "No patient name": "无患者姓名",
  "Pixels missing: see Steps": "像素缺失：见“处理步骤”",
  "and {n} more files": "另有 {n} 个文件",
};
