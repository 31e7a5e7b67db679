"""The script that everybody copies, written out: what `mask` and `apply_mask` must agree with, pixel for pixel."""

from __future__ import annotations

import cv2
import numpy as np


def script_mask(values: np.ndarray, threshold: float = 90) -> np.ndarray:
    _, binary = cv2.threshold(values.astype(np.float64), threshold, 255, cv2.THRESH_BINARY)
    contours, _ = cv2.findContours(binary.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(values.shape, np.uint8)
    for contour in contours:
        cv2.fillPoly(filled, [contour], 255)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2, 2))
    return cv2.morphologyEx(filled, cv2.MORPH_OPEN, kernel) > 0


def script_result(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    result = values.astype(np.float64)
    result[~mask] = -2000
    return result
