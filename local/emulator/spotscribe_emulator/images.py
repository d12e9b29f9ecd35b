"""The public parameter with the machine image of GPU machines."""

from ministack.services import ssm

_GPU_IMAGE = "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id"


def install() -> None:
    """Adds the parameter with an image id that is never started."""
    ssm._PUBLIC_AMI_PARAMETERS[_GPU_IMAGE] = "ami-00000000000000000"
