"""The fixtures that pycrm offers to the tests of everybody, for its own tests and those of its plugins."""

pytest_plugins = ["pycrm.testing.fixtures"]
