"""The public parameter that names the machine image of GPU machines."""

from ministack.services import ssm

_GPU_IMAGE = "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id"


def install() -> None:
    """Makes the parameter readable, pointing at an image that no machine ever starts from."""
    ssm._PUBLIC_AMI_PARAMETERS[_GPU_IMAGE] = "ami-00000000000000000"
