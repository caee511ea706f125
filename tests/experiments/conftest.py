"""Small runs, shared with the tests of training."""

from tests.training.conftest import small as small
