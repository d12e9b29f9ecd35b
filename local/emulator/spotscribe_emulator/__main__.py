"""Starts ministack with Spotscribe's additions. Its settings are ministack's environment variables."""

from ministack.app import main

from spotscribe_emulator import (
    autoscaling,
    buckets,
    image_builds,
    images,
    load_balancers,
    objects,
    payloads,
    security_groups,
    task_definitions,
)

autoscaling.install()
buckets.install()
image_builds.install()
images.install()
load_balancers.install()
objects.install()
payloads.install()
security_groups.install()
task_definitions.install()
main()
