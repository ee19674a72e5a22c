"""Reads the lines and dots of a picture back into numbers."""

import re

import numpy as np

SVG = "{http://www.w3.org/2000/svg}"


def read_points(element):
    """Read the points of each piece of a line or of dots, in tenths of a pixel."""
    pieces = []
    for piece in element.get("d").split("M")[1:]:
        start, _, steps = piece.partition("l" if "l" in piece else "h")
        place = np.array(read_numbers(start))
        moves = np.array(read_numbers(steps) if "l" in piece else []).reshape(-1, 2)
        pieces.append(place + np.vstack([[0, 0], moves.cumsum(axis=0)]))
    return pieces


def read_numbers(text):
    """Read numbers that a space or a minus parts."""
    return [float(number) for number in re.findall(r"-?\d+", text)]
