"""Speaks the sentences of a plan: at once for a request, or step by step for a job."""
