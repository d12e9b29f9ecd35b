"""A service over HTTP: its application and server, and how it answers, streams and fails."""
