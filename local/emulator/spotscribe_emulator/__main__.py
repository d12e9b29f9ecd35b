"""Starts ministack with Spotscribe's additions. Its settings are ministack's environment variables."""

from ministack.app import main

from spotscribe_emulator import autoscaling, buckets, images, task_definitions

autoscaling.install()
buckets.install()
images.install()
task_definitions.install()
main()
