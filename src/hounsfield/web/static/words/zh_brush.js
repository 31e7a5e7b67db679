// Words of the brush, of several masks and of segments in Chinese, by their English words. Knows nothing.

/** @type {Record<string, string>} */
export const BRUSH_WORDS = {
  Brush: "画笔",
  Eraser: "橡皮擦",
  "Undo stroke": "撤销笔画",
  "Redo stroke": "重做笔画",
  "Radius in pixels": "半径（像素）",
  "Radius in pixels, as a number": "半径（像素），数值",
  "Draw on a mask with the brush": "用画笔在掩膜上绘制",
  "Erase from a mask": "从掩膜上擦除",
  "Keys: 3 brush, 4 eraser, [ and ] radius, Enter puts the pen down and lifts it, arrows move it, Ctrl+Z takes back.":
    "按键：3 画笔，4 橡皮擦，[ 与 ] 半径，Enter 落笔与提笔，方向键移动，Ctrl+Z 撤销。",
  "There is no image to draw on.": "没有可供绘制的图像。",
  "On colours and whole slides no mask is drawn.": "彩色图像和全切片上不绘制掩膜。",
  "Masks are drawn on frames, and on axial, coronal and sagittal planes without a slab.":
    "掩膜绘制在帧上，以及无层厚合并的轴位、冠状位、矢状位平面上。",
  "Pixels of this plane are no voxels of the acquisition: draw on its own slices.":
    "此平面的像素不是采集的体素：请在其原始层面上绘制。",
  "The chosen mask is of another image: choose or add another one.": "所选掩膜属于另一幅图像：请另选或添加一个。",
  "There is no mask to erase.": "没有可擦除的掩膜。",
  "Threshold from region": "由区域取阈值",
  "Only within region": "仅在区域内",
  "From the 5th to the 95th percentile of the values in the area, both included":
    "区域内数值的第 5 至第 95 百分位数，含两端",
  "In a volume: within the same outline in each slice": "在体数据中：每一层面都在同一轮廓内",
  "Draw a rectangle, an ellipse or an outline on this image and choose it, to take a threshold from it.":
    "在此图像上画一个矩形、椭圆或轮廓并选中它，即可由它取阈值。",
  "A region of a volume is drawn on its own slices, not on planes.": "体数据的区域画在其原始层面上，而不是重建平面上。",
  "Segments of the study": "检查中的分割",
  Segmentation: "分割",
  "Segment {number}": "分割 {number}",
  "a segment of the study": "检查中的分割",
  "the brush alone": "仅画笔",
  "Add mask": "添加掩膜",
  Masks: "掩膜",
  "mask {number}": "掩膜 {number}",
  "Choose this mask": "选择此掩膜",
  "Show this mask": "显示此掩膜",
  "Another selection takes the place of what was drawn.": "另作选取会取代已绘制的内容。",
};
