"""Numbers that half precision cannot hold, and the parts of the model that compute in single precision."""
