"""What all shapes of the contract have in common."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast

Entry = TypeVar("Entry")
# Judged up to the first bad entry: a complaint about each of a million would fill the memory.
Many = Annotated[list[Entry], FailFast()]


class Shape(BaseModel):
    """A shape of the contract: unknown fields are refused, absent ones are left out of the JSON.

    So are numbers that are none, or infinite: JSON has no word for them. Errors do not quote what was
    refused: logs have them, and it may be what was said.
    """

    model_config = ConfigDict(
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    def to_json(self) -> str:
        """The shape as one line of JSON."""
        return self.model_dump_json(exclude_none=True, by_alias=True)
