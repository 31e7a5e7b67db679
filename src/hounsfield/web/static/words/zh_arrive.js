// Chinese for what comes in and goes out: opening files, saving. Knows nothing.

/** @type {Record<string, string>} */
export const ARRIVE = {
  "Open files or a folder": "打开文件或文件夹",
  "Files or archives…": "文件或压缩包…",
  "A folder…": "文件夹…",
  "Or drop them anywhere on the page. They stay on the machine that runs hu view.":
    "也可以拖放到页面任意位置。文件只留在运行 hu view 的计算机上。",
  "Looking into folders…": "正在查看文件夹…",
  "There are no files in it.": "其中没有文件。",
  "Sending {done} of {n} files": "已发送 {done} / {n} 个文件",
  "A file could not be sent.": "有文件未能发送。",
  "There is no image to show. Drop files, folders or archives here, or open them.":
    "没有可显示的图像。请将文件、文件夹或压缩包拖放到此处，或点击“打开”。",
  "Drop files, folders or archives onto the page, or open them with the button above.":
    "请将文件、文件夹或压缩包拖放到页面上，或用上方的按钮打开。",
  Save: "保存",
  "There is no image to save.": "没有可保存的图像。",
  "Whole frame as PNG": "整帧另存为 PNG",
  "What is seen as PNG": "当前所见另存为 PNG",
  "with orientation letters and scale": "带方位字母和比例尺",
  "Figure with caption as PNG (grey, not turned)": "带说明文字的图存为 PNG（灰度，不旋转）",
  "Stack as GIF": "整个序列存为 GIF",
  "Stack as MP4": "整个序列存为 MP4",
  "{done} of {n} frames": "已完成 {done} / {n} 帧",
  "The file does not say whether text is burned into the pixels: look before you pass it on.":
    "文件没有说明图像中是否有烧录文字：转交前请先查看。",
  "No name, date or number of the patient is written over what is saved.": "保存的内容上不写患者的姓名、日期或编号。",
  "No film: a slide is shown by its tiles, it has no frames one after another.":
    "不能存为动画：切片以图块显示，没有前后相接的帧。",
  "No film or figure of what a presentation state shows; the whole frame can be saved.":
    "按显示状态显示的内容不能存为动画或带说明文字的图；可以保存整帧。",
  "No film: there is one frame only.": "不能存为动画：只有一帧。",
  "Films and figures are without what is drawn over the image.": "动画和带说明文字的图不含叠加在图像上的内容。",
  "This phase has not the VOI LUT that is shown: choose a window.": "此时相没有当前使用的 VOI LUT：请选择一个窗口。",
  Progress: "进度",
  Stop: "停止",
};
