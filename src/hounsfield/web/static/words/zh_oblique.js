// Chinese for planes of any direction, and for links by hand. Knows nothing.

/** @type {Record<string, string>} */
export const OBLIQUE = {
  Planes: "切面",
  "Planes of": "切面方向",
  "the patient's axes": "患者坐标轴",
  "the acquisition's axes": "采集坐标轴",
  "acquisition's axes": "采集坐标轴",
  "oblique ({plane})": "斜位（{plane}）",
  middle: "中心",
  "coarse while turned": "旋转时为低分辨率",
  rectified: "已校正倾斜",
  "Rectify the sheared volume first (Steps say how)": "先校正倾斜的体数据（处理步骤中有说明）",
  "Lines in axial": "横断面中的线",
  "Lines in coronal": "冠状面中的线",
  "Lines in sagittal": "矢状面中的线",
  Straighten: "恢复正位",
  "Degrees clockwise; or drag a line away from its middle, or hold Shift with the arrow keys":
    "顺时针角度；也可拖动线的远端，或按住 Shift 加方向键",
  "The volume was acquired along the patient's axes.": "该体数据沿患者坐标轴采集。",
  "Planes back to straight": "切面恢复正位",
  "Drag a line of the crosshair": "拖动十字线的线",
  "Turns the other planes about the crosshair": "其他切面绕十字线旋转",
  "Shift and arrow keys": "Shift + 方向键",
  "Turn the other planes by 1 or 10 degrees; of phases ← and → turn, ↑ and ↓ change the phase":
    "其他切面旋转 1 度或 10 度；有时相时 ← → 旋转，↑ ↓ 切换时相",
  "It has no planes: one pane shows it.": "没有可重建的切面：用一个窗格显示。",
  "Link panes here by hand": "在此处手动联动窗格",
  "linked by hand: {offset} (no registration)": "手动联动：{offset}（非配准）",
  "{n} slices apart": "{n} 层",
};
