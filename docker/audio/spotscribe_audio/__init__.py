"""What the services that take recordings share."""
