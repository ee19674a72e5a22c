"""What the tests of a panel share; the panels themselves are made by fixtures in conftest.py."""

import xml.etree.ElementTree as ET

from helpers.experiment import Settings

SMALL = Settings(cfg=(1, 8, 6, 1), lr=0.01)
LONG = 20  # seconds that nothing here takes


def settle(panel):
    """Wait until nothing is left to do and all is shown."""
    assert panel.trainer.resting.wait(LONG), "it did not come to rest"


def read_status(screen):
    """What stands beside the headline, as one reads it."""
    return "".join(ET.fromstring(screen.status.value).itertext())


def read_label(screen):
    """What a screen reader says of fit and loss."""
    return ET.fromstring(screen.picture.moving.value)[0].get("aria-label")
