"""Starts ministack with Spotscribe's additions. Its settings are ministack's environment variables."""

from ministack.app import main

from spotscribe_emulator import (
    autoscaling,
    buckets,
    exports,
    image_builds,
    images,
    load_balancers,
    objects,
    payloads,
    security_groups,
    task_definitions,
    zones,
)

autoscaling.install()
buckets.install()
exports.install()
image_builds.install()
images.install()
load_balancers.install()
objects.install()
payloads.install()
security_groups.install()
task_definitions.install()
zones.install()
main()
