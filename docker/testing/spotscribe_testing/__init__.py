"""Support for the tests of all model services. Never part of an image."""
