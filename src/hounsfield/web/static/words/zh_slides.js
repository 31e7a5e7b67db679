// Words of whole slides in Chinese. Knows nothing.

/** @type {Record<string, string>} */
export const SLIDES_CHINESE = {
  "Overview: a click goes there, Enter shows all": "全片概览：点击前往该处，按 Enter 显示全片",
  "no tile": "此处无图块",
  "optical path": "光路",
  "focal plane": "焦平面",
  level: "层级",
  "whole slide": "全切片",
  computed: "由程序计算",
  "Whole slide: wheel": "全切片：滚轮",
  "Zoom about the cursor": "以光标为中心缩放",
  "Whole slide: arrow keys": "全切片：方向键",
  "Pan, with Shift by a whole pane": "平移；按住 Shift 平移一屏",
  "Whole slide: Page Up, Page Down": "全切片：Page Up、Page Down",
  "Optical paths and focal planes": "切换光路与焦平面",
};
