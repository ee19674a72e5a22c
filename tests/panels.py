"""What the tests of a panel share; the panels themselves are made by fixtures in conftest.py."""

from helpers.experiment import Settings

SMALL = Settings(cfg=(1, 8, 6, 1), lr=0.01)
LONG = 20  # seconds that nothing here takes


def settle(panel):
    """Wait until nothing is left to do and all is shown."""
    assert panel.trainer.resting.wait(LONG), "it did not come to rest"
