"""What the machine tells its services in files."""

from spotscribe_common.contract.shape import Shape


class ModelsMark(Shape):
    """Says that the machine has fetched and verified all models.

    Attributes:
        boot: the kernel's boot id.
        fetch: random id of the fetch.
    """

    boot: str
    fetch: str
